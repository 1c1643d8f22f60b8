// SPDX-License-Identifier: Apache-2.0
#include "server/focus/focus.hpp"

#include "base/assert.hpp"
#include "base/text.hpp"
#include "server/focus/media_settings.hpp"
#include "server/focus/prompt_sound.hpp"
#include "server/media/keys.hpp"

#include <algorithm>

namespace lyceum::focus {
namespace {

Participant participant_of(const sip::Message& invite, mixer::LegId id) {
    const auto from = sip::NameAddr::parse(*invite.header(sip::Header::from));
    Participant out{id, std::string(from->uri_text), std::string(from->display)};
    return out;
}

} // namespace

Focus::Focus(Options options, sip::UserAgent& agent, Directory& directory,
             identity::Identity& identity, MediaGateway& media, records::CallRecords& records,
             Random& random, Entropy& entropy, Log& log)
    : options_(std::move(options)), agent_(agent), directory_(directory), identity_(identity),
      media_(media), records_(records), random_(random), entropy_(entropy), log_(log),
      referrals_(agent, entropy) {}

// ── A call comes ─────────────────────────────────────────────────────────────────────────────────

void Focus::handle_call(sip::IncomingCall call, TimePoint now) {
    if (call.replaces) return handle_replacement(call, now);
    auto room = find_room(call, now);
    if (!room) return;
    const auto caller = identify(call, *room, {}, now);
    if (caller.answered) return;
    const bool echo = room->name == echo_name;
    const mixer::LegId id{++last_id_};
    if (room->name == options_.factory) room = own_rooms_.at(make_room(caller.member));
    const auto key = echo ? "echo#" + std::to_string(id.value) : to_lower(room->name);
    const auto known = sessions_in_.find(key);
    const auto* session = known == sessions_in_.end() ? nullptr : &known->second;
    if (const auto status = refusal_of(*room, session, caller.member)) {
        const auto* why = *status == 486 ? "Room Is Full" : *status == 403 ? "Not Let In" : "";
        std::vector<std::pair<sip::Header, std::string>> headers;
        if (*status == 503) headers.emplace_back(sip::Header::retry_after, "30");
        return agent_.reject(call.session, *status, why, now, headers);
    }
    open_session(key, *room, now);
    auto& leg = add_caller(call, id, key, *room, caller.member, now);
    const auto others = options_.invited_by(call.invite);
    answer_call(call, id, leg, now);
    const auto count = std::min(others.size(), called_at_once_max);
    for (std::size_t i = 0; i < count && legs_.contains(id); ++i)
        apply(key, {Action::Kind::dial_out, Action::Whom::himself, {}, 0, others[i]},
              {By::sip, id, caller.member}, now);
}

Focus::Leg& Focus::add_caller(const sip::IncomingCall& call, mixer::LegId id,
                              const std::string& key, const Room& room, const std::string& member,
                              TimePoint now) {
    log_.info("leg.joining", {{"leg", id.value},
                              {"conference", sessions_in_.at(key).media.value},
                              {"from", Redacted{call.from.address.ip.to_string()}},
                              {"transport", sip::name_of(call.from.transport)}});
    auto& leg = add_leg(id, key, room);
    bind(id, call.session);
    agent_.set_contact_user(call.session, room.name);
    leg.signalling = call.from.address.ip;
    leg.newcomer.shown = participant_of(call.invite, id);
    leg.newcomer.shown.member = member;
    leg.newcomer.language = options_.language_of(member);
    leg.record = records_.begin(call.invite, call.from, "room", now);
    records_.set_room(leg.record, key);
    return leg;
}

/// In the place of somebody who is in a room, or is being called into it (RFC 3891): a member's
/// only by himself and by who leads there, a guest's by whoever knows his dialog.
void Focus::handle_replacement(const sip::IncomingCall& call, TimePoint now) {
    mixer::LegId old;
    const auto* replaced = leg_of(*call.replaces, old);
    const auto* in_session = replaced ? conference(replaced->room) : nullptr;
    if (!in_session) return agent_.reject(call.session, 481, "Not In A Room", now);
    const auto key = replaced->room;
    const auto shown =
        replaced->joined ? in_session->participant(old) : std::optional(replaced->newcomer.shown);
    if (!shown) return agent_.reject(call.session, 603, "He Leaves", now);
    const auto room = in_session->room();
    const auto caller = identify(call, room, shown->member, now);
    if (caller.answered) return;
    const auto role = room.roles.find(caller.member);
    const bool leads = role != room.roles.end() && role->second == Role::host;
    if (!shown->member.empty() && caller.member != shown->member && !leads &&
        !identity_.is_administrator(caller.member))
        return agent_.reject(call.session, 403, "Not Your Call", now);
    const mixer::LegId id{++last_id_};
    auto& leg = add_caller(call, id, key, room, caller.member, now);
    leg.replaces = old;
    answer_call(call, id, leg, now);
}

/// The room that the Request-URI names, or that he is in whom the caller joins (RFC 3911); else the
/// call is answered here.
std::optional<Room> Focus::find_room(const sip::IncomingCall& call, TimePoint now) {
    const auto uri = sip::Uri::parse(call.invite.request_uri());
    LYCEUM_ASSERT(uri);
    auto name = uri->user_name();
    if (call.joins) {
        mixer::LegId id;
        const auto* leg = leg_of(*call.joins, id);
        name = leg ? leg->room : "";
    } else if (iequals(name, echo_name)) {
        return Room{std::string(echo_name)};
    }
    if (iequals(name, options_.factory)) return Room{options_.factory, Access::members};
    if (auto room = room_of(name)) return room;
    log_.info("call.refused", {{"status", 404}, {"room", Redacted{name}}});
    agent_.reject(call.session, 404, "No Such Room", now);
    return std::nullopt;
}

std::optional<Room> Focus::room_of(std::string_view name) {
    const auto own = own_rooms_.find(to_lower(name));
    return own != own_rooms_.end() ? own->second : directory_.room(name);
}

/// Whom the system knows the caller to be: by his password, or by the number that a trunk vouches
/// for; never by his From alone. He is asked for the password only where it makes a difference.
Focus::Caller Focus::identify(const sip::IncomingCall& call, const Room& room,
                              std::string_view in_place_of, TimePoint now) {
    const bool by_trunk = call.from.transport == sip::Transport::inside;
    if (const auto asserted = call.invite.header("P-Asserted-Identity"); by_trunk && asserted)
        if (const auto address = sip::NameAddr::parse(*asserted))
            if (auto member = options_.member_named(address->uri_text); !member.empty())
                return {std::move(member)};
    const auto& policy = room.policy.all;
    const auto from = sip::NameAddr::parse(*call.invite.header(sip::Header::from));
    const auto claimed = options_.member_named(from->uri_text);
    const bool members_differ = policy.lobby == Lobby::guests || policy.speak == Who::members ||
                                policy.dial_out == Who::members || room.roles.contains(claimed);
    const bool members_only =
        room.access == Access::members || !policy.guests || !in_place_of.empty();
    const auto credentials = call.invite.header(sip::Header::authorization);
    const bool has_password = credentials && identity_.is_for_us(*credentials);
    if (!members_only && !has_password && (claimed.empty() || !members_differ)) return {};
    auto outcome = identity_.check(call.invite, call.from, now);
    if (outcome.user) return {std::move(*outcome.user)};
    agent_.reject(call.session, 401, {}, now, outcome.challenge);
    return {{}, true};
}

/// Why nobody may come in now, or not he.
std::optional<int> Focus::refusal_of(const Room& room, const InSession* session,
                                     const std::string& member) const {
    if (!session) {
        if (sessions_in_.size() >= options_.conferences_max) return 503;
        return std::nullopt;
    }
    if (session->legs >= room.policy.all.participants_max) return 486;
    const auto role = room.roles.find(member);
    const bool host = role != room.roles.end() && role->second == Role::host;
    if (session->conference && session->conference->is_locked() && !host) return 403;
    return std::nullopt;
}

/// Its creator leads it (RFC 4579 §5.4).
std::string Focus::make_room(const std::string& creator) {
    Room room{"adhoc-" + entropy_.hex(5)};
    room.roles[creator] = Role::host;
    auto name = room.name;
    own_rooms_.emplace(name, std::move(room));
    return name;
}

bool Focus::has_own_room(std::string_view name) const {
    return iequals(name, options_.factory) || own_rooms_.contains(to_lower(name));
}

/// In a conference of the mixer's own, or within one that is there already.
Focus::InSession& Focus::open_session(const std::string& key, Room room, TimePoint now,
                                      std::optional<ConferenceId> within) {
    const auto known = sessions_in_.find(key);
    if (known != sessions_in_.end()) return known->second;
    const ConferenceId id{++last_id_};
    InSession session{within.value_or(id),
                      {room.name == echo_name, room.speakers_max, room.spatial}};
    if (!within) media_.begin(session.media, session.sound);
    log_.info("conference.started",
              {{"conference", session.media.value}, {"spatial", session.sound.spatial}});
    // Room for the circles of its groups, which no other conference uses.
    const mixer::CircleId circle{id.value << 32};
    if (!session.sound.echo) session.conference.emplace(std::move(room), circle, now);
    auto& placed = sessions_in_.emplace(key, std::move(session)).first->second;
    carry_out(key, now);
    return placed;
}

Focus::Leg& Focus::add_leg(mixer::LegId id, const std::string& key, const Room& room) {
    auto& leg = legs_
                    .emplace(id, Leg{{},
                                     key,
                                     SocketAddress{},
                                     IpAddress{},
                                     sdp::OfferAnswer(random_.u32(), "Lyceum")})
                    .first->second;
    leg.encryption = room.encryption;
    leg.keys = media::fresh_keys(entropy_);
    leg.ice = media::fresh_ice(entropy_);
    leg.care = room.care;
    ++sessions_in_.at(key).legs;
    return leg;
}

void Focus::bind(mixer::LegId id, sip::SessionId session) {
    legs_.at(id).session = session;
    sessions_.emplace(session, id);
}

void Focus::answer_call(const sip::IncomingCall& call, mixer::LegId id, Leg& leg, TimePoint now) {
    MediaSource source{leg.signalling, {}, false};
    if (call.offer) {
        if (const auto fault = leg.negotiation.handle_offer(*call.offer))
            return turn_away(call, id, 400, "Bad SDP: " + fault->what, now);
        if (const auto prospect = leg.negotiation.prospect(local_media_of(leg)))
            source = {leg.signalling, prospect->remote_rtp, prospect->ice.has_value()};
    }
    if (!open_media(id, leg, source)) return turn_away(call, id, 503, "No Media Port", now);
    const auto local = local_media_of(leg);
    auto answer = call.offer ? leg.negotiation.answer(local)
                             : Result<std::string, Fault>(leg.negotiation.offer(local));
    if (!answer) return turn_away(call, id, 488, answer.error().what, now);
    if (call.offer) configure(id, leg, now);
    records_.answer(leg.record, now, agent_.tag_of(call.session));
    agent_.accept(call.session, std::move(*answer), now);
    end_replaced(leg, now);
}

bool Focus::open_media(mixer::LegId id, Leg& leg, const MediaSource& source) {
    const auto rtp = media_.open(sessions_in_.at(leg.room).media, id, source);
    if (rtp) leg.local_rtp = *rtp;
    else log_.error("media.ports.exhausted");
    return rtp.has_value();
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
    } else if (const auto* keyed = std::get_if<Session::Keyed>(&event.event)) {
        handle_digit(id, keyed->key, now);
    } else if (const auto* written = std::get_if<Session::Written>(&event.event)) {
        handle_written(id, *written, now);
    } else if (const auto* referred = std::get_if<Session::Referred>(&event.event)) {
        handle_referral(id, *referred, now);
    } else if (const auto* progress = std::get_if<Session::Progress>(&event.event)) {
        tell_referrer(*leg, progress->status, "Ringing", now);
    } else if (const auto* ended = std::get_if<Session::Ended>(&event.event)) {
        if (!leg->joined) tell_referrer(*leg, std::max(ended->status, 400), ended->reason, now);
        remove(id, sip::name_of(ended->cause), now);
    }
}

