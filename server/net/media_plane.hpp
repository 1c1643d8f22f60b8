// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/log.hpp"
#include "base/random.hpp"
#include "mixer/conference_media.hpp"
#include "mixer/shared_port.hpp"
#include "server/focus/media_gateway.hpp"
#include "server/net/handshakes.hpp"
#include "server/net/media_ports.hpp"
#include "server/net/placement.hpp"
#include "server/net/relay_thread.hpp"

#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

namespace lyceum::net {

class MediaThread;

/// The media threads, that of the relays, and their ports. Each conference is pinned to one thread,
/// and moves to another when the threads have become too uneven (Placement); commands travel as
/// values to its thread, events travel back through `Events`, which is called on the media threads
/// and must only post.
///
/// Legs of one conference whose packets can be told apart share a port: one system call reads or
/// sends for many of them, and a process has descriptors for more legs than it has ports for. Any
/// other leg has a port of its own.
class MediaPlane final : public focus::MediaGateway {
public:
    struct Options {
        MediaPorts::Options ports;
        std::size_t threads = 1;
        Duration rtp_timeout = 30s;
    };
    struct Events {
        std::function<void(mixer::LegId, char)> digit;
        std::function<void(mixer::LegId)> leg_lost;
        /// How it was heard: of late, and all the time.
        std::function<void(mixer::LegId, const rtp::StreamReport& last, const rtp::Quality&)>
            leg_closed;
        /// Who is heard in one conference, how loud in dBov.
        std::function<void(const std::vector<std::pair<mixer::LegId, int>>&)> levels;
        /// How everybody in one conference is heard, every few seconds.
        std::function<void(mixer::ConferenceMedia::Reports)> reports;
        RelayThread::Lost relay_lost;
    };

    /// So many packets a tick fit into a socket's buffer of the usual 208 KiB, four ticks of them.
    static constexpr std::size_t legs_per_port_max = 64;

    MediaPlane(Options options, const Events& events, Entropy& entropy, Log& log);
    ~MediaPlane() override;

    /// Of the certificate that DTLS shows, for SDP.
    [[nodiscard]] std::string dtls_fingerprint() const { return handshakes_.fingerprint(); }

    /// For calls that are no conferences; they take their ports from the same range.
    [[nodiscard]] b2bua::MediaRelays& relays() { return relays_; }

    void begin(focus::ConferenceId conference, focus::ConferenceSound sound) override;
    void end(focus::ConferenceId conference) override;
    std::optional<SocketAddress> open(focus::ConferenceId conference, mixer::LegId leg,
                                      const focus::MediaSource& source) override;
    void configure(focus::ConferenceId conference, mixer::LegId leg, focus::LegAccess access,
                   mixer::LegSettings settings) override;
    void tell(focus::ConferenceId conference, focus::MediaCommand command) override;
    void absorb(focus::ConferenceId conference, focus::ConferenceId other) override;
    void close(focus::ConferenceId conference, mixer::LegId leg) override;

private:
    struct Port {
        SocketAddress local;
        mixer::SharedPort::Use use;
        std::map<mixer::LegId, std::optional<SocketAddress>> legs; ///< And what they announced.

        [[nodiscard]] bool has_room_for(const focus::MediaSource& source) const;
    };

    std::optional<SocketAddress> open_port(focus::ConferenceId conference, const IpAddress& peer,
                                           mixer::SharedPort::Use use);
    MediaThread& thread_of(focus::ConferenceId conference);
    void even_out();

    Options options_;
    Entropy& entropy_;
    MediaPorts free_ports_;
    std::unordered_map<focus::ConferenceId, std::vector<Port>> ports_;
    Placement placement_;
    Handshakes handshakes_;
    RelayThread relays_;
    std::vector<std::unique_ptr<MediaThread>> threads_;
};

} // namespace lyceum::net
