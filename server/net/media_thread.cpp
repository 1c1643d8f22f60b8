// SPDX-License-Identifier: Apache-2.0
#include "server/net/media_thread.hpp"

#include "base/assert.hpp"
#include "base/overloaded.hpp"
#include "rtp/ice_lite.hpp"
#include "server/focus/media_settings.hpp"
#include "server/net/clock.hpp"

#include <pthread.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace lyceum::net {

MediaThread::MediaThread(MediaPlane::Options options, MediaPlane::Events events,
                         Handshakes& handshakes, Log& log)
    : options_(options), events_(std::move(events)), handshakes_(handshakes), log_(log),
      timer_(io_), work_(boost::asio::make_work_guard(io_)), thread_([this] {
          pthread_setname_np(pthread_self(), "media");
          io_.run();
      }) {}

MediaThread::~MediaThread() { stop(); }

void MediaThread::stop() {
    if (!thread_.joinable()) return;
    boost::asio::post(io_, [this] {
        stopping_ = true;
        work_.reset();
        timer_.cancel();
        conferences_.clear();
        deadlines_ = {};
    });
    thread_.join();
}

void MediaThread::set_others(std::vector<MediaThread*> others) {
    post([this, others = std::move(others)]() mutable { others_ = std::move(others); });
}

// ── Commands ─────────────────────────────────────────────────────────────────────────────────────

void MediaThread::begin(focus::ConferenceId id, focus::ConferenceSound sound, std::uint64_t seed) {
    const auto now = monotonic_now();
    auto options = focus::media_options(sound);
    options.rtp_timeout = options_.rtp_timeout;
    options.wall_at_zero = wall_now() - now.time_since_epoch();
    const auto& placed =
        conferences_.emplace(id, Conference{{options, seed, now}, {}}).first->second;
    deadlines_.set(id, placed.media.deadline());
    arm();
}

void MediaThread::end(focus::ConferenceId id) {
    deadlines_.remove(id);
    const auto found = conferences_.find(id);
    if (found == conferences_.end()) return;
    const auto& counters = found->second.media.counters();
    log_.info("conference.media.ended", {{"conference", id.value},
                                         {"ticks", counters.ticks},
                                         {"late", counters.late_ticks},
                                         {"packets", counters.packets}});
    auto threads = found->second.been_on;
    threads.push_back(this);
    for (auto* thread : threads)
        thread->post([thread, id, was = found->second.was] {
            thread->departed_.erase(id);
            for (const auto each : was) {
                thread->departed_.erase(each);
                thread->absorbed_.erase(each);
            }
        });
    conferences_.erase(found);
}

/// Between two ticks: it is taken out and handed over whole, with its sockets, and nobody hears of
/// it but the next tick's timer.
void MediaThread::depart(focus::ConferenceId id, MediaThread& to) {
    if (stopping_) return;
    auto conference = conferences_.extract(id);
    LYCEUM_ASSERT(!conference.empty());
    deadlines_.remove(id);
    departed_[id] = &to;
    conference.mapped().been_on.push_back(this);
    to.post(
        [&to, conference = std::move(conference)]() mutable { to.arrive(std::move(conference)); });
}

void MediaThread::arrive(Conferences::node_type arrived) {
    if (stopping_) return;
    const auto id = arrived.key();
    departed_.erase(id);
    auto& conference = conferences_.insert(std::move(arrived)).position->second;
    std::erase(conference.been_on, this);
    for (auto& [local, port] : conference.ports)
        if (port.sender == this) port.sender = nullptr;
    log_.info("conference.moved", {{"conference", id.value}, {"legs", conference.media.size()}});
    deadlines_.set(id, conference.media.deadline());
    arm();
    come_to_rest(id);
}

void MediaThread::obey(focus::ConferenceId id, std::function<void()> command) {
    const auto expected = arriving_.find(id);
    if (expected == arriving_.end()) command();
    else expected->second.push_back(std::move(command));
}

/// It hears what it was told meanwhile; one of it may make the rest wait again.
void MediaThread::come_to_rest(focus::ConferenceId id) {
    auto waited = arriving_.extract(id);
    for (auto& command : waited.mapped()) obey(id, std::move(command));
}

void MediaThread::absorb_when_here(focus::ConferenceId id, focus::ConferenceId other) {
    arriving_[id];
    obey(other, [this, id, other] { absorb(id, other); });
}

