// SPDX-License-Identifier: Apache-2.0
#include "server/focus/conference.hpp"

#include "base/assert.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace lyceum::focus {

using State = Participant::State;

Conference::Conference(Room room, mixer::CircleId circle, TimePoint now)
    : room_(std::move(room)), circle_(circle), last_circle_(circle.value),
      lecture_(room_.policy.all.lecture), began_(now) {
    outputs_.emplace_back(SetCircle{circle_, {{}, room_.speakers_max}});
}

// ── Who comes ────────────────────────────────────────────────────────────────────────────────────

void Conference::join(Newcomer newcomer, TimePoint now) {
    const auto leg = newcomer.shown.leg;
    auto& seat = seats_[leg];
    seat.shown = std::move(newcomer.shown);
    seat.role = newcomer.role;
    if (const auto known = room_.roles.find(seat.shown.member); known != room_.roles.end())
        if (!seat.role && !seat.shown.member.empty()) seat.role = known->second;
    seat.shown.joined = now;
    seat.shown.state = State::at_the_door;
    seat.language = std::move(newcomer.language);
    update(seat);
    changed_ = true;
    if (room_.access == Access::pin && !newcomer.invited && seat.role != Role::host)
        return say(seat, {Prompt::enter_pin});
    enter(seat, newcomer.invited, now);
}

void Conference::take_over(mixer::LegId from, Newcomer by) {
    auto node = seats_.extract(from);
    LYCEUM_ASSERT(!node.empty());
    auto& seat = node.mapped();
    auto& shown = seat.shown;
    const auto leg = by.shown.leg;
    const auto was = std::exchange(shown, std::move(by.shown));
    shown.state = was.state;
    shown.role = was.role;
    shown.muted = was.muted;
    shown.deaf = was.deaf;
    shown.has_floor = was.has_floor;
    shown.hand = was.hand;
    shown.group = was.group;
    shown.joined = was.joined;
    if (!by.language.empty()) seat.language = std::move(by.language);
    std::replace(queue_.begin(), queue_.end(), from, leg);
    seat.part.reset();
    node.key() = leg;
    update(seats_.insert(std::move(node)).position->second);
    changed_ = true;
}

/// He has shown that he may come in; whether he does is up to the lobby.
void Conference::enter(Seat& seat, bool past_lobby, TimePoint now) {
    const auto lobby = room_.policy.all.lobby;
    const bool waits =
        lobby == Lobby::everybody || (lobby == Lobby::guests && seat.shown.member.empty());
    if (!waits || past_lobby || seat.role == Role::host) return come_in(seat, now);
    seat.shown.state = State::in_lobby;
    changed_ = true;
    update(seat);
    say(seat, {Prompt::wait_in_lobby});
    tell_hosts({Prompt::somebody_waits});
}

void Conference::come_in(Seat& seat, TimePoint now) {
    tell_of(seat, true); // Before he is among those who hear it.
    seat.shown.state = State::inside;
    seat.shown.joined = now;
    seat.silenced = policy_of(seat).start_muted && !seat.shown.is_host();
    changed_ = true;
    update(seat);
    watch_hosts(now);
    const auto count = inside_count();
    if (count > greeted_max) return;
    if (seat.shown.role == Role::listener) say(seat, {Prompt::only_listening});
    else if (seat.silenced) say(seat, {Prompt::you_are_muted});
    if (count == 1) say(seat, {Prompt::alone});
}

bool Conference::wants_host_pin(const Seat& seat) const {
    const bool is_host = seat.shown.is_host() && seat.shown.is_inside();
    return !room_.host_pin.empty() && !is_host && seat.tries < pin_tries;
}

bool Conference::is_pin(mixer::LegId leg, std::string_view digits) const {
    const auto* seat = find(leg);
    if (!seat || seat->goes) return false;
    if (wants_host_pin(*seat) && digits == room_.host_pin) return true;
    return seat->shown.state == State::at_the_door && digits == room_.pin;
}

void Conference::enter_pin(mixer::LegId leg, std::string_view digits, TimePoint now) {
    auto* seat = find(leg);
    if (!seat || seat->goes) return;
    const auto note = [&](std::string what, std::optional<Denial> denied) {
        outputs_.emplace_back(
            Record{seat->shown.uri, seat->shown.uri, std::move(what), {}, By::keypad, denied});
    };
    const bool outside = seat->shown.state == State::at_the_door;
    if (wants_host_pin(*seat) && digits == room_.host_pin) {
        seat->role = Role::host;
        seat->tries = 0;
        note("claim-host", {});
        update(*seat);
        if (!seat->shown.is_inside()) enter(*seat, true, now);
        changed_ = true;
        watch_hosts(now);
        return say(*seat, {Prompt::you_are_host});
    }
    if (outside && digits == room_.pin) {
        seat->tries = 0;
        return enter(*seat, false, now);
    }
    if (!outside && !wants_host_pin(*seat)) return;
    // Who is inside may stay, but guess no more.
    if (++seat->tries < pin_tries || !outside) return say(*seat, {Prompt::wrong_pin});
    note("enter-pin", Denial::not_allowed);
    dismiss(*seat, Prompt::wrong_pin_bye, "Wrong PIN", now);
}

