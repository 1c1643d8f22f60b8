// SPDX-License-Identifier: Apache-2.0
/// What can be done in a room: each action, its targets and its effect.
#include "server/focus/conference.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace lyceum::focus {

using Kind = Action::Kind;
using Whom = Action::Whom;
using State = Participant::State;

namespace {

bool is_about_lobby(Kind kind) { return kind == Kind::admit || kind == Kind::deny; }
bool goes_to_next(Kind kind) { return is_about_lobby(kind) || kind == Kind::call_up; }

} // namespace

std::optional<Denial> Conference::apply(const Action& action, const Actor& by, TimePoint now) {
    auto whom = name_for_record(action, by); // He may be gone when it is done.
    const auto denied = carry_out(action, by, now);
    const bool readable = action.text.size() <= text_max && is_utf8(action.text);
    outputs_.emplace_back(Record{by.name, std::move(whom), std::string(name_of(action.kind)),
                                 readable ? action.text : "", by.by, denied});
    return denied;
}

std::string Conference::name_for_record(const Action& action, const Actor& by) const {
    if (action.whom == Whom::everybody) return "everybody";
    if (action.whom == Whom::all_but_hosts) return "all but hosts";
    if (action.whom == Whom::group) return "group " + action.group;
    auto leg = action.whom == Whom::one ? std::optional(action.target) : by.leg;
    if (action.whom == Whom::himself && goes_to_next(action.kind)) leg = next_for(action.kind);
    const auto* seat = leg ? find(*leg) : nullptr;
    return seat ? seat->shown.uri : std::string();
}

Standing Conference::standing_of(const Actor& by) const {
    const auto* seat = by.leg ? find(*by.leg) : nullptr;
    if (by.administrator) return {Role::host, true};
    if (!seat) return {.inside = false};
    return {seat->shown.role, !seat->shown.member.empty(), seat->shown.is_inside() && !seat->goes,
            seat->shown.has_floor};
}

std::optional<Denial> Conference::carry_out(const Action& action, const Actor& by, TimePoint now) {
    if (action.text.size() > text_max || !is_utf8(action.text)) return Denial::bad_value;
    const auto standing = standing_of(by);
    if (!standing.inside) return Denial::waits;
    const bool to_himself = by.leg && (action.whom == Whom::himself ||
                                       (action.whom == Whom::one && action.target == *by.leg));
    if (!may(standing, action.kind, to_himself, room_.policy.all)) return Denial::not_allowed;
    if (action.kind >= Kind::lock) return do_to_room(action, by, now);
    auto targets = targets_of(action, by);
    if (!targets) return targets.error();
    std::optional<Denial> first;
    bool any = false;
    for (auto* seat : *targets) {
        const auto denied = do_to(*seat, action, by.leg == seat->shown.leg, now);
        any |= !denied;
        if (denied && !first) first = denied;
    }
    if (!any) return first;
    // What happens to all is said to all at once, which costs no more than to one.
    const bool to_all = action.whom == Whom::everybody || action.whom == Whom::all_but_hosts;
    if (to_all && (action.kind == Kind::mute || action.kind == Kind::unmute))
        outputs_.emplace_back(
            Say{circle_,
                {action.kind == Kind::mute ? Prompt::all_muted : Prompt::all_unmuted},
                room_.policy.all.language});
    return std::nullopt;
}

std::optional<mixer::LegId> Conference::next_for(Kind kind) const {
    if (!is_about_lobby(kind)) return queue_.empty() ? std::nullopt : std::optional(queue_.front());
    const Seat* longest = nullptr;
    for (const auto& [leg, seat] : seats_)
        if (seat.shown.state == State::in_lobby && !seat.goes &&
            (!longest || seat.shown.joined < longest->shown.joined))
            longest = &seat;
    return longest ? std::optional(longest->shown.leg) : std::nullopt;
}

Result<Conference::Targets, Denial> Conference::targets_of(const Action& action, const Actor& by) {
    Targets out;
    const bool in_lobby = is_about_lobby(action.kind);
    if (action.whom == Whom::himself && goes_to_next(action.kind)) {
        const auto next = next_for(action.kind);
        if (!next) return Denial::nobody_waits;
        for (auto& [leg, seat] : seats_) { // Who is called up takes the place of the last.
            if (in_lobby || !std::exchange(seat.shown.has_floor, false)) continue;
            changed_ = true;
            update(seat);
        }
        out.push_back(find(*next));
    } else if (action.whom == Whom::himself || action.whom == Whom::one) {
        auto* seat = action.whom == Whom::one ? find(action.target)
                     : by.leg                 ? find(*by.leg)
                                              : nullptr;
        if (!seat || seat->goes) return Denial::nobody_there;
        out.push_back(seat);
    } else {
        for (auto& [leg, seat] : seats_) {
            const bool fits =
                in_lobby ? seat.shown.state == State::in_lobby : is_meant(seat, action);
            // What he does to all, a host does not do to himself.
            if (fits && !seat.goes && by.leg != leg) out.push_back(&seat);
        }
        if (out.empty()) return in_lobby ? Denial::nobody_waits : Denial::nobody_there;
    }
    return out;
}