void MediaThread::absorb(focus::ConferenceId id, focus::ConferenceId other) {
    auto found = conferences_.extract(other);
    deadlines_.remove(other);
    if (stopping_) return;
    LYCEUM_ASSERT(!found.empty());
    auto& conference = conferences_.at(id);
    auto& more = found.mapped();
    conference.media.absorb(std::move(more.media));
    conference.ports.merge(more.ports);
    conference.legs.merge(more.legs);
    conference.been_on.insert(conference.been_on.end(), more.been_on.begin(), more.been_on.end());
    conference.was.push_back(other);
    conference.was.insert(conference.was.end(), more.was.begin(), more.was.end());
    for (const auto each : conference.was) absorbed_[each] = id;
    log_.info("conference.absorbed", {{"conference", id.value}, {"other", other.value}});
    come_to_rest(id);
}

void MediaThread::open_port(focus::ConferenceId id, const SocketAddress& local,
                            mixer::SharedPort::Use use, std::shared_ptr<MediaSocket> rtp,
                            std::shared_ptr<MediaSocket> rtcp) {
    auto* conference = find(id);
    if (!conference) return;
    const auto number = conference->ports.size();
    Port port{std::move(rtp), std::move(rtcp), mixer::SharedPort(use)};
    const auto whose = number % (others_.size() + 1);
    if (number >= ports_at_home_max && whose > 0) port.sender = others_[whose - 1];
    conference->ports.emplace(local, std::move(port));
}