void Focus::handle_offer(mixer::LegId id, Leg& leg, const std::string& offer, TimePoint now) {
    const auto session = leg.session;
    if (const auto fault = leg.negotiation.handle_offer(offer))
        return agent_.refuse(session, 400, "Bad SDP: " + fault->what, now);
    auto answer = leg.negotiation.answer(local_media_of(leg));
    if (!answer) return agent_.refuse(session, 488, answer.error().what, now);
    configure(id, leg, now);
    agent_.answer(session, std::move(*answer), now);
}

void Focus::handle_answer(mixer::LegId id, Leg& leg, const std::string& answer, TimePoint now) {
    if (leg.negotiation.state() != sdp::OfferAnswer::State::local_offer) return;
    if (const auto fault = leg.negotiation.handle_answer(answer)) {
        log_.warning("leg.bad-answer", {{"leg", id.value}, {"fault", fault->what}});
        return agent_.hang_up(leg.session, "Bad answer", now);
    }
    configure(id, leg, now);
    end_replaced(leg, now);
    tell_referrer(leg, 200, "OK", now);
}

void Focus::configure(mixer::LegId id, Leg& leg, TimePoint now) {
    auto settings = leg_settings(*leg.negotiation.stream(), leg.signalling);
    settings.care = leg.care;
    log_.info("leg.media", {{"leg", id.value},
                            {"codec", settings.sending.codec->name},
                            {"ptime", settings.ptime.count()},
                            {"encrypted", leg.negotiation.stream()->is_encrypted()},
                            {"send", settings.send},
                            {"receive", settings.receive}});
    auto& session = sessions_in_.at(leg.room);
    if (auto& conference = session.conference) {
        if (leg.joined) {
            conference->set_sound(id, settings.send, settings.receive);
        } else {
            leg.newcomer.shown.sends = settings.send;
            leg.newcomer.shown.receives = settings.receive;
            if (leg.is_called()) --session.called;
            if (leg.replaces) take_over(leg, now);
            else conference->join(std::move(leg.newcomer), now);
            const auto shown = conference->participant(id);
            if (shown && shown->is_host() && shown->is_inside()) records_.set_host(leg.record);
        }
    }
    leg.joined = true;
    carry_out(leg.room, now); // Before there is sound, it is known whom it is for.
    media_.configure(session.media, id, leg_access(*leg.negotiation.stream(), local_media_of(leg)),
                     std::move(settings));
}

