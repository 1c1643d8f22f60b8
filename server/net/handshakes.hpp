// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/strong_id.hpp"
#include "rtp/dtls.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <variant>

namespace lyceum::net {

using HandshakeId = StrongId<struct HandshakeTag>;

/// DTLS handshakes of media ports, on a thread of their own: half a millisecond of public-key
/// arithmetic each would make the mixer's ticks late. May be called from any thread.
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

    [[nodiscard]] HandshakeId begin(rtp::DtlsPeer peer, Tell tell);
    void handle_datagram(HandshakeId handshake, Bytes datagram);
    void end(HandshakeId handshake); ///< Without effect if it is over, or none.
    /// Nothing is told any more once this has returned.
    void stop();

private:
    class Worker;
    std::unique_ptr<Worker> worker_;
    std::atomic<std::uint64_t> last_ = 0;
};

} // namespace lyceum::net
