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

#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <vector>

namespace lyceum::net {

/// One thread with its conferences: their sockets, their ticks, and what arrives beside RTP on a
/// media port (STUN and DTLS). Everything but `post` runs on it alone.
///
/// A conference with more ports than one thread should send for has the others send for the rest of
/// them: what goes out by such a port travels to its thread as one parcel a tick.
class MediaThread {
public:
    /// Ports of a conference that its own thread sends for: a thousand legs. Those beyond are dealt
    /// out among all threads.
    static constexpr std::size_t ports_at_home_max = 16;

    MediaThread(MediaPlane::Options options, MediaPlane::Events events, Handshakes& handshakes,
                Log& log);
    ~MediaThread();

    /// Who may be asked to send. They outlive this thread's last tick.
    void set_others(std::vector<MediaThread*> others);
    /// Returns once nothing runs on it any more.
    void stop();

    template <class Command>
    void post(Command command) {
        boost::asio::post(io_, std::move(command));
    }

    /// What a conference is told; one that is on its way here hears it when it has come.
    template <class Command>
    void tell(focus::ConferenceId id, Command command) {
        post([this, id, command = std::move(command)]() mutable { obey(id, std::move(command)); });
    }

    /// A conference comes from another thread, which has been told to let it `depart`.
    void expect(focus::ConferenceId id) { arriving_[id]; }
    void depart(focus::ConferenceId id, MediaThread& to);

    void begin(focus::ConferenceId id, focus::ConferenceSound sound, std::uint64_t seed);
    void end(focus::ConferenceId id);
    void open_port(focus::ConferenceId id, const SocketAddress& local, mixer::SharedPort::Use use,
                   std::shared_ptr<MediaSocket> rtp, std::shared_ptr<MediaSocket> rtcp);
    void open(focus::ConferenceId id, mixer::LegId leg, const SocketAddress& port);
    void configure(focus::ConferenceId id, mixer::LegId leg, focus::LegAccess access,
                   mixer::LegSettings settings);
    void carry_out(focus::ConferenceId id, focus::MediaCommand command);
    /// As soon as `other` has come; what `id` is told meanwhile waits for it.
    void absorb_when_here(focus::ConferenceId id, focus::ConferenceId other);
    void close(focus::ConferenceId id, mixer::LegId leg);

private:
    struct Parcel { ///< Datagrams of one port, and their payloads one behind the other.
        struct Item {
            SocketAddress to;
            rtp::HeaderBytes header;
            std::size_t payload_at, payload_bytes;
        };
        std::shared_ptr<MediaSocket> by;
        std::vector<Item> items;
        Bytes payloads;
        const std::uint8_t* last_payload = nullptr; ///< Where the last one was copied from.

        void add(const mixer::ConferenceMedia::SendRtp& packet);
    };
    struct Port {
        std::shared_ptr<MediaSocket> rtp; ///< Shared with who sends for it.
        std::shared_ptr<MediaSocket> rtcp;
        mixer::SharedPort legs;
        MediaThread* sender = nullptr; ///< None: this thread itself.
        Parcel parcel;                 ///< Of this tick, for the sender.
    };
    struct Leg {
        SocketAddress at;
        Port* port;
        focus::LegAccess access;
        mixer::LegSettings settings;         ///< As agreed; what ICE and DTLS find is added on top.
        std::optional<SocketAddress> chosen; ///< By ICE.
        SocketAddress handshaking_with;
        HandshakeId handshake;
        std::optional<rtp::DtlsHandshake::Keys> keys; ///< By DTLS.
        /// \name Also before there is sound
        ///@{
        mixer::Place place;
        mixer::Part part;
        std::vector<mixer::Sound> sounds;
        ///@}
    };
    struct Conference {
        mixer::ConferenceMedia media;
        std::map<SocketAddress, Port> ports;
        std::map<mixer::LegId, Leg> legs;
        unsigned ticks = 0;
        std::vector<MediaThread*> been_on;    ///< Threads that it has departed from.
        std::vector<focus::ConferenceId> was; ///< Those that have become part of it.
    };
    using Conferences = std::map<focus::ConferenceId, Conference>;
    static constexpr unsigned rtcp_every_ticks = 5;
    /// What one port is read for in one tick: a flood beyond it is thrown away by the kernel.
    static constexpr std::size_t reads_per_tick_max = 16;

    Conference* find(focus::ConferenceId id);
    void arrive(Conferences::node_type conference);
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
    void handle_dtls(Leg& leg, const Arrival& arrival);
    void handle_handshake(focus::ConferenceId id, mixer::LegId leg, Handshakes::Event event);
    void begin_handshake(focus::ConferenceId id, mixer::LegId leg_id, Leg& leg);
    void log_record(mixer::LegId leg, const mixer::ConferenceMedia::LegRecord& record);
    static void apply(Conference& conference, mixer::LegId id, Leg& leg);
    void obey(focus::ConferenceId id, std::function<void()> command);
    void come_to_rest(focus::ConferenceId id);
    void absorb(focus::ConferenceId id, focus::ConferenceId other);
    void carry_out(Conference& conference);
    void send_parcel(const Parcel& parcel);

    MediaPlane::Options options_;
    MediaPlane::Events events_;
    std::vector<MediaThread*> others_;
    Handshakes& handshakes_;
    Log& log_;
    boost::asio::io_context io_{1};
    boost::asio::steady_timer timer_;
    Conferences conferences_;
    /// What those that are on their way here have been told.
    std::map<focus::ConferenceId, std::vector<std::function<void()>>> arriving_;
    /// Where those that were here are: their handshakes still tell this thread.
    std::map<focus::ConferenceId, MediaThread*> departed_;
    /// Of what those have become part that are none any more: the same.
    std::map<focus::ConferenceId, focus::ConferenceId> absorbed_;
    MediaSocket::SendBatch batch_;
    DeadlineQueue<focus::ConferenceId> deadlines_;
    bool stopping_ = false; ///< What comes now is for nobody.
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::thread thread_; ///< Last: it uses all of the above.
};

} // namespace lyceum::net