/// Once who comes in his place has his answer.
void Focus::end_replaced(Leg& leg, TimePoint now) {
    if (!leg.joined) return;
    if (const auto old = std::exchange(leg.replaces, {}); old && legs_.contains(*old))
        throw_out(*old, "Replaced", now);
}

/// His seat is this one's from now on; who was only being called has none yet.
void Focus::take_over(Leg& leg, TimePoint now) {
    auto& conference = *sessions_in_.at(leg.room).conference;
    const auto old = legs_.find(*leg.replaces);
    if (old != legs_.end() && old->second.joined)
        return conference.take_over(*leg.replaces, std::move(leg.newcomer));
    if (old != legs_.end()) {
        leg.newcomer.invited = old->second.newcomer.invited;
        leg.referral = std::exchange(old->second.referral, {});
        tell_referrer(leg, 200, "OK", now);
    }
    conference.join(std::move(leg.newcomer), now);
}

void Focus::handle_digit(mixer::LegId id, char digit, TimePoint now) {
    const auto found = legs_.find(id);
    if (found == legs_.end()) return;
    const auto key = found->second.room;
    auto& conference = sessions_in_.at(key).conference;
    if (!conference) return;
    const auto was_host = [&] {
        const auto shown = conference->participant(id);
        return shown && shown->is_host();
    };
    const bool before = was_host();
    found->second.keypad.press(*conference, id, digit, now);
    if (!before && was_host()) records_.set_host(found->second.record);
    carry_out(key, now);
}

