// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline_queue.hpp"
#include "mixer/conference_media.hpp"
#include "mixer/shared_port.hpp"
#include "server/net/media_plane.hpp"
#include "server/net/media_socket.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>
#include <thread>

namespace lyceum::net {

/// One thread with its conferences: their sockets, their ticks, and what arrives beside RTP on a
/// media port (STUN and DTLS). Everything but `post` runs on it alone.
class MediaThread {
public:
    MediaThread(MediaPlane::Options options, MediaPlane::Events events, Handshakes& handshakes,
                Log& log);
    ~MediaThread();

    template <class Command>
    void post(Command command) {
        boost::asio::post(io_, std::move(command));
    }

    void begin(focus::ConferenceId id, focus::ConferenceSound sound, std::uint64_t seed);
    void end(focus::ConferenceId id);
    void open_port(focus::ConferenceId id, const SocketAddress& local, mixer::SharedPort::Use use,
                   MediaSocket rtp, MediaSocket rtcp);
    void open(focus::ConferenceId id, mixer::LegId leg, const SocketAddress& port);
    void configure(focus::ConferenceId id, mixer::LegId leg, focus::LegAccess access,
                   mixer::LegSettings settings);
    void close(focus::ConferenceId id, mixer::LegId leg);

private:
    struct Port {
        MediaSocket rtp, rtcp;
        mixer::SharedPort legs;
    };
    struct Leg {
        SocketAddress at;
        Port* port;
        focus::LegAccess access;
        mixer::LegSettings settings;         ///< As agreed; what ICE and DTLS find is added on top.
        std::optional<SocketAddress> chosen; ///< By ICE.
        SocketAddress handshaking_with;
        std::optional<rtp::DtlsHandshake::Keys> keys; ///< By DTLS.
    };
    struct Conference {
        mixer::ConferenceMedia media;
        std::map<SocketAddress, Port> ports;
        std::map<mixer::LegId, Leg> legs;
        unsigned ticks = 0;
    };
    static constexpr unsigned rtcp_every_ticks = 5;
    /// What one port is read for in one tick: a flood beyond it is thrown away by the kernel.
    static constexpr std::size_t reads_per_tick_max = 16;

    Conference* find(focus::ConferenceId id);
    void arm();
    void tick(TimePoint now);
    struct Arrival {
        ByteView datagram;
        const SocketAddress& from;
        TimePoint at;
    };
    void receive(Conference& conference, TimePoint now, Duration wall_offset);
    void handle_arrival(Conference& conference, Port& port, bool on_rtp_port,
                        const Arrival& arrival);
    void handle_stun(Conference& conference, Port& port, bool on_rtp_port, const Arrival& arrival);
    void handle_dtls(mixer::LegId id, Leg& leg, const Arrival& arrival);
    void handle_handshake(focus::ConferenceId id, mixer::LegId leg, Handshakes::Event event);
    void begin_handshake(focus::ConferenceId id, mixer::LegId leg_id, const Leg& leg);
    void log_record(mixer::LegId leg, const mixer::ConferenceMedia::LegRecord& record);
    static void apply(Conference& conference, mixer::LegId id, const Leg& leg);
    void carry_out(Conference& conference);

    MediaPlane::Options options_;
    MediaPlane::Events events_;
    Handshakes& handshakes_;
    Log& log_;
    boost::asio::io_context io_{1};
    boost::asio::steady_timer timer_;
    std::map<focus::ConferenceId, Conference> conferences_;
    MediaSocket::SendBatch batch_;
    DeadlineQueue<focus::ConferenceId> deadlines_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::thread thread_; ///< Last: it uses all of the above.
};

} // namespace lyceum::net