/// Whether he is one of those whom an action on many is about.
bool Conference::is_meant(const Seat& seat, const Action& action) {
    if (!seat.shown.is_inside() || seat.goes) return false;
    if (action.whom == Whom::all_but_hosts) return !seat.shown.is_host();
    return action.whom != Whom::group || seat.shown.group == action.group;
}

std::optional<Denial> Conference::do_to(Seat& seat, const Action& action, bool by_himself,
                                        TimePoint now) {
    auto& shown = seat.shown;
    const auto set = [&](auto& value, auto to) -> std::optional<Denial> {
        if (value == to) return Denial::pointless;
        value = to;
        changed_ = true;
        update(seat);
        return std::nullopt;
    };
    const auto turn = [&](int& volume) -> std::optional<Denial> {
        const int to = std::clamp(volume + action.amount, volume_min, volume_max);
        return set(volume, to);
    };
    const bool in_lobby = shown.state == State::in_lobby;
    switch (action.kind) {
    case Kind::mute:
    case Kind::unmute: return silence(seat, action, by_himself);
    case Kind::deafen: return set(shown.deaf, true);
    case Kind::undeafen: return set(shown.deaf, false);
    case Kind::voice_volume: return turn(seat.voice_volume);
    case Kind::ear_volume: return turn(seat.ear_volume);
    case Kind::raise_hand: return raise_hand(seat, true);
    case Kind::lower_hand: return raise_hand(seat, false);
    case Kind::call_up: return call_up(seat);
    case Kind::move: return move(seat, action.text, false);
    case Kind::sidebar:
        if (action.text.empty()) return Denial::bad_value;
        return move(seat, action.text, true);
    case Kind::to_room:
        if (!shown.is_inside()) return Denial::waits;
        outputs_.emplace_back(Cross{shown.leg, action.text});
        return std::nullopt;
    case Kind::kick:
        if (shown.is_inside()) tell_of(seat, false);
        dismiss(seat, Prompt::removed_bye, "Removed by a host", now);
        watch_hosts(now);
        return std::nullopt;
    case Kind::admit:
        if (!in_lobby) return Denial::pointless;
        say(seat, {Prompt::admitted});
        come_in(seat, now);
        return std::nullopt;
    case Kind::deny:
        if (!in_lobby) return Denial::pointless;
        dismiss(seat, Prompt::denied_bye, "Not let in", now);
        return std::nullopt;
    case Kind::set_role: {
        const auto role = focus::role_of(action.text);
        if (!role) return Denial::bad_value;
        if (!shown.is_inside()) return Denial::waits;
        const bool was_host = shown.is_host();
        if (const auto denied = set(seat.role, std::optional(*role))) return denied;
        if (was_host != shown.is_host())
            say(seat, {was_host ? Prompt::no_host_any_more : Prompt::you_are_host});
        watch_hosts(now);
        return std::nullopt;
    }
    default: return Denial::bad_value;
    }
}

/// A host who unmutes one that may only listen gives him the floor; muting takes it.
std::optional<Denial> Conference::silence(Seat& seat, const Action& action, bool by_himself) {
    auto& shown = seat.shown;
    const bool silent = action.kind == Kind::mute;
    const bool to_one = action.whom == Whom::himself || action.whom == Whom::one;
    if (!silent && !to_one && shown.role == Role::listener) return Denial::pointless;
    if (!shown.is_inside()) return Denial::waits;
    if (shown.muted == silent) return Denial::pointless;
    seat.silenced = silent;
    if (!silent && shown.role == Role::listener) shown.has_floor = true;
    if (silent) shown.has_floor = false;
    update(seat);
    if (!to_one) return std::nullopt;
    if (by_himself) say(seat, {silent ? Prompt::muted : Prompt::unmuted});
    else say(seat, {silent ? Prompt::muted_by_host : Prompt::unmuted_by_host});
    return std::nullopt;
}

std::optional<Denial> Conference::raise_hand(Seat& seat, bool up) {
    const auto leg = seat.shown.leg;
    if (!seat.shown.is_inside()) return Denial::waits;
    if (up == (seat.shown.hand > 0)) return Denial::pointless;
    if (up) {
        queue_.push_back(leg);
        seat.shown.hand = queue_.size();
        tell_hosts({Prompt::hand_tone});
    } else {
        unqueue(leg);
    }
    changed_ = true;
    return std::nullopt;
}