void Focus::handle_leg_lost(mixer::LegId id, TimePoint now) {
    if (legs_.contains(id)) throw_out(id, "No media", now);
}

bool Focus::place(mixer::LegId id, const mixer::Place& place) {
    const auto found = legs_.find(id);
    if (found == legs_.end() || !place.is_sound()) return false;
    const auto& name = found->second.room;
    const auto& session = sessions_in_.at(name);
    if (!session.sound.spatial) return false;
    if (place.whispers_to) {
        const auto other = legs_.find(*place.whispers_to);
        if (other == legs_.end() || other->second.room != name) return false;
    }
    media_.tell(session.media, SetPlace{id, place});
    return true;
}

// ── Who goes ─────────────────────────────────────────────────────────────────────────────────────

/// Gone from the roster at once; the BYE goes its way without the focus, answered or not.
void Focus::throw_out(mixer::LegId id, std::string_view reason, TimePoint now) {
    auto& leg = legs_.at(id);
    const auto session = leg.session;
    if (!leg.joined) tell_referrer(leg, 487, "Request Terminated", now);
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
    const auto key = found->second.room;
    auto& session = sessions_in_.at(key);
    media_.close(session.media, id);
    log_.info("leg.left", {{"leg", id.value}, {"why", why}});
    records_.end_leg(found->second.record, id.value, std::string(why), now);
    sessions_.erase(found->second.session);
    const bool is_called = found->second.is_called();
    legs_.erase(found);
    --session.legs;
    if (is_called) --session.called;
    if (session.conference) session.conference->leave(id, now);
    carry_out(key, now);
    end_calls_of(key, now);
    end_if_empty(key);
}

