// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline_queue.hpp"
#include "mixer/conference_media.hpp"
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
    void open(focus::ConferenceId id, mixer::LegId leg, MediaSocket rtp, MediaSocket rtcp);
    void configure(focus::ConferenceId id, mixer::LegId leg, focus::LegAccess access,
                   mixer::LegSettings settings);
    void close(focus::ConferenceId id, mixer::LegId leg);

private:
    struct Leg {
        MediaSocket rtp, rtcp;
        focus::LegAccess access;
        mixer::LegSettings settings;         ///< As agreed; what ICE and DTLS find is added on top.
        std::optional<SocketAddress> chosen; ///< By ICE.
        SocketAddress handshaking_with;
        std::optional<rtp::DtlsHandshake::Keys> keys; ///< By DTLS.
    };
    struct Conference {
        mixer::ConferenceMedia media;
        std::map<mixer::LegId, Leg> legs;
        unsigned ticks = 0;
    };
    static constexpr unsigned rtcp_every_ticks = 5;

    Conference* find(focus::ConferenceId id);
    void arm();
    void tick(TimePoint now);
    void receive(Conference& conference, TimePoint now, Duration wall_offset);
    void handle_stun(Conference& conference, mixer::LegId id, Leg& leg, MediaSocket& socket,
                     ByteView datagram, const SocketAddress& from);
    void handle_dtls(mixer::LegId id, Leg& leg, ByteView datagram, const SocketAddress& from);
    void handle_handshake(focus::ConferenceId id, mixer::LegId leg, Handshakes::Event event);
    void begin_handshake(focus::ConferenceId id, mixer::LegId leg_id, const Leg& leg);
    static void apply(Conference& conference, mixer::LegId id, const Leg& leg);
    void carry_out(Conference& conference);

    MediaPlane::Options options_;
    MediaPlane::Events events_;
    Handshakes& handshakes_;
    Log& log_;
    boost::asio::io_context io_{1};
    boost::asio::steady_timer timer_;
    std::map<focus::ConferenceId, Conference> conferences_;
    DeadlineQueue<focus::ConferenceId> deadlines_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::thread thread_; ///< Last: it uses all of the above.
};

} // namespace lyceum::net
