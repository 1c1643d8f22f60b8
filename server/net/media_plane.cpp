// SPDX-License-Identifier: Apache-2.0
#include "server/net/media_plane.hpp"

#include "mixer/conference_media.hpp"
#include "server/net/clock.hpp"
#include "server/net/media_socket.hpp"
#include "server/net/sip_transport.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <pthread.h>

#include <algorithm>
#include <map>
#include <thread>

namespace lyceum::net {

/// One thread with its conferences. Everything below `post` runs on it alone.
class MediaThread {
public:
    MediaThread(MediaPlane::Options options, MediaPlane::Events events, Log& log)
        : options_(options), events_(std::move(events)), log_(log), timer_(io_),
          work_(boost::asio::make_work_guard(io_)), thread_([this] {
              pthread_setname_np(pthread_self(), "media");
              io_.run();
          }) {}

    ~MediaThread() {
        boost::asio::post(io_, [this] {
            work_.reset();
            timer_.cancel();
            conferences_.clear();
            deadlines_ = {};
        });
        thread_.join();
    }

    template <class Command>
    void post(Command command) {
        boost::asio::post(io_, std::move(command));
    }

    void begin(focus::ConferenceId id, bool echo, std::uint64_t seed) {
        const auto now = monotonic_now();
        mixer::ConferenceMedia::Options options;
        options.echo = echo;
        options.rtp_timeout = options_.rtp_timeout;
        options.wall_at_zero = wall_now() - now.time_since_epoch();
        const auto& placed =
            conferences_.emplace(id, Conference{{options, seed, now}, {}}).first->second;
        deadlines_.set(id, placed.media.deadline());
        arm();
    }

    void end(focus::ConferenceId id) {
        deadlines_.remove(id);
        conferences_.erase(id);
    }

    void open(focus::ConferenceId id, mixer::LegId leg, MediaSocket rtp, MediaSocket rtcp) {
        if (auto* conference = find(id))
            conference->sockets.insert_or_assign(leg, Sockets{std::move(rtp), std::move(rtcp)});
    }

    void configure(focus::ConferenceId id, mixer::LegId leg, mixer::LegSettings settings) {
        auto* conference = find(id);
        if (!conference || !conference->sockets.contains(leg)) return;
        if (conference->media.leg(leg)) conference->media.update_leg(leg, std::move(settings));
        else conference->media.add_leg(leg, std::move(settings), monotonic_now());
    }

    void close(focus::ConferenceId id, mixer::LegId leg) {
        auto* conference = find(id);
        if (!conference) return;
        if (const auto counters = conference->media.remove_leg(leg, monotonic_now()))
            log_.info("leg.media.closed", {{"leg", leg.value},
                                           {"received", counters->packets_received},
                                           {"sent", counters->packets_sent},
                                           {"foreign", counters->foreign},
                                           {"malformed", counters->malformed}});
        carry_out(*conference);
        conference->sockets.erase(leg);
    }

private:
    struct Sockets {
        MediaSocket rtp, rtcp;
    };
    struct Conference {
        mixer::ConferenceMedia media;
        std::map<mixer::LegId, Sockets> sockets;
        unsigned ticks = 0;
    };
    static constexpr unsigned rtcp_every_ticks = 5;

    Conference* find(focus::ConferenceId id) {
        const auto found = conferences_.find(id);
        return found == conferences_.end() ? nullptr : &found->second;
    }

    /// The timer is set to the time when a tick was due, not to so long after the last, so it
    /// cannot drift; what is late is made up for at once.
    void arm() {
        const auto next = deadlines_.deadline();
        if (!next) return;
        timer_.expires_at(steady(*next));
        timer_.async_wait([this](boost::system::error_code error) {
            if (error) return; // Armed anew, or shutting down.
            tick(monotonic_now());
            arm();
        });
    }

    void tick(TimePoint now) {
        const auto wall_offset = wall_now().time_since_epoch() - now.time_since_epoch();
        while (const auto id = deadlines_.expired(now)) {
            auto& conference = conferences_.at(*id);
            receive(conference, now, wall_offset);
            conference.media.handle_timeout(now);
            carry_out(conference);
            deadlines_.set(*id, conference.media.deadline());
        }
    }

    static void receive(Conference& conference, TimePoint now, Duration wall_offset) {
        const bool rtcp_turn = ++conference.ticks % rtcp_every_ticks == 0;
        for (auto& [leg, sockets] : conference.sockets) {
            const auto take = [&, id = leg](ByteView datagram, const SocketAddress& from,
                                            TimePoint arrived) {
                conference.media.handle_datagram(id, datagram, from, arrived);
            };
            // A flood on one leg is left in its socket and thrown away there by the kernel.
            sockets.rtp.receive(wall_offset, now, take);
            if (rtcp_turn) sockets.rtcp.receive(wall_offset, now, take);
        }
    }

