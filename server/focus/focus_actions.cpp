// SPDX-License-Identifier: Apache-2.0
/// What follows from what happens in a room: to SIP, to the mixer, to other rooms; and who is
/// called in, or asks for it by REFER.
#include "base/overloaded.hpp"
#include "base/text.hpp"
#include "server/focus/focus.hpp"
#include "server/focus/media_settings.hpp"
#include "server/focus/prompt_sound.hpp"

#include <algorithm>

namespace lyceum::focus {

using Kind = Action::Kind;
using Whom = Action::Whom;

namespace {

/// "sip:bob@example.org" of whatever is written around it: who somebody is, to compare him by.
std::string bare(std::string_view text) {
    const auto uri = sip::Uri::parse(text);
    if (!uri) return {};
    return std::string(uri->user_name()) + "@" + to_lower(uri->bare_host());
}

} // namespace

void Focus::carry_out(std::string key, TimePoint now) {
    const auto found = sessions_in_.find(key);
    if (found == sessions_in_.end() || !found->second.conference) return;
    const auto media = found->second.media;
    std::vector<Conference::Output> later; // They take participants out, or bring them in.
    while (auto output = found->second.conference->poll())
        std::visit(Overloaded{
                       [&](Conference::Say& say) { play(media, say); },
                       [&](Conference::Announce& announce) {
                           if (announce.is_sound) play(media, announce);
                           else speak(key, std::move(announce));
                       },
                       [&](Conference::Record& record) {
                           log_.info("room.action", {{"action", record.what},
                                                     {"by", name_of(record.by)},
                                                     {"done", !record.denied}});
                           outputs_.emplace_back(Noted{key, std::move(record)});
                       },
                       [&](Conference::HangUp& hang) { later.emplace_back(hang); },
                       [&](Conference::Dial& dialled) { later.emplace_back(std::move(dialled)); },
                       [&](Conference::Cross& cross) { later.emplace_back(std::move(cross)); },
                       [&](auto& command) { media_.tell(media, MediaCommand(command)); },
                   },
                   *output);
    if (found->second.conference->take_changed()) changed_.insert(key);
    deadlines_.set(key, found->second.conference->deadline());
    for (auto& each : later) {
        if (const auto* hang = std::get_if<Conference::HangUp>(&each)) {
            if (legs_.contains(hang->leg)) throw_out(hang->leg, hang->why, now);
        } else if (const auto* dialled = std::get_if<Conference::Dial>(&each)) {
            dial(key, *dialled, now);
        } else if (const auto* across = std::get_if<Conference::Cross>(&each)) {
            cross(across->leg, across->room, now);
        }
    }
}

void Focus::handle_timeout(TimePoint now) {
    while (const auto key = deadlines_.expired(now)) {
        sessions_in_.at(*key).conference->handle_timeout(now);
        carry_out(*key, now);
    }
}

void Focus::handle_rooms(TimePoint now) {
    std::vector<std::string> keys;
    auto next = sessions_in_.upper_bound(last_looked_at_);
    for (std::size_t i = 0; i < looked_at_once_max && next != sessions_in_.end(); ++i, ++next)
        keys.push_back(next->first);
    last_looked_at_ = next == sessions_in_.end() ? std::string() : keys.back();
    for (const auto& key : keys) {
        const auto session = sessions_in_.find(key);
        if (session == sessions_in_.end()) continue; // It has ended by what became of another.
        auto& conference = session->second.conference;
        auto room = conference && !own_rooms_.contains(key) ? directory_.room(key) : std::nullopt;
        if (!room) continue; // Removed: it goes on until they have left.
        conference->set_room(std::move(*room), now);
        carry_out(key, now);
    }
}

std::optional<Denial> Focus::apply(std::string_view room, const Action& action, const Actor& by,
                                   TimePoint now) {
    const auto key = to_lower(room);
    const auto found = sessions_in_.find(key);
    if (found == sessions_in_.end() || !found->second.conference) return Denial::nobody_there;
    if (action.kind == Kind::to_room && !room_of(action.text)) return Denial::bad_value;
    if (action.kind == Kind::play && !options_.sound_named(action.text)) return Denial::bad_value;
    const auto denied = found->second.conference->apply(action, by, now);
    carry_out(key, now);
    return denied;
}

// ── From one room to another ─────────────────────────────────────────────────────────────────────

/// The two rooms come to be in one conference of the mixer, each in its circle; so a move is a line
/// in its table, as it is between groups, and no address, key or sequence number changes.
bool Focus::cross(mixer::LegId id, std::string_view name, TimePoint now) {
    const auto found = legs_.find(id);
    auto room = room_of(name);
    if (found == legs_.end() || !room) return false;
    auto& leg = found->second;
    const auto from = leg.room, to = to_lower(room->name);
    auto& source = sessions_in_.at(from);
    if (from == to || !source.conference || !leg.joined) return false;
    const auto shown = source.conference->participant(id);
    const auto known = sessions_in_.find(to);
    const auto* session = known == sessions_in_.end() ? nullptr : &known->second;
    const bool sounds_alike = room->spatial == source.sound.spatial;
    const bool safe =
        room->encryption != sdp::Protection::required || leg.negotiation.stream()->is_encrypted();
    if (!shown || !sounds_alike || !safe || refusal_of(*room, session, shown->member)) return false;
    auto& target = open_session(to, std::move(*room), now, source.media);
    if (target.media != source.media) {
        const bool larger = source.legs >= target.legs;
        const auto keeps = larger ? source.media : target.media;
        const auto goes = larger ? target.media : source.media;
        media_.absorb(keeps, goes);
        for (auto& [key, each] : sessions_in_)
            if (each.media == goes) each.media = keeps;
    }
    auto newcomer = source.conference->take_out(id, now);
    if (!newcomer) return false;
    --source.legs;
    ++target.legs;
    leg.room = to;
    records_.set_room(leg.record, to);
    target.conference->join(std::move(*newcomer), now);
    log_.info("leg.crossed", {{"leg", id.value}, {"conference", target.media.value}});
    carry_out(from, now); // What it still says of him is said before what he is there.
    carry_out(to, now);
    end_calls_of(from, now);
    end_if_empty(from);
    return true;
}

// ── What is said ─────────────────────────────────────────────────────────────────────────────────

void Focus::play(ConferenceId media, const Conference::Say& say) {
    media_.tell(media, Play{say.to, sound_of(say.said, say.language)});
}

void Focus::speak(const std::string& key, Conference::Announce announce) {
    if (spoken_.size() >= spoken_max) return;
    const auto id = ++last_id_;
    outputs_.emplace_back(Speak{id, announce.text, announce.language});
    spoken_.emplace(id, std::pair(key, std::move(announce)));
}

void Focus::handle_spoken(std::uint64_t id, std::vector<mixer::Sample> sound) {
    const auto found = spoken_.find(id);
    if (found == spoken_.end()) return;
    const auto [key, announce] = std::move(found->second);
    spoken_.erase(found);
    const auto session = sessions_in_.find(key);
    if (session == sessions_in_.end() || sound.empty()) return;
    const auto media = session->second.media;
    for (const auto& hearer : announce.to) media_.tell(media, Play{hearer, mixer::samples(sound)});
}

void Focus::play(ConferenceId media, const Conference::Announce& announce) {
    const auto file = options_.sound_named(announce.text);
    if (!file) return; // It has just been removed.
    for (const auto& hearer : announce.to)
        if (auto sound = mixer::opus_file(file)) media_.tell(media, Play{hearer, *sound});
}

// ── Who is called in ─────────────────────────────────────────────────────────────────────────────

void Focus::dial(const std::string& key, const Conference::Dial& wanted, TimePoint now) {
    auto targets = options_.expand(wanted.target);
    if (targets.size() > called_at_once_max) targets.resize(called_at_once_max);
    bool any = false;
    for (const auto& target : targets) {
        const auto uri = target.find(':') == std::string::npos ? options_.uri_of(target) : target;
        any |= dial_one(key, uri, wanted.by, now);
    }
    if (!any && referral_) referrals_.tell(*std::exchange(referral_, {}), {404, "Not Found"}, now);
}

/// By the line inside, so that the router finds him as it finds anybody: his devices, a number, a
/// gateway. The URI may say which call of his this one is to replace.
bool Focus::dial_one(const std::string& key, const std::string& uri, const Actor& by,
                     TimePoint now) {
    const auto found = sessions_in_.find(key);
    const auto parsed = sip::Uri::parse(uri);
    const bool callable = parsed && (parsed->is_sip() || parsed->scheme == sip::Uri::Scheme::tel);
    if (found == sessions_in_.end() || !callable) return false;
    const auto& room = found->second.conference->room();
    if (found->second.legs >= room.policy.all.participants_max) return false;
    const mixer::LegId id{++last_id_};
    auto& leg = add_leg(id, key, room);
    leg.referral = std::exchange(referral_, {});
    const auto plain = uri.substr(0, uri.find('?'));
    leg.newcomer.shown.leg = id;
    leg.newcomer.shown.uri = plain;
    leg.newcomer.shown.dialled_in = false;
    ++found->second.called;
    leg.newcomer.shown.member = options_.member_named(plain);
    leg.newcomer.language = options_.language_of(leg.newcomer.shown.member);
    leg.newcomer.invited = true;
    log_.info("leg.dialling", {{"leg", id.value}, {"to", Redacted{uri}}});
    if (!open_media(id, leg, {})) {
        tell_referrer(leg, 503, "No Media Port", now);
        remove(id, "No Media Port", now);
        return false;
    }
    const auto offer = leg.negotiation.offer(local_media_of(leg));
    const auto own = options_.uri_of(room.name);
    const auto served =
        options_.member_named(options_.uri_of(by.name)).empty() ? own : options_.uri_of(by.name);
    bind(id, agent_.call({plain, "\"" + room.name + "\" <" + own + ">", offer, served,
                          parsed->header("Replaces")},
                         now, sip::inside(sip::Inside::server_of_rooms)));
    return true;
}

// ── Writing ──────────────────────────────────────────────────────────────────────────────────────

void Focus::handle_written(mixer::LegId id, const sip::InviteSession::Written& written,
                           TimePoint now) {
    const auto& leg = legs_.at(id);
    const auto& conference = sessions_in_.at(leg.room).conference;
    const auto author = conference ? conference->participant(id) : std::nullopt;
    if (author && author->is_inside()) {
        const auto uri = sip::Uri::parse(author->uri);
        const auto name = !author->display.empty()  ? author->display
                          : !author->member.empty() ? author->member
                          : uri                     ? std::string(uri->user)
                                                    : author->uri;
        outputs_.push_back(Written{leg.room,
                                   author->member,
                                   name,
                                   leg.session,
                                   {written.transaction, written.message, {}}});
        return;
    }
    agent_.respond(written.transaction,
                   sip::MessageWriter::reply(written.message, 403, "Not in a Room", {}).finish(),
                   now);
}

// ── REFER, RFC 4579 §5 ───────────────────────────────────────────────────────────────────────────

void Focus::tell_referrer(Leg& leg, int status, std::string_view reason, TimePoint now) {
    if (!leg.referral) return;
    referrals_.tell(*leg.referral, {status, std::string(reason)}, now);
    if (status >= 200) leg.referral.reset();
}

void Focus::handle_referral(mixer::LegId id, const sip::InviteSession::Referred& referred,
                            TimePoint now) {
    const auto& leg = legs_.at(id);
    const auto what = sip::Referral::of(referred.refer);
    if (!what) return referrals_.refuse(referred.transaction, referred.refer, what.error(), now);
    const auto& conference = sessions_in_.at(leg.room).conference;
    const auto shown = conference ? conference->participant(id) : std::nullopt;
    const Actor by{By::sip, id, !shown ? "" : shown->member.empty() ? shown->uri : shown->member};
    const auto key = leg.room;
    const auto action = action_of(key, *what, by);
    if (!action)
        return referrals_.refuse(referred.transaction, referred.refer, action.error(), now);
    const auto referral = referrals_.accept(leg.session, referred, what->quiet, now);
    refer(key, *action, by, referral, now);
}

void Focus::handle_refer(const sip::ReferReceived& received, TimePoint now) {
    const auto refuse = [&](int status) {
        referrals_.refuse(received.transaction, received.refer, status, now);
    };
    const auto uri = sip::Uri::parse(received.refer.request_uri());
    const auto key = uri ? to_lower(uri->user_name()) : std::string();
    if (!conference(key)) return refuse(404);
    const auto by = actor_of(received, key, now);
    if (!by) return;
    const auto what = sip::Referral::of(received.refer);
    if (!what) return refuse(what.error());
    const auto action = action_of(key, *what, *by);
    if (!action) return refuse(action.error());
    refer(key, *action, *by, referrals_.accept(received, what->quiet, now), now);
}

/// Who sends a REFER from outside of any dialog: he who knows a dialog with this room (RFC 4538
/// §3), or a member, by his password. None: it has been answered.
std::optional<Actor> Focus::actor_of(const sip::ReferReceived& received, const std::string& key,
                                     TimePoint now) {
    if (const auto target = received.refer.header(sip::Header::target_dialog)) {
        const auto named = sip::DialogReference::parse(sip::Header::target_dialog, *target);
        const auto session = named ? agent_.session_of(named->key) : std::nullopt;
        mixer::LegId id;
        const auto* leg = session ? leg_of(*session, id) : nullptr;
        if (leg && leg->room == key) {
            const auto shown = conference(key)->participant(id);
            return Actor{By::sip, id, shown ? shown->uri : ""};
        }
    }
    auto outcome = identity_.check(received.refer, received.from, now);
    if (!outcome.user) {
        auto writer = sip::MessageWriter::reply(received.refer, 401, {}, entropy_.hex(8));
        for (const auto& [name, value] : outcome.challenge) writer.header(name, value);
        agent_.respond(received.transaction, writer.finish(), now);
        return std::nullopt;
    }
    Actor by{By::sip, {}, *outcome.user};
    const auto& room = conference(key)->room();
    const auto role = room.roles.find(*outcome.user);
    by.administrator = identity_.is_administrator(*outcome.user) ||
                       (role != room.roles.end() && role->second == Role::host);
    for (const auto& each : conference(key)->participants())
        if (each.member == *outcome.user) by.leg = each.leg;
    return by;
}

Result<Action, int> Focus::action_of(const std::string& key, const sip::Referral& what,
                                     const Actor& by) const {
    const auto* in_session = conference(key);
    if (!in_session) return 404;
    const auto standing = in_session->standing_of(by);
    if (what.method == sip::Method::invite) {
        if (!may(standing, Kind::dial_out, false, in_session->policy().all)) return 403;
        return Action{Kind::dial_out, Whom::himself, {}, 0, what.target};
    }
    if (what.method != sip::Method::bye) return 501;
    if (bare(what.uri) == bare(options_.uri_of(in_session->room().name))) {
        if (!may(standing, Kind::end, false, in_session->policy().all)) return 403;
        return Action{Kind::end};
    }
    if (!may(standing, Kind::kick, false, in_session->policy().all)) return 403;
    for (const auto& each : in_session->participants())
        if (bare(each.uri) == bare(what.uri)) return Action{Kind::kick, Whom::one, each.leg};
    return 404;
}

void Focus::refer(const std::string& key, const Action& action, const Actor& by,
                  std::optional<Referrals::Id> referral, TimePoint now) {
    referral_ = referral;
    const auto denied = apply(key, action, by, now);
    if (!referral_) return; // Whom it is about will answer.
    const sip::ReferralState state = denied ? sip::ReferralState{603, std::string(name_of(*denied))}
                                            : sip::ReferralState{200, "OK"};
    referrals_.tell(*std::exchange(referral_, {}), state, now);
}

} // namespace lyceum::focus
