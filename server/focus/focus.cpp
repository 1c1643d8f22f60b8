// SPDX-License-Identifier: Apache-2.0
#include "server/focus/focus.hpp"

#include "base/assert.hpp"
#include "base/text.hpp"
#include "server/focus/media_settings.hpp"

namespace lyceum::focus {
namespace {

Participant participant_of(const sip::Message& invite, mixer::LegId id, TimePoint now) {
    const auto from = sip::NameAddr::parse(*invite.header(sip::Header::from));
    Participant out{id, std::string(from->uri_text), std::string(from->display)};
    out.joined = now;
    return out;
}

} // namespace

Focus::Focus(Options options, sip::UserAgent& agent, Directory& directory,
             identity::Identity& identity, MediaGateway& media, records::CallRecords& records,
             Random& random, Entropy& entropy, Log& log)
    : options_(std::move(options)), agent_(agent), directory_(directory), identity_(identity),
      media_(media), records_(records), random_(random), entropy_(entropy), log_(log) {}

// ── A call comes ─────────────────────────────────────────────────────────────────────────────────

void Focus::handle_call(sip::IncomingCall call, TimePoint now) {
    const auto room = find_room(call, now);
    if (!room) return;
    const bool echo = room->name == echo_name;
    const mixer::LegId id{++last_id_};
    const auto key = echo ? "echo#" + std::to_string(id.value) : to_lower(room->name);
    if (participants(key) >= room->participants_max)
        return agent_.reject(call.session, 486, "Room Is Full", now);
    if (conferences_.size() >= options_.conferences_max && !conferences_.contains(key))
        return agent_.reject(call.session, 503, {}, now, {{sip::Header::retry_after, "30"}});
    auto& conference = join_conference(key, {echo, room->speakers_max, room->spatial});
    log_.info("leg.joining", {{"leg", id.value},
                              {"conference", conference.id.value},
                              {"from", Redacted{call.from.address.ip.to_string()}},
                              {"transport", sip::name_of(call.from.transport)}});
    auto [place, fresh] =
        legs_.emplace(id, Leg{call.session, key, SocketAddress{}, call.from.address.ip,
                              sdp::OfferAnswer(random_.u32(), "Lyceum")});
    auto& leg = place->second;
    leg.encryption = room->encryption;
    leg.keys = fresh_keys(entropy_);
    leg.ice = {entropy_.hex(4), entropy_.hex(16)}; // 128 bits, as RFC 8839 §5.4 asks.
    sessions_.emplace(call.session, id);
    leg.care = room->care;
    leg.pin = room->pin;
    leg.host_pin = room->host_pin;
    leg.admitted = room->access != Access::pin;
    leg.shown = participant_of(call.invite, id, now);
    leg.record = records_.begin(call.invite, call.from, "room", now);
    records_.set_room(leg.record, to_lower(room->name));
    answer_call(call, id, leg, now);
}

/// The room that the Request-URI names, if this caller may enter; else the call is answered here.
std::optional<Room> Focus::find_room(const sip::IncomingCall& call, TimePoint now) {
    const auto uri = sip::Uri::parse(call.invite.request_uri());
    LYCEUM_ASSERT(uri);
    const auto name = uri->user_name();
    auto room = iequals(name, echo_name) ? Room{std::string(echo_name), Access::open, {}, 1}
                                         : directory_.room(name);
    if (!room) {
        log_.info("call.refused", {{"status", 404}, {"room", Redacted{name}}});
        agent_.reject(call.session, 404, "No Such Room", now);
        return std::nullopt;
    }
    if (room->access == Access::members && !authenticate(call, now)) return std::nullopt;
    return room;
}

bool Focus::authenticate(const sip::IncomingCall& call, TimePoint now) {
    const auto outcome = identity_.check(call.invite, call.from, now);
    if (outcome.user) return true;
    agent_.reject(call.session, 401, {}, now, outcome.challenge);
    return false;
}

Focus::Conference& Focus::join_conference(const std::string& key, ConferenceSound sound) {
    const auto known = conferences_.find(key);
    if (known != conferences_.end()) {
        ++known->second.legs;
        return known->second;
    }
    const ConferenceId id{++last_id_};
    media_.begin(id, sound);
    log_.info("conference.started", {{"conference", id.value}, {"spatial", sound.spatial}});
    return conferences_.emplace(key, Conference{id, sound.spatial, 1}).first->second;
}

void Focus::answer_call(const sip::IncomingCall& call, mixer::LegId id, Leg& leg, TimePoint now) {
    MediaSource source{leg.signalling, {}, false};
    if (call.offer) {
        if (const auto fault = leg.negotiation.handle_offer(*call.offer))
            return turn_away(call, id, 400, "Bad SDP: " + fault->what, now);
        if (const auto prospect = leg.negotiation.prospect(local_media_of(leg)))
            source = {leg.signalling, prospect->remote_rtp, prospect->ice.has_value()};
    }
    const auto rtp = media_.open(conferences_.at(leg.conference).id, id, source);
    if (!rtp) {
        log_.error("media.ports.exhausted");
        return turn_away(call, id, 503, "No Media Port", now);
    }
    leg.local_rtp = *rtp;
    const auto local = local_media_of(leg);
    auto answer = call.offer ? leg.negotiation.answer(local)
                             : Result<std::string, Fault>(leg.negotiation.offer(local));
    if (!answer) return turn_away(call, id, 488, answer.error().what, now);
    if (call.offer) configure(id, leg);
    records_.answer(leg.record, now);
    agent_.accept(call.session, std::move(*answer), now);
}

void Focus::turn_away(const sip::IncomingCall& call, mixer::LegId id, int status,
                      const std::string& why, TimePoint now) {
    using Headers = std::vector<std::pair<sip::Header, std::string>>;
    const auto later = status == 503 ? Headers{{sip::Header::retry_after, "30"}} : Headers{};
    agent_.reject(call.session, status, why, now, later);
    records_.end(legs_.at(id).record, status, why, now);
    remove(id, why, now);
}

// ── A session goes on ────────────────────────────────────────────────────────────────────────────

void Focus::handle_session(const sip::SessionEvent& event, TimePoint now) {
    mixer::LegId id;
    auto* leg = leg_of(event.session, id);
    if (!leg) return;
    using Session = sip::InviteSession;
    if (const auto* offered = std::get_if<Session::Offered>(&event.event)) {
        handle_offer(id, *leg, offered->description, now);
    } else if (std::get_if<Session::OfferWanted>(&event.event)) {
        agent_.answer(event.session, leg->negotiation.offer(local_media_of(*leg)), now);
    } else if (const auto* answered = std::get_if<Session::Answered>(&event.event)) {
        handle_answer(id, *leg, answered->description, now);
    } else if (std::get_if<Session::OfferRefused>(&event.event)) {
        leg->negotiation.roll_back();
    } else if (const auto* ended = std::get_if<Session::Ended>(&event.event)) {
        remove(id, sip::name_of(ended->cause), now);
    }
}

void Focus::handle_offer(mixer::LegId id, Leg& leg, const std::string& offer, TimePoint now) {
    const auto session = leg.session;
    if (const auto fault = leg.negotiation.handle_offer(offer))
        return agent_.refuse(session, 400, "Bad SDP: " + fault->what, now);
    auto answer = leg.negotiation.answer(local_media_of(leg));
    if (!answer) return agent_.refuse(session, 488, answer.error().what, now);
    configure(id, leg);
    agent_.answer(session, std::move(*answer), now);
}

void Focus::handle_answer(mixer::LegId id, Leg& leg, const std::string& answer, TimePoint now) {
    if (leg.negotiation.state() != sdp::OfferAnswer::State::local_offer) return;
    if (const auto fault = leg.negotiation.handle_answer(answer)) {
        log_.warning("leg.bad-answer", {{"leg", id.value}, {"fault", fault->what}});
        return agent_.hang_up(leg.session, "Bad answer", now);
    }
    configure(id, leg);
}

void Focus::configure(mixer::LegId id, Leg& leg) {
    auto settings = leg_settings(*leg.negotiation.stream(), leg.signalling);
    settings.admitted = leg.admitted;
    settings.always_heard = leg.host;
    settings.care = leg.care;
    log_.info("leg.media", {{"leg", id.value},
                            {"codec", settings.sending.codec->name},
                            {"ptime", settings.ptime.count()},
                            {"encrypted", leg.negotiation.stream()->is_encrypted()},
                            {"send", settings.send},
                            {"receive", settings.receive}});
    auto shown = leg.shown;
    shown.host = leg.host;
    shown.admitted = leg.admitted;
    shown.sends = settings.send;
    shown.receives = settings.receive;
    if (!leg.configured || shown != leg.shown) changed_.insert(leg.conference);
    leg.configured = true;
    leg.shown = std::move(shown);
    media_.configure(conferences_.at(leg.conference).id, id,
                     leg_access(*leg.negotiation.stream(), local_media_of(leg)),
                     std::move(settings));
}

void Focus::handle_digit(mixer::LegId id, char digit, TimePoint now) {
    const auto found = legs_.find(id);
    if (found == legs_.end()) return;
    auto& leg = found->second;
    if (leg.admitted && (leg.host || leg.host_pin.empty())) return; // There is nothing to key in.
    if (digit != '#') leg.digits += digit;
    const bool as_host = !leg.host_pin.empty() && leg.digits == leg.host_pin;
    if (as_host || (!leg.admitted && leg.digits == leg.pin)) {
        leg.admitted = true;
        leg.host = as_host;
        leg.digits.clear();
        if (as_host) records_.set_host(leg.record);
        log_.info("leg.admitted", {{"leg", id.value}, {"host", as_host}});
        return configure(id, leg);
    }
    if (digit != '#' && leg.digits.size() < pin_digits_max) return;
    leg.digits.clear();
    if (++leg.tries < pin_tries) return;
    if (leg.admitted) { // He may stay, but guess no more.
        leg.host_pin.clear();
        return;
    }
    log_.warning("leg.wrong-pin", {{"leg", id.value}});
    throw_out(id, "Wrong PIN", now);
}

void Focus::handle_leg_lost(mixer::LegId id, TimePoint now) {
    const auto found = legs_.find(id);
    if (found == legs_.end()) return;
    throw_out(id, "No media", now);
}

bool Focus::place(mixer::LegId id, const mixer::Place& place) {
    const auto found = legs_.find(id);
    if (found == legs_.end() || !place.is_sound()) return false;
    const auto& name = found->second.conference;
    const auto& conference = conferences_.at(name);
    if (!conference.spatial) return false;
    if (place.whispers_to) {
        const auto other = legs_.find(*place.whispers_to);
        if (other == legs_.end() || other->second.conference != name) return false;
    }
    media_.place(conference.id, id, place);
    return true;
}

/// Gone from the roster at once; the BYE goes its way without the focus, answered or not.
void Focus::throw_out(mixer::LegId id, std::string_view reason, TimePoint now) {
    const auto session = legs_.at(id).session;
    remove(id, reason, now);
    agent_.hang_up(session, reason, now);
}

void Focus::end_all(std::string_view reason, TimePoint now) {
    std::vector<sip::SessionId> sessions;
    for (const auto& [session, leg] : sessions_) sessions.push_back(session);
    for (const auto session : sessions) agent_.hang_up(session, reason, now);
}

void Focus::remove(mixer::LegId id, std::string_view why, TimePoint now) {
    const auto found = legs_.find(id);
    const auto key = found->second.conference;
    auto& conference = conferences_.at(key);
    media_.close(conference.id, id);
    log_.info("leg.left", {{"leg", id.value}, {"why", why}});
    records_.end_leg(found->second.record, id.value, std::string(why), now);
    sessions_.erase(found->second.session);
    if (found->second.configured) changed_.insert(key);
    legs_.erase(found);
    if (--conference.legs > 0) return;
    media_.end(conference.id);
    log_.info("conference.ended", {{"conference", conference.id.value}});
    conferences_.erase(key);
}

sdp::LocalMedia Focus::local_media_of(const Leg& leg) const {
    auto local = local_media(leg.local_rtp, conferences_.at(leg.conference).spatial);
    local.protection = leg.encryption;
    local.crypto = leg.keys;
    local.fingerprint = options_.dtls_fingerprint;
    local.ice = leg.ice;
    return local;
}

Focus::Leg* Focus::leg_of(sip::SessionId session, mixer::LegId& id) {
    const auto known = sessions_.find(session);
    if (known == sessions_.end()) return nullptr;
    id = known->second;
    return &legs_.at(id);
}

std::size_t Focus::participants(std::string_view room) const {
    const auto found = conferences_.find(to_lower(room));
    return found == conferences_.end() ? 0 : found->second.legs;
}

std::vector<Participant> Focus::roster(std::string_view room) const {
    std::vector<Participant> out;
    const auto key = to_lower(room);
    for (const auto& [id, leg] : legs_)
        if (leg.configured && leg.conference == key) out.push_back(leg.shown);
    return out;
}

} // namespace lyceum::focus
