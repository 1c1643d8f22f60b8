// SPDX-License-Identifier: Apache-2.0
#include "server/focus/action.hpp"

#include <array>

namespace lyceum::focus {
namespace {

using Kind = Action::Kind;

/// Whether anybody may do it to himself; to others, and to the room, only hosts.
struct Row {
    std::string_view name;
    bool to_himself;
};
constexpr std::array<Row, static_cast<std::size_t>(Kind::count_)> table{{
    {"mute", true},        {"unmute", true}, // Who may speak: see below.
    {"deafen", true},      {"undeafen", true},     {"voice-volume", true}, {"ear-volume", true},
    {"raise-hand", true},  {"lower-hand", true},   {"call-up", false},     {"kick", false},
    {"admit", false},      {"deny", false},        {"set-role", false},    {"move", false},
    {"sidebar", false},    {"to-room", false},     {"lock", false},        {"unlock", false},
    {"lecture-on", false}, {"lecture-off", false}, {"announce", false},    {"play", false},
    {"stop", false},       {"dial-out", false}, // By policy.
    {"end", false},
}};

constexpr std::array by_names{"keypad", "sip", "web", "server"};
constexpr std::array denial_names{"not allowed",  "not let in yet",   "nobody there",
                                  "nobody waits", "so it is already", "not understood",
                                  "too many"};

bool is_among(const Standing& who, Who group) {
    switch (group) {
    case Who::nobody: return false;
    case Who::hosts: return who.role == Role::host;
    case Who::members: return who.role == Role::host || who.member;
    case Who::everybody: return true;
    }
    return false;
}

} // namespace

std::string_view name_of(Kind kind) { return table[static_cast<std::size_t>(kind)].name; }

std::string_view name_of(By by) { return by_names[static_cast<std::size_t>(by)]; }
std::string_view name_of(Denial denial) { return denial_names[static_cast<std::size_t>(denial)]; }

bool may(const Standing& who, Kind kind, bool to_himself, const Policy& policy) {
    if (!who.inside) return false;
    if (kind == Kind::dial_out) return is_among(who, policy.dial_out);
    if (who.role == Role::host) return true;
    if (!to_himself) return false;
    if (kind == Kind::unmute) return who.role == Role::speaker || who.has_floor;
    return table[static_cast<std::size_t>(kind)].to_himself;
}

Role default_role(bool member, const Policy& policy) {
    if (policy.lecture) return Role::listener;
    return is_among({Role::speaker, member}, policy.speak) ? Role::speaker : Role::listener;
}

} // namespace lyceum::focus
