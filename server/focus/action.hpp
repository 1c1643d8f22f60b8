// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mixer/media_leg.hpp"
#include "server/focus/policy.hpp"

#include <optional>
#include <string>
#include <string_view>

/// What can be done to a room in session, and who may. Keypads, SIP and the web are skins of this.
namespace lyceum::focus {

struct Action {
    enum class Kind {
        mute,
        unmute,
        deafen,
        undeafen,
        voice_volume, ///< Of his voice to others: `amount` steps of 3 dB up or down.
        ear_volume,   ///< Of what he hears.
        raise_hand,
        lower_hand,
        call_up, ///< Gives him the floor; without a target, who has waited longest.
        kick,
        admit, ///< From the lobby; without a target, who has waited longest.
        deny,
        set_role, ///< `text`: the role. Gives and takes the host.
        move,     ///< `text`: the name of a group, empty: back among all.
        sidebar,  ///< The same, to a group that hears the others fainter and is not heard by them.
        to_room,  ///< `text`: the name of another room.
        lock,
        unlock,
        lecture_on,
        lecture_off,
        announce, ///< `text`, spoken.
        play,     ///< `text`: the name of a sound that is kept here.
        stop,     ///< What is played or announced to these ends.
        dial_out, ///< `text`: a URI or a number.
        end,
        count_
    };
    enum class Whom { himself, one, everybody, all_but_hosts, group };

    Kind kind;
    Whom whom = Whom::himself;
    mixer::LegId target{}; ///< Of Whom::one.
    int amount = 0;
    std::string text{};
    std::string group{}; ///< Of Whom::group; empty: those who are in none.
};
std::string_view name_of(Action::Kind kind);

/// By what an action came: for the record.
enum class By { keypad, sip, web, server };
std::string_view name_of(By by);

/// Who acts: a participant, or from outside a member who may act for others.
struct Actor {
    By by = By::server;
    std::optional<mixer::LegId> leg{};
    std::string name{};         ///< For the record: whom the system takes him for.
    bool administrator = false; ///< Acts as a host.
};

/// Why an action is refused, in one value for all skins.
enum class Denial {
    not_allowed,  ///< His role or the policy does not let him.
    waits,        ///< He is not let in yet himself.
    nobody_there, ///< Whom it is about has left, or was never here.
    nobody_waits, ///< The queue or the lobby is empty.
    pointless,    ///< It is so already.
    bad_value,
    full, ///< Of queue, groups: a limit of the room.
};
std::string_view name_of(Denial denial);

/// What decides about one who acts.
struct Standing {
    Role role = Role::listener;
    bool member = false;
    bool inside = true; ///< Not in the lobby and not at the door.
    bool has_floor = false;
};

/// Whether one may do this at all, to himself or to others: the table of roles, actions and policy.
bool may(const Standing& who, Action::Kind kind, bool to_himself, const Policy& policy);

/// What a participant is if nothing else is said of him.
Role default_role(bool member, const Policy& policy);

} // namespace lyceum::focus