/// Who is being called into a room that the last has left would find nobody there.
void Focus::end_calls_of(const std::string& key, TimePoint now) {
    const auto session = sessions_in_.find(key);
    if (session == sessions_in_.end() || session->second.called < session->second.legs) return;
    std::vector<mixer::LegId> called;
    for (const auto& [id, leg] : legs_)
        if (leg.room == key) called.push_back(id);
    for (const auto id : called)
        if (legs_.contains(id)) throw_out(id, "Nobody Is Left", now);
}

/// The mixer's conference goes with the last of the rooms that are in it.
void Focus::end_if_empty(const std::string& key) {
    const auto found = sessions_in_.find(key);
    if (found == sessions_in_.end() || found->second.legs > 0) return;
    const auto media = found->second.media;
    const auto& conference = found->second.conference;
    const bool shared =
        std::any_of(sessions_in_.begin(), sessions_in_.end(), [&](const auto& each) {
            return each.first != key && each.second.media == media;
        });
    if (!shared) media_.end(media);
    else if (conference) media_.tell(media, RemoveCircle{conference->circle()});
    log_.info("conference.ended", {{"conference", media.value}});
    deadlines_.remove(key);
    own_rooms_.erase(key);
    sessions_in_.erase(found);
}

sdp::LocalMedia Focus::local_media_of(const Leg& leg) const {
    auto local = local_media(leg.local_rtp, sessions_in_.at(leg.room).sound.spatial);
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
    const auto found = sessions_in_.find(to_lower(room));
    return found == sessions_in_.end() ? 0 : found->second.legs;
}

const Conference* Focus::conference(std::string_view room) const {
    const auto found = sessions_in_.find(to_lower(room));
    if (found == sessions_in_.end() || !found->second.conference) return nullptr;
    return &*found->second.conference;
}

std::string Focus::room_with(mixer::LegId leg) const {
    const auto found = legs_.find(leg);
    return found == legs_.end() ? std::string() : found->second.room;
}

std::vector<Participant> Focus::roster(std::string_view room) const {
    const auto* in_session = conference(room);
    return in_session ? in_session->participants() : std::vector<Participant>();
}

std::vector<sip::SessionId> Focus::guests(std::string_view room) const {
    std::vector<sip::SessionId> out;
    for (const auto& each : roster(room)) {
        if (!each.member.empty() || !each.is_inside()) continue;
        if (const auto leg = legs_.find(each.leg); leg != legs_.end())
            out.push_back(leg->second.session);
    }
    return out;
}

std::optional<Focus::Output> Focus::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
}

} // namespace lyceum::focus
