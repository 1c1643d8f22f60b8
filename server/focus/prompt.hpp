// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace lyceum::focus {

/// What a room says to who has no screen. The words in each language, and how they are spoken, are
/// mixer/prompts; the tones are made.
enum class Prompt {
    // ── At the door ──
    enter_pin,
    wrong_pin,
    wrong_pin_bye,
    wait_in_lobby,
    denied_bye,
    admitted,
    // ── In the room ──
    alone,
    count, ///< How many are here.
    muted,
    unmuted,
    muted_by_host,
    unmuted_by_host,
    you_are_muted,
    only_listening,
    hand_up, ///< And his place in the queue.
    hand_down,
    called_up,
    moved,
    moved_back,
    you_are_host,
    no_host_any_more,
    // ── For hosts ──
    somebody_waits,
    all_muted,
    all_unmuted,
    lecture_on,
    lecture_off,
    locked,
    unlocked,
    hands_down,
    nobody_in_queue,
    nobody_in_lobby,
    // ── The end ──
    host_left,
    five_minutes_left,
    removed_bye,
    ended_bye,
    // ── Answers to keys ──
    not_allowed,
    no_such_key,
    cannot_be_done,
    menu,
    host_menu,
    // ── Tones ──
    joined_tone,
    left_tone,
    hand_tone,
    key_tone,
    count_
};

/// One with the number that it says, if it says one.
struct Said {
    Prompt prompt;
    unsigned number = 0;

    bool operator==(const Said&) const = default;
};

/// The name of its sound: "muted", "count-3", "count-many".
std::string clip_of(const Said& said);

} // namespace lyceum::focus