void Conference::set_sound(mixer::LegId leg, bool sends, bool receives) {
    auto* seat = find(leg);
    if (!seat || (seat->shown.sends == sends && seat->shown.receives == receives)) return;
    seat->shown.sends = sends;
    seat->shown.receives = receives;
    changed_ = true;
}

// ── Who goes ─────────────────────────────────────────────────────────────────────────────────────

void Conference::leave(mixer::LegId leg, TimePoint now) {
    const auto found = seats_.find(leg);
    if (found == seats_.end()) return;
    const bool counted = !found->second.goes && found->second.shown.is_inside();
    if (counted) {
        found->second.shown.state = State::at_the_door;
        tell_of(found->second, false);
    }
    drop(leg, now);
}

void Conference::drop(mixer::LegId leg, TimePoint now) {
    auto& seat = seats_.at(leg);
    unqueue(leg);
    set_group(seat, {});
    seats_.erase(leg);
    changed_ = true;
    watch_hosts(now);
}

std::optional<Conference::Newcomer> Conference::take_out(mixer::LegId leg, TimePoint now) {
    auto* seat = find(leg);
    if (!seat || seat->goes) return std::nullopt;
    Newcomer out{seat->shown, {}, seat->language, true};
    out.shown.hand = 0;
    out.shown.has_floor = false;
    out.shown.group.clear();
    if (seat->shown.is_inside()) tell_of(*seat, false);
    drop(leg, now);
    return out;
}

/// He is heard no more, hears why, and is hung up a little later.
void Conference::dismiss(Seat& seat, Prompt prompt, std::string_view why, TimePoint now) {
    seat.goes = now + farewell;
    seat.why = why;
    unqueue(seat.shown.leg);
    set_group(seat, {});
    changed_ = true;
    update(seat);
    say(seat, {prompt});
}

/// It is said to all at once, which costs no more than to one.
void Conference::dismiss_all(std::string_view why, TimePoint now) {
    ends_.reset();
    had_host_ = false; // Whoever comes into the same room next starts anew.
    began_ = now;
    warned_ = false;
    for (auto& [leg, seat] : seats_) {
        if (seat.goes) continue;
        if (!seat.shown.is_inside()) {
            dismiss(seat, Prompt::ended_bye, why, now);
            continue;
        }
        unqueue(leg);
        set_group(seat, {});
        seat.silenced = true;
        update(seat);
        seat.goes = now + farewell;
        seat.why = why;
    }
    changed_ = true;
    outputs_.emplace_back(Say{circle_, {Prompt::ended_bye}, room_.policy.all.language});
}

/// A room whose last host has gone ends after a while, if the policy says so and none comes back.
void Conference::watch_hosts(TimePoint now) {
    const auto grace = room_.policy.all.end_after_host;
    const bool has_host = std::any_of(seats_.begin(), seats_.end(), [](const auto& each) {
        const auto& seat = each.second;
        return !seat.goes && seat.shown.is_inside() && seat.shown.is_host();
    });
    had_host_ |= has_host;
    if (has_host || !had_host_ || grace == grace.zero()) {
        ends_.reset();
    } else if (!ends_) {
        ends_ = now + grace;
        outputs_.emplace_back(Say{circle_, {Prompt::host_left}, room_.policy.all.language});
    }
}

// ── Time ─────────────────────────────────────────────────────────────────────────────────────────

namespace {
constexpr Duration warned_before = std::chrono::minutes(5);
} // namespace

std::optional<TimePoint> Conference::deadline() const {
    auto next = ends_;
    for (const auto& [leg, seat] : seats_) next = earlier(next, seat.goes);
    const auto limit = room_.policy.all.time_limit;
    if (limit == limit.zero() || seats_.empty()) return next;
    const auto end = began_ + limit;
    return earlier(next, warned_ || limit <= warned_before ? end : end - warned_before);
}

void Conference::handle_timeout(TimePoint now) {
    const auto limit = room_.policy.all.time_limit;
    const bool limited = limit != limit.zero();
    if ((ends_ && now >= *ends_) || (limited && now >= began_ + limit)) {
        outputs_.emplace_back(
            Record{{}, {}, std::string(name_of(Action::Kind::end)), {}, By::server, {}});
        dismiss_all("Conference ended", now);
    } else if (limited && limit > warned_before && !warned_ &&
               now >= began_ + limit - warned_before) {
        warned_ = true;
        outputs_.emplace_back(Say{circle_, {Prompt::five_minutes_left}, room_.policy.all.language});
    }
    for (auto& [leg, seat] : seats_) {
        if (!seat.goes || now < *seat.goes) continue;
        outputs_.emplace_back(HangUp{leg, seat.why});
        seat.goes = now + farewell; // Until it is gone.
    }
}

