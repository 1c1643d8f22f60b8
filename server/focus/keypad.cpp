// SPDX-License-Identifier: Apache-2.0
#include "server/focus/keypad.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace lyceum::focus {
namespace {

using Kind = Action::Kind;
using Whom = Action::Whom;

/// One who presses keys in a room where he is.
struct Presser {
    Conference& conference;
    Participant shown;
    TimePoint now;

    void say(Prompt prompt, unsigned number = 0) const {
        conference.say(shown.leg, {prompt, number});
    }

    /// What was refused is said; what was done, if the one it happens to is not told anyway.
    void act(Action action, std::optional<Prompt> done = {}) const {
        const auto kind = action.kind;
        const Actor by{By::keypad, shown.leg, shown.member.empty() ? shown.uri : shown.member};
        const auto denied = conference.apply(action, by, now);
        if (denied) say(answer_to(*denied, kind));
        else if (done) say(*done);
    }

    static Prompt answer_to(Denial denial, Kind kind) {
        switch (denial) {
        case Denial::not_allowed:
            return kind == Kind::unmute ? Prompt::only_listening : Prompt::not_allowed;
        case Denial::nobody_waits:
            return kind == Kind::call_up ? Prompt::nobody_in_queue : Prompt::nobody_in_lobby;
        default: return Prompt::cannot_be_done;
        }
    }

    void tell_status() const {
        if (shown.hand > 0) say(Prompt::hand_up, static_cast<unsigned>(shown.hand));
        else say(Prompt::count, static_cast<unsigned>(conference.inside_count()));
    }

    void raise_or_lower_hand() const {
        if (shown.hand > 0) return act({Kind::lower_hand}, Prompt::hand_down);
        act({Kind::raise_hand});
        const auto after = conference.participant(shown.leg);
        if (after && after->hand > 0) say(Prompt::hand_up, static_cast<unsigned>(after->hand));
    }

    void press_star(char key) const {
        switch (key) {
        case '1': return act({shown.muted ? Kind::unmute : Kind::mute});
        case '2': return raise_or_lower_hand();
        case '3': return tell_status();
        case '4': return act({Kind::ear_volume, Whom::himself, {}, -1}, Prompt::key_tone);
        case '6': return act({Kind::ear_volume, Whom::himself, {}, 1}, Prompt::key_tone);
        case '7': return act({Kind::voice_volume, Whom::himself, {}, -1}, Prompt::key_tone);
        case '9': return act({Kind::voice_volume, Whom::himself, {}, 1}, Prompt::key_tone);
        case '0': return say(Prompt::menu);
        default: return say(Prompt::no_such_key);
        }
    }

    void press_two_stars(char key) const {
        const auto all = Whom::all_but_hosts;
        switch (key) {
        case '1': return act({Kind::mute, all});
        case '2': return act({Kind::unmute, all});
        case '3': return act({Kind::call_up}, Prompt::key_tone);
        case '4': return act({Kind::admit}, Prompt::key_tone);
        case '5': return act({Kind::deny}, Prompt::key_tone);
        case '6':
            if (conference.is_locked()) return act({Kind::unlock}, Prompt::unlocked);
            return act({Kind::lock}, Prompt::locked);
        case '7':
            if (conference.is_lecture()) return act({Kind::lecture_off}, Prompt::lecture_off);
            return act({Kind::lecture_on}, Prompt::lecture_on);
        case '8': return act({Kind::lower_hand, Whom::everybody}, Prompt::hands_down);
        case '9': return act({Kind::end});
        case '0': return say(shown.is_host() ? Prompt::host_menu : Prompt::not_allowed);
        default: return say(Prompt::no_such_key);
        }
    }
};

} // namespace

void Keypad::press(Conference& conference, mixer::LegId leg, char key, TimePoint now) {
    const auto shown = conference.participant(leg);
    if (!shown) return;
    if (keys_.starts_with('*') && now - last_ > patience) keys_.clear();
    last_ = now;
    conference.hush(leg);
    if (key == '*') {
        keys_ = keys_ == "*" ? "**" : keys_ == "**" ? keys_ : "*";
        return;
    }
    if (keys_.starts_with('*')) {
        const auto stars = std::exchange(keys_, {});
        if (key == '#') return;
        const Presser presser{conference, *shown, now};
        return stars.size() == 1 ? presser.press_star(key) : presser.press_two_stars(key);
    }
    if (key != '#') keys_ += key;
    const bool ended = key == '#' || keys_.size() == pin_digits_max;
    if (keys_.empty() || (!ended && !conference.is_pin(leg, keys_))) return;
    conference.enter_pin(leg, std::exchange(keys_, {}), now);
}

} // namespace lyceum::focus
