// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mixer/media_leg.hpp"
#include "rtp/dtls.hpp"

#include <functional>
#include <memory>
#include <variant>

namespace lyceum::net {

/// DTLS handshakes of legs, on a thread of their own: half a millisecond of public-key arithmetic
/// each would make the mixer's ticks late. May be called from any thread.
class Handshakes {
public:
    struct Failed {
        std::string_view why;
    };
    /// A datagram to send, the keys, or the end. Called on the thread of the handshakes; post it
    /// where it belongs.
    using Event = std::variant<Bytes, rtp::DtlsHandshake::Keys, Failed>;
    using Tell = std::function<void(Event)>;

    static constexpr std::size_t running_max = 10'000; ///< Beyond, a handshake fails at once.

    Handshakes();
    ~Handshakes();

    [[nodiscard]] std::string fingerprint() const;

    /// Begins one; another of the same leg is given up.
    void begin(mixer::LegId leg, rtp::DtlsPeer peer, Tell tell);
    void handle_datagram(mixer::LegId leg, Bytes datagram);
    void end(mixer::LegId leg);
    /// Nothing is told any more once this has returned.
    void stop();

private:
    class Worker;
    std::unique_ptr<Worker> worker_;
};

} // namespace lyceum::net