    void carry_out(Conference& conference) {
        while (auto output = conference.media.poll()) {
            if (const auto* rtp = std::get_if<mixer::ConferenceMedia::SendRtp>(&*output)) {
                const auto sockets = conference.sockets.find(rtp->leg);
                if (sockets != conference.sockets.end())
                    sockets->second.rtp.send(rtp->to, rtp->header, rtp->payload);
            } else if (const auto* rtcp = std::get_if<mixer::ConferenceMedia::SendRtcp>(&*output)) {
                const auto sockets = conference.sockets.find(rtcp->leg);
                if (sockets == conference.sockets.end()) continue;
                auto& socket = rtcp->on_rtp_port ? sockets->second.rtp : sockets->second.rtcp;
                socket.send(rtcp->to, rtcp->packet, {});
            } else if (const auto* digit = std::get_if<mixer::ConferenceMedia::Digit>(&*output)) {
                events_.digit(digit->leg, digit->digit);
            } else if (const auto* lost = std::get_if<mixer::ConferenceMedia::LegLost>(&*output)) {
                events_.leg_lost(lost->leg);
            }
        }
    }

    MediaPlane::Options options_;
    MediaPlane::Events events_;
    Log& log_;
    boost::asio::io_context io_{1};
    boost::asio::steady_timer timer_;
    std::map<focus::ConferenceId, Conference> conferences_;
    DeadlineQueue<focus::ConferenceId> deadlines_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::thread thread_; ///< Last: it uses all of the above.
};

MediaPlane::MediaPlane(Options options, const Events& events, Entropy& entropy, Log& log)
    : options_(options), entropy_(entropy),
      next_port_(static_cast<std::uint16_t>(options.port_min + options.port_min % 2)),
      load_(std::max<std::size_t>(options.threads, 1)) {
    for (std::size_t i = 0; i < load_.size(); ++i)
        threads_.push_back(std::make_unique<MediaThread>(options_, events, log));
}

MediaPlane::~MediaPlane() = default;

void MediaPlane::begin(focus::ConferenceId id, bool echo) {
    const auto least = std::min_element(load_.begin(), load_.end());
    conferences_[id] = {static_cast<std::size_t>(least - load_.begin()), 0};
    auto& thread = thread_of(id);
    thread.post([&thread, id, echo, seed = entropy_.u64()] { thread.begin(id, echo, seed); });
}

void MediaPlane::end(focus::ConferenceId id) {
    auto& thread = thread_of(id);
    thread.post([&thread, id] { thread.end(id); });
    conferences_.erase(id);
}

std::optional<SocketAddress> MediaPlane::open(focus::ConferenceId id, mixer::LegId leg,
                                              const IpAddress& peer) {
    const auto ip = options_.bind.is_unspecified() ? source_toward(peer) : options_.bind;
    const auto pairs = (options_.port_max - options_.port_min) / 2u;
    for (unsigned tries = 0; tries < pairs; ++tries) {
        const auto port = next_port_;
        next_port_ = static_cast<std::uint16_t>(next_port_ + 2);
        if (next_port_ >= options_.port_max || next_port_ < options_.port_min)
            next_port_ = static_cast<std::uint16_t>(options_.port_min + options_.port_min % 2);
        // RTP on an even port, RTCP on the next (RFC 3550 §11).
        auto rtp = MediaSocket::bind({ip, port});
        if (!rtp) continue;
        auto rtcp = MediaSocket::bind({ip, static_cast<std::uint16_t>(port + 1)});
        if (!rtcp) continue;
        auto& thread = thread_of(id);
        thread.post([&thread, id, leg, a = std::move(*rtp), b = std::move(*rtcp)]() mutable {
            thread.open(id, leg, std::move(a), std::move(b));
        });
        auto& placed = conferences_.at(id);
        ++placed.legs;
        ++load_[placed.thread];
        return SocketAddress{ip, port};
    }
    return std::nullopt;
}

void MediaPlane::configure(focus::ConferenceId id, mixer::LegId leg, mixer::LegSettings settings) {
    auto& thread = thread_of(id);
    thread.post([&thread, id, leg, settings = std::move(settings)]() mutable {
        thread.configure(id, leg, std::move(settings));
    });
}

void MediaPlane::close(focus::ConferenceId id, mixer::LegId leg) {
    auto& thread = thread_of(id);
    thread.post([&thread, id, leg] { thread.close(id, leg); });
    auto& placed = conferences_.at(id);
    if (placed.legs == 0) return;
    --placed.legs;
    --load_[placed.thread];
}

MediaThread& MediaPlane::thread_of(focus::ConferenceId id) {
    return *threads_[conferences_.at(id).thread];
}

} // namespace lyceum::net
