// SPDX-License-Identifier: Apache-2.0
#include "server/net/media_thread.hpp"

#include "rtp/ice_lite.hpp"
#include "server/net/clock.hpp"

#include <pthread.h>

#include <algorithm>

namespace lyceum::net {

MediaThread::MediaThread(MediaPlane::Options options, MediaPlane::Events events,
                         Handshakes& handshakes, Log& log)
    : options_(options), events_(std::move(events)), handshakes_(handshakes), log_(log),
      timer_(io_), work_(boost::asio::make_work_guard(io_)), thread_([this] {
          pthread_setname_np(pthread_self(), "media");
          io_.run();
      }) {}

MediaThread::~MediaThread() {
    boost::asio::post(io_, [this] {
        work_.reset();
        timer_.cancel();
        conferences_.clear();
        deadlines_ = {};
    });
    thread_.join();
}

// ── Commands ─────────────────────────────────────────────────────────────────────────────────────

void MediaThread::begin(focus::ConferenceId id, focus::ConferenceSound sound, std::uint64_t seed) {
    const auto now = monotonic_now();
    mixer::ConferenceMedia::Options options;
    options.echo = sound.echo;
    options.speakers_max = sound.speakers_max;
    options.rtp_timeout = options_.rtp_timeout;
    options.wall_at_zero = wall_now() - now.time_since_epoch();
    const auto& placed =
        conferences_.emplace(id, Conference{{options, seed, now}, {}}).first->second;
    deadlines_.set(id, placed.media.deadline());
    arm();
}

void MediaThread::end(focus::ConferenceId id) {
    deadlines_.remove(id);
    conferences_.erase(id);
}

void MediaThread::open(focus::ConferenceId id, mixer::LegId leg, MediaSocket rtp,
                       MediaSocket rtcp) {
    auto* conference = find(id);
    if (!conference) return;
    auto& opened = conference->legs[leg];
    opened.rtp = std::move(rtp);
    opened.rtcp = std::move(rtcp);
}

void MediaThread::configure(focus::ConferenceId id, mixer::LegId leg_id, focus::LegAccess access,
                            mixer::LegSettings settings) {
    auto* conference = find(id);
    if (!conference) return;
    const auto found = conference->legs.find(leg_id);
    if (found == conference->legs.end()) return;
    auto& leg = found->second;
    // Other credentials are an ICE restart: the peer chooses anew, the old path lasts until then.
    leg.settings = std::move(settings);
    const bool keyed_anew = access.dtls != leg.access.dtls;
    leg.access = std::move(access);
    if (keyed_anew) {
        leg.keys.reset();
        leg.handshaking_with = leg.settings.remote_rtp;
        if (leg.access.dtls) begin_handshake(id, leg_id, leg);
    }
    apply(*conference, leg_id, leg);
}

void MediaThread::close(focus::ConferenceId id, mixer::LegId leg) {
    auto* conference = find(id);
    if (!conference) return;
    handshakes_.end(leg);
    if (const auto counters = conference->media.remove_leg(leg, monotonic_now()))
        log_.info("leg.media.closed", {{"leg", leg.value},
                                       {"received", counters->packets_received},
                                       {"sent", counters->packets_sent},
                                       {"foreign", counters->foreign},
                                       {"malformed", counters->malformed},
                                       {"unauthentic", counters->unauthentic},
                                       {"replayed", counters->replayed}});
    carry_out(*conference);
    conference->legs.erase(leg);
}

/// What was agreed, with what was found out since, becomes what the mixer works by. A leg that
/// waits for its keys is unknown to the mixer: nothing of it is heard and nothing is sent in clear.
void MediaThread::apply(Conference& conference, mixer::LegId id, const Leg& leg) {
    auto settings = leg.settings;
    if (leg.access.dtls) {
        if (!leg.keys) return;
        settings.send_key = leg.keys->send;
        settings.receive_key = leg.keys->receive;
    }
    if (leg.access.ice && leg.chosen) {
        settings.remote_rtp = *leg.chosen;
        if (settings.rtcp_mux) settings.remote_rtcp = *leg.chosen;
        settings.trusted_sources.push_back(leg.chosen->ip);
    }
    settings.send = settings.send && !settings.remote_rtp.ip.is_unspecified();
    if (conference.media.leg(id)) conference.media.update_leg(id, std::move(settings));
    else conference.media.add_leg(id, std::move(settings), monotonic_now());
}

// ── Time ─────────────────────────────────────────────────────────────────────────────────────────

MediaThread::Conference* MediaThread::find(focus::ConferenceId id) {
    const auto found = conferences_.find(id);
    return found == conferences_.end() ? nullptr : &found->second;
}

/// The timer is set to the time when a tick was due, not to so long after the last, so it cannot
/// drift; what is late is made up for at once.
void MediaThread::arm() {
    const auto next = deadlines_.deadline();
    if (!next) return;
    timer_.expires_at(steady(*next));
    timer_.async_wait([this](boost::system::error_code error) {
        if (error) return; // Armed anew, or shutting down.
        tick(monotonic_now());
        arm();
    });
}

void MediaThread::tick(TimePoint now) {
    const auto wall_offset = wall_now().time_since_epoch() - now.time_since_epoch();
    while (const auto id = deadlines_.expired(now)) {
        auto& conference = conferences_.at(*id);
        receive(conference, now, wall_offset);
        conference.media.handle_timeout(now);
        carry_out(conference);
        deadlines_.set(*id, conference.media.deadline());
    }
}

// ── Datagrams ────────────────────────────────────────────────────────────────────────────────────

void MediaThread::receive(Conference& conference, TimePoint now, Duration wall_offset) {
    const bool rtcp_turn = ++conference.ticks % rtcp_every_ticks == 0;
    for (auto& [id, leg] : conference.legs) {
        const auto read = [&, leg_id = id, &of = leg](MediaSocket& socket) {
            socket.receive(wall_offset, now,
                           [&](ByteView datagram, const SocketAddress& from, TimePoint arrived) {
                               if (rtp::is_stun(datagram))
                                   handle_stun(conference, leg_id, of, socket, datagram, from);
                               else if (rtp::is_dtls(datagram))
                                   handle_dtls(leg_id, of, datagram, from);
                               else
                                   conference.media.handle_datagram(leg_id, datagram, from,
                                                                    arrived);
                           });
        };
        // A flood on one leg is left in its socket and thrown away there by the kernel.
        read(leg.rtp);
        if (rtcp_turn) read(leg.rtcp);
    }
}

void MediaThread::handle_stun(Conference& conference, mixer::LegId id, Leg& leg,
                              MediaSocket& socket, ByteView datagram, const SocketAddress& from) {
    if (!leg.access.ice) return;
    const auto& ice = *leg.access.ice;
    const auto reply = rtp::IceLite(ice.local, ice.remote).handle_datagram(datagram, from);
    if (!reply) return;
    socket.send(from, reply->datagram, {});
    if (&socket == &leg.rtcp) return; // The second component follows the first.
    // The first path that works is used until the peer nominates one.
    if (!reply->authentic || (leg.chosen && !reply->nominated) || leg.chosen == from) return;
    leg.chosen = from;
    apply(conference, id, leg);
}

void MediaThread::handle_dtls(mixer::LegId id, Leg& leg, ByteView datagram,
                              const SocketAddress& from) {
    if (!leg.access.dtls) return;
    const auto& trusted = leg.settings.trusted_sources;
    const bool known =
        leg.access.ice ? leg.chosen == from
                       : from.ip == leg.settings.remote_rtp.ip ||
                             std::find(trusted.begin(), trusted.end(), from.ip) != trusted.end();
    if (!known) return;
    leg.handshaking_with = from;
    handshakes_.handle_datagram(id, Bytes(datagram.begin(), datagram.end()));
}

void MediaThread::begin_handshake(focus::ConferenceId id, mixer::LegId leg_id, const Leg& leg) {
    handshakes_.begin(leg_id, *leg.access.dtls, [this, id, leg_id](Handshakes::Event event) {
        post([this, id, leg_id, event = std::move(event)]() mutable {
            handle_handshake(id, leg_id, std::move(event));
        });
    });
}

void MediaThread::handle_handshake(focus::ConferenceId id, mixer::LegId leg_id,
                                   Handshakes::Event event) {
    auto* conference = find(id);
    if (!conference) return;
    const auto found = conference->legs.find(leg_id);
    if (found == conference->legs.end()) return;
    auto& leg = found->second;
    if (const auto* datagram = std::get_if<Bytes>(&event)) {
        leg.rtp.send(leg.chosen.value_or(leg.handshaking_with), *datagram, {});
    } else if (auto* keys = std::get_if<rtp::DtlsHandshake::Keys>(&event)) {
        leg.keys = std::move(*keys);
        log_.info("leg.dtls.done",
                  {{"leg", leg_id.value}, {"suite", rtp::name_of(leg.keys->send.suite)}});
        apply(*conference, leg_id, leg);
    } else if (const auto* failed = std::get_if<Handshakes::Failed>(&event)) {
        log_.warning("leg.dtls.failed", {{"leg", leg_id.value}, {"why", failed->why}});
        events_.leg_lost(leg_id);
    }
}

void MediaThread::carry_out(Conference& conference) {
    while (auto output = conference.media.poll()) {
        if (const auto* rtp = std::get_if<mixer::ConferenceMedia::SendRtp>(&*output)) {
            const auto leg = conference.legs.find(rtp->leg);
            if (leg != conference.legs.end())
                leg->second.rtp.send(rtp->to, rtp->header, rtp->payload);
        } else if (const auto* rtcp = std::get_if<mixer::ConferenceMedia::SendRtcp>(&*output)) {
            const auto leg = conference.legs.find(rtcp->leg);
            if (leg == conference.legs.end()) continue;
            auto& socket = rtcp->on_rtp_port ? leg->second.rtp : leg->second.rtcp;
            socket.send(rtcp->to, rtcp->packet, {});
        } else if (const auto* digit = std::get_if<mixer::ConferenceMedia::Digit>(&*output)) {
            events_.digit(digit->leg, digit->digit);
        } else if (const auto* lost = std::get_if<mixer::ConferenceMedia::LegLost>(&*output)) {
            events_.leg_lost(lost->leg);
        }
    }
}

} // namespace lyceum::net