std::optional<Conference::Output> Conference::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
}

// ── What everybody is ────────────────────────────────────────────────────────────────────────────

void Conference::set_room(Room room, TimePoint now) {
    if (room == room_) return;
    const auto before = std::exchange(room_, std::move(room));
    if (before.policy.all.lecture != room_.policy.all.lecture) lecture_ = room_.policy.all.lecture;
    if (before.speakers_max != room_.speakers_max)
        outputs_.emplace_back(SetCircle{circle_, {{}, room_.speakers_max}});
    for (auto& [leg, seat] : seats_) {
        if (const auto role = room_.roles.find(seat.shown.member);
            role != room_.roles.end() && before.roles != room_.roles)
            seat.role = role->second;
        if (room_.policy.all.lobby == Lobby::off && seat.shown.state == State::in_lobby)
            come_in(seat, now);
    }
    update_all();
    watch_hosts(now);
}

/// What follows from who he is, what was done to him, and the rules; said to the mixer if it is
/// other than before.
void Conference::update(Seat& seat) {
    auto& shown = seat.shown;
    auto policy = room_.policy.all;
    policy.lecture = lecture_;
    const auto role = seat.role.value_or(default_role(!shown.member.empty(), policy));
    const bool may_be_heard = role != Role::listener || shown.has_floor;
    const bool muted = seat.silenced || !may_be_heard;
    changed_ |= role != shown.role || muted != shown.muted;
    shown.role = role;
    shown.muted = muted;
    const auto part = part_of(seat);
    if (seat.part == part) return;
    seat.part = part;
    outputs_.emplace_back(SetPart{shown.leg, part});
}

void Conference::update_all() {
    for (auto& [leg, seat] : seats_) update(seat);
}

mixer::Part Conference::part_of(const Seat& seat) const {
    const auto gain = [](int steps) {
        return std::pow(10.0f, 3.0f * static_cast<float>(steps) / 20);
    };
    const auto& shown = seat.shown;
    const auto group = groups_.find(shown.group);
    return {group == groups_.end() ? circle_ : group->second,
            shown.is_inside() && !seat.goes,
            !shown.muted,
            !shown.deaf,
            gain(seat.voice_volume),
            gain(seat.ear_volume),
            shown.is_host()};
}

const Policy& Conference::policy_of(const Seat& seat) const {
    return room_.policy.of(seat.shown.role);
}

Conference::Seat* Conference::find(mixer::LegId leg) {
    const auto found = seats_.find(leg);
    return found == seats_.end() ? nullptr : &found->second;
}

const Conference::Seat* Conference::find(mixer::LegId leg) const {
    const auto found = seats_.find(leg);
    return found == seats_.end() ? nullptr : &found->second;
}

std::vector<Participant> Conference::participants() const {
    std::vector<Participant> out;
    for (const auto& [leg, seat] : seats_)
        if (!seat.goes) out.push_back(seat.shown);
    return out;
}

std::optional<Participant> Conference::participant(mixer::LegId leg) const {
    const auto* seat = find(leg);
    return seat && !seat->goes ? std::optional(seat->shown) : std::nullopt;
}

std::size_t Conference::inside_count() const {
    return static_cast<std::size_t>(
        std::count_if(seats_.begin(), seats_.end(), [](const auto& each) {
            return each.second.shown.is_inside() && !each.second.goes;
        }));
}

// ── What is said ─────────────────────────────────────────────────────────────────────────────────

void Conference::say(mixer::LegId leg, Said said) {
    if (const auto* seat = find(leg)) say(*seat, said);
}

void Conference::hush(mixer::LegId leg) { outputs_.emplace_back(Hush{leg}); }

void Conference::say(const Seat& seat, Said said) {
    outputs_.emplace_back(Say{seat.shown.leg, said,
                              seat.language.empty() ? policy_of(seat).language : seat.language});
}

void Conference::tell_hosts(Said said) {
    for (const auto& [leg, seat] : seats_)
        if (seat.shown.is_host() && seat.shown.is_inside() && !seat.goes) say(seat, said);
}

/// What those inside hear of who comes or goes.
void Conference::tell_of(const Seat& seat, bool comes) {
    if (inside_count() == 0) return;
    const auto& language = room_.policy.all.language;
    switch (policy_of(seat).joins) {
    case JoinSound::none: return;
    case JoinSound::name:
        if (comes && !seat.shown.display.empty()) {
            outputs_.emplace_back(
                Announce{{circle_}, seat.shown.display.substr(0, name_max), language});
            return;
        }
        [[fallthrough]];
    case JoinSound::tone:
        outputs_.emplace_back(
            Say{circle_, {comes ? Prompt::joined_tone : Prompt::left_tone}, language});
    }
}

} // namespace lyceum::focus