void MediaThread::open(focus::ConferenceId id, mixer::LegId leg, const SocketAddress& at) {
    auto* conference = find(id);
    if (!conference) return;
    auto& port = conference->ports.at(at);
    port.legs.expect(leg, {}, monotonic_now());
    conference->legs.emplace(leg, Leg{at, &port, {}, {}, {}, {}, {}, {}, {}});
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

void MediaThread::carry_out(focus::ConferenceId id, focus::MediaCommand command) {
    auto* conference = find(id);
    if (!conference) return;
    auto& media = conference->media;
    const auto leg_of = [&](mixer::LegId leg) {
        const auto found = conference->legs.find(leg);
        return found == conference->legs.end() ? nullptr : &found->second;
    };
    static constexpr std::size_t waiting_max = 8;
    const auto play = [&](mixer::LegId leg, mixer::Sound sound) {
        if (media.leg(leg)) return media.play(leg, std::move(sound));
        if (auto* known = leg_of(leg); known && known->sounds.size() < waiting_max)
            known->sounds.push_back(std::move(sound));
    };
    std::visit(
        Overloaded{
            [&](const focus::SetPart& set) {
                if (auto* leg = leg_of(set.leg)) leg->part = set.part;
                media.set_part(set.leg, set.part);
            },
            [&](const focus::SetPlace& set) {
                if (auto* leg = leg_of(set.leg)) leg->place = set.place;
                media.place_leg(set.leg, set.place);
            },
            [&](focus::SetCircle& set) { media.set_circle(set.circle, std::move(set.options)); },
            [&](const focus::RemoveCircle& remove) { media.remove_circle(remove.circle); },
            [&](focus::Play& to) {
                if (const auto* leg = std::get_if<mixer::LegId>(&to.to))
                    play(*leg, std::move(to.sound));
                else media.play(std::get<mixer::CircleId>(to.to), std::move(to.sound));
            },
            [&](const focus::Hush& hush) {
                if (const auto* one = std::get_if<mixer::LegId>(&hush.whom))
                    if (auto* leg = leg_of(*one)) leg->sounds.clear();
                std::visit([&](auto whom) { media.hush(whom); }, hush.whom);
            },
        },
        command);
}

void MediaThread::close(focus::ConferenceId id, mixer::LegId leg) {
    auto* conference = find(id);
    if (!conference) return;
    if (const auto record = conference->media.remove_leg(leg, monotonic_now())) {
        log_record(leg, *record);
        events_.leg_closed(leg, record->last, record->quality);
    }
    carry_out(*conference);
    const auto found = conference->legs.find(leg);
    if (found == conference->legs.end()) return;
    handshakes_.end(found->second.handshake);
    auto& port = *found->second.port;
    port.legs.remove(leg);
    if (port.legs.size() == 0) conference->ports.erase(found->second.at);
    conference->legs.erase(found);
}

/// The quality record of a leg: what there is to know of a call that somebody complains about.
void MediaThread::log_record(mixer::LegId leg, const mixer::ConferenceMedia::LegRecord& record) {
    const auto& [counters, quality, heard_by_peer, last] = record;
    const auto permille = [](double share) { return std::lround(share * 1000); };
    log_.info("leg.media.closed", {{"leg", leg.value},
                                   {"received", counters.packets_received},
                                   {"sent", counters.packets_sent},
                                   {"foreign", counters.foreign},
                                   {"malformed", counters.malformed},
                                   {"unauthentic", counters.unauthentic},
                                   {"replayed", counters.replayed}});
    log_.info("leg.quality", {{"leg", leg.value},
                              {"mos_tenths", std::lround(quality.mos * 10)},
                              {"loss_permille", permille(quality.loss)},
                              {"late_permille", permille(quality.discard)},
                              {"burst_ms", quality.burst / 1ms},
                              {"jitter_ms", quality.jitter / 1ms},
                              {"concealed_ms", quality.concealed / 1ms},
                              {"delay_ms", quality.playout_delay / 1ms},
                              {"round_trip_ms", quality.round_trip.value_or(-1ms) / 1ms},
                              {"level_db", quality.level_db},
                              {"peer_mos_tenths", heard_by_peer ? heard_by_peer->mos_tenths : 0}});
}

/// What was agreed, with what was found out since, becomes what the mixer works by. A leg that
/// waits for its keys is unknown to the mixer: nothing of it is heard and nothing is sent in clear.
void MediaThread::apply(Conference& conference, mixer::LegId id, Leg& leg) {
    auto settings = leg.settings;
    leg.port->legs.expect(id,
                          {{settings.remote_rtp, settings.remote_rtcp},
                           settings.trusted_sources,
                           leg.access.ice ? leg.access.ice->local.ufrag : ""},
                          monotonic_now());
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
    conference.media.place_leg(id, leg.place);
    conference.media.set_part(id, leg.part);
    for (auto& sound : std::exchange(leg.sounds, {})) conference.media.play(id, std::move(sound));
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
    for (auto& [local, port] : conference.ports) {
        const auto read = [&, &of = port](MediaSocket& socket, bool is_rtp) {
            const MediaSocket::Receive take = [&](ByteView datagram, const SocketAddress& from,
                                                  TimePoint arrived) {
                handle_arrival(conference, of, is_rtp, {datagram, from, arrived});
            };
            for (std::size_t i = 0; i < reads_per_tick_max; ++i)
                if (socket.receive(wall_offset, now, take) < MediaSocket::batch) break;
        };
        read(*port.rtp, true);
        if (rtcp_turn) read(*port.rtcp, false);
    }
}

void MediaThread::handle_arrival(Conference& conference, Port& port, bool on_rtp_port,
                                 const Arrival& arrival) {
    if (rtp::is_stun(arrival.datagram)) return handle_stun(conference, port, on_rtp_port, arrival);
    const bool rtcp = rtp::is_rtcp(arrival.datagram);
    const auto id =
        rtcp ? port.legs.leg_of_rtcp(arrival.from) : port.legs.leg_of(arrival.from, arrival.at);
    if (!id) return;
    if (rtp::is_dtls(arrival.datagram)) return handle_dtls(conference.legs.at(*id), arrival);
    conference.media.handle_datagram(*id, arrival.datagram, arrival.from, arrival.at);
}

void MediaThread::handle_stun(Conference& conference, Port& port, bool on_rtp_port,
                              const Arrival& arrival) {
    const auto ufrag = rtp::checked_ufrag(arrival.datagram);
    const auto id = port.legs.leg_of_ufrag(ufrag.value_or(""));
    if (!id) return;
    auto& leg = conference.legs.at(*id);
    const auto& ice = *leg.access.ice;
    const auto reply =
        rtp::IceLite(ice.local, ice.remote).handle_datagram(arrival.datagram, arrival.from);
    if (!reply) return;
    (on_rtp_port ? *port.rtp : *port.rtcp).send(arrival.from, reply->datagram);
    if (!reply->authentic) return;
    port.legs.learn(*id, arrival.from, arrival.at);
    if (!on_rtp_port) return; // The second component follows the first.
    // The first path that works is used until the peer nominates one.
    if ((leg.chosen && !reply->nominated) || leg.chosen == arrival.from) return;
    leg.chosen = arrival.from;
    apply(conference, *id, leg);
}

void MediaThread::handle_dtls(Leg& leg, const Arrival& arrival) {
    if (!leg.access.dtls) return;
    const auto& trusted = leg.settings.trusted_sources;
    const auto& from = arrival.from;
    const bool known =
        leg.access.ice ? leg.chosen == from
                       : from.ip == leg.settings.remote_rtp.ip ||
                             std::find(trusted.begin(), trusted.end(), from.ip) != trusted.end();
    if (!known) return;
    leg.handshaking_with = from;
    handshakes_.handle_datagram(leg.handshake,
                                Bytes(arrival.datagram.begin(), arrival.datagram.end()));
}

void MediaThread::begin_handshake(focus::ConferenceId id, mixer::LegId leg_id, Leg& leg) {
    handshakes_.end(leg.handshake);
    leg.handshake =
        handshakes_.begin(*leg.access.dtls, [this, id, leg_id](Handshakes::Event event) {
            tell(id, [this, id, leg_id, event = std::move(event)] {
                handle_handshake(id, leg_id, event);
            });
        });
}

void MediaThread::handle_handshake(focus::ConferenceId id, mixer::LegId leg_id,
                                   Handshakes::Event event) {
    if (const auto gone = departed_.find(id); gone != departed_.end())
        return gone->second->tell(id, [to = gone->second, id, leg_id, event = std::move(event)] {
            to->handle_handshake(id, leg_id, event);
        });
    if (const auto now_in = absorbed_.find(id); now_in != absorbed_.end())
        return obey(now_in->second, [this, to = now_in->second, leg_id, event = std::move(event)] {
            handle_handshake(to, leg_id, event);
        });
    auto* conference = find(id);
    if (!conference) return;
    const auto found = conference->legs.find(leg_id);
    if (found == conference->legs.end()) return;
    auto& leg = found->second;
    if (const auto* datagram = std::get_if<Bytes>(&event)) {
        leg.port->rtp->send(leg.chosen.value_or(leg.handshaking_with), *datagram);
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
    auto leg = conference.legs.begin(); // Of the output before: most often, the next is its own.
    const auto find_leg = [&](mixer::LegId id) {
        if (leg != conference.legs.end() && leg->first != id) ++leg;
        if (leg == conference.legs.end() || leg->first != id) leg = conference.legs.find(id);
        return leg != conference.legs.end();
    };
    while (auto output = conference.media.poll()) {
        if (const auto* rtp = std::get_if<mixer::ConferenceMedia::SendRtp>(&*output)) {
            if (!find_leg(rtp->leg)) continue;
            auto& port = *leg->second.port;
            if (port.sender) port.parcel.add(*rtp);
            else batch_.add(*port.rtp, rtp->to, rtp->header, rtp->payload);
        } else if (const auto* rtcp = std::get_if<mixer::ConferenceMedia::SendRtcp>(&*output)) {
            if (!find_leg(rtcp->leg)) continue;
            auto& port = *leg->second.port;
            (rtcp->on_rtp_port ? *port.rtp : *port.rtcp).send(rtcp->to, rtcp->packet);
        } else if (const auto* digit = std::get_if<mixer::ConferenceMedia::Digit>(&*output)) {
            events_.digit(digit->leg, digit->digit);
        } else if (const auto* lost = std::get_if<mixer::ConferenceMedia::LegLost>(&*output)) {
            log_.warning("leg.lost", {{"leg", lost->leg.value}, {"why", lost->why}});
            events_.leg_lost(lost->leg);
        } else if (const auto* levels = std::get_if<mixer::ConferenceMedia::Levels>(&*output)) {
            if (!levels->heard_db.empty()) events_.levels(levels->heard_db);
        } else if (auto* reports = std::get_if<mixer::ConferenceMedia::Reports>(&*output)) {
            events_.reports(std::move(*reports));
        } else if (const auto* howl = std::get_if<mixer::ConferenceMedia::Howling>(&*output)) {
            log_.warning("leg.howling", {{"leg", howl->leg.value}, {"hertz", howl->hertz}});
        } else if (const auto* echo = std::get_if<mixer::ConferenceMedia::EchoReturned>(&*output)) {
            log_.warning("leg.echo", {{"leg", echo->leg.value}, {"after_ms", echo->after / 1ms}});
        }
    }
    batch_.flush();
    for (auto& [local, port] : conference.ports) {
        if (port.parcel.items.empty()) continue;
        port.parcel.by = port.rtp;
        port.sender->post([sender = port.sender, parcel = std::exchange(port.parcel, {})] {
            sender->send_parcel(parcel);
        });
    }
}

void MediaThread::Parcel::add(const mixer::ConferenceMedia::SendRtp& packet) {
    // Most legs get the same payload; it is carried once.
    const bool same = !items.empty() && packet.payload.data() == last_payload &&
                      packet.payload.size() == items.back().payload_bytes;
    const auto at = same ? items.back().payload_at : payloads.size();
    if (!same) payloads.insert(payloads.end(), packet.payload.begin(), packet.payload.end());
    last_payload = packet.payload.data();
    items.push_back({packet.to, packet.header, at, packet.payload.size()});
}

void MediaThread::send_parcel(const Parcel& parcel) {
    for (const auto& item : parcel.items)
        batch_.add(*parcel.by, item.to, item.header,
                   ByteView(parcel.payloads).subspan(item.payload_at, item.payload_bytes));
    batch_.flush();
}

} // namespace lyceum::net
