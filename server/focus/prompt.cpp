// SPDX-License-Identifier: Apache-2.0
#include "server/focus/prompt.hpp"

#include <array>

namespace lyceum::focus {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Prompt::count_)> names{
    "enter-pin",       "wrong-pin",      "wrong-pin-bye",
    "wait-in-lobby",   "denied-bye",     "admitted",
    "alone",           "count",          "muted",
    "unmuted",         "muted-by-host",  "unmuted-by-host",
    "you-are-muted",   "only-listening", "hand-up",
    "hand-down",       "called-up",      "moved",
    "moved-back",      "you-are-host",   "no-host-any-more",
    "somebody-waits",  "all-muted",      "all-unmuted",
    "lecture-on",      "lecture-off",    "locked",
    "unlocked",        "hands-down",     "nobody-in-queue",
    "nobody-in-lobby", "host-left",      "five-minutes-left",
    "removed-bye",     "ended-bye",      "not-allowed",
    "no-such-key",     "cannot-be-done", "menu",
    "host-menu",       "joined-tone",    "left-tone",
    "hand-tone",       "key-tone"};
static_assert(!names.back().empty());

constexpr unsigned count_spoken_max = 20, place_spoken_max = 10;

} // namespace

std::string clip_of(const Said& said) {
    std::string name(names[static_cast<std::size_t>(said.prompt)]);
    const auto numbered = [&](unsigned most) {
        return name + "-" + (said.number > most ? "many" : std::to_string(said.number));
    };
    if (said.prompt == Prompt::count) return numbered(count_spoken_max);
    if (said.prompt == Prompt::hand_up) return numbered(place_spoken_max);
    return name;
}

} // namespace lyceum::focus