void Conference::unqueue(mixer::LegId leg) {
    const auto place = std::find(queue_.begin(), queue_.end(), leg);
    if (place == queue_.end()) return;
    queue_.erase(place);
    find(leg)->shown.hand = 0;
    for (std::size_t i = 0; i < queue_.size(); ++i) find(queue_[i])->shown.hand = i + 1;
    changed_ = true;
}

std::optional<Denial> Conference::call_up(Seat& seat) {
    if (!seat.shown.is_inside()) return Denial::waits;
    if (seat.shown.has_floor) return Denial::pointless;
    unqueue(seat.shown.leg);
    seat.shown.has_floor = true;
    seat.silenced = false;
    changed_ = true;
    update(seat);
    say(seat, {Prompt::called_up});
    return std::nullopt;
}

/// Groups are there as long as somebody is in them; who makes one says whether it hears the others.
std::optional<Denial> Conference::move(Seat& seat, const std::string& group,
                                       bool hears_the_others) {
    auto& shown = seat.shown;
    if (shown.group == group) return Denial::pointless;
    if (!shown.is_inside()) return Denial::waits;
    if (!group.empty() && !groups_.contains(group)) {
        if (groups_.size() >= groups_max) return Denial::full;
        const mixer::CircleId circle{++last_circle_};
        groups_.emplace(group, circle);
        mixer::CircleOptions options{{}, room_.speakers_max};
        if (hears_the_others) options.overhears.push_back({circle_, sidebar_gain});
        outputs_.emplace_back(SetCircle{circle, std::move(options)});
    }
    set_group(seat, group);
    say(seat, {group.empty() ? Prompt::moved_back : Prompt::moved});
    return std::nullopt;
}

void Conference::set_group(Seat& seat, const std::string& group) {
    const auto left = std::exchange(seat.shown.group, group);
    if (left == group) return;
    changed_ = true;
    update(seat);
    const bool used = std::any_of(seats_.begin(), seats_.end(), [&](const auto& each) {
        return each.second.shown.group == left;
    });
    if (left.empty() || used) return;
    outputs_.emplace_back(RemoveCircle{groups_.at(left)});
    groups_.erase(left);
}

std::optional<Denial> Conference::do_to_room(const Action& action, const Actor& by, TimePoint now) {
    switch (action.kind) {
    case Kind::lock:
    case Kind::unlock: {
        const bool lock = action.kind == Kind::lock;
        if (lock == locked_) return Denial::pointless;
        locked_ = lock;
        changed_ = true;
        return std::nullopt;
    }
    case Kind::lecture_on: return set_lecture(true);
    case Kind::lecture_off: return set_lecture(false);
    case Kind::announce:
    case Kind::play:
        if (action.text.empty()) return Denial::bad_value;
        [[fallthrough]];
    case Kind::stop: return announce(action, by);
    case Kind::dial_out:
        if (action.text.empty()) return Denial::bad_value;
        if (seats_.size() >= room_.policy.all.participants_max) return Denial::full;
        outputs_.emplace_back(Dial{action.text, by});
        return std::nullopt;
    case Kind::end: dismiss_all("Ended by a host", now); return std::nullopt;
    default: return Denial::bad_value;
    }
}

/// To one also where he waits; to all also those who are in groups.
std::optional<Denial> Conference::announce(const Action& action, const Actor& by) {
    Announce out{{}, action.text, room_.policy.all.language, action.kind == Kind::play};
    switch (action.whom) {
    case Whom::himself:
    case Whom::one: {
        const auto leg = action.whom == Whom::one ? std::optional(action.target) : by.leg;
        const auto* seat = leg ? find(*leg) : nullptr;
        if (!seat || seat->goes) return Denial::nobody_there;
        out.to = {*leg};
        break;
    }
    case Whom::everybody:
        out.to = {circle_};
        for (const auto& [name, circle] : groups_) out.to.emplace_back(circle);
        break;
    case Whom::group: {
        const auto group = groups_.find(action.group);
        if (!action.group.empty() && group == groups_.end()) return Denial::nobody_there;
        out.to = {action.group.empty() ? circle_ : group->second};
        break;
    }
    case Whom::all_but_hosts:
        for (const auto& [leg, seat] : seats_)
            if (is_meant(seat, action)) out.to.emplace_back(leg);
        if (out.to.empty()) return Denial::nobody_there;
    }
    if (action.kind == Kind::stop)
        for (const auto& hearer : out.to) outputs_.emplace_back(Hush{hearer});
    else outputs_.emplace_back(std::move(out));
    return std::nullopt;
}

/// Roles that nobody was given follow; who had the floor keeps it.
std::optional<Denial> Conference::set_lecture(bool on) {
    if (lecture_ == on) return Denial::pointless;
    lecture_ = on;
    changed_ = true;
    update_all();
    return std::nullopt;
}

} // namespace lyceum::focus
