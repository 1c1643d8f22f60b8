// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mixer/sound_care.hpp"
#include "server/focus/policy.hpp"
#include "sip/sdp/crypto.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace lyceum::focus {

enum class Access { open, members, pin };

/// What an administrator configures: a room. In session it is a conference.
struct Room {
    std::string name;
    Access access = Access::open;
    std::string pin; ///< Digits; for Access::pin.
    sdp::Protection encryption = sdp::Protection::preferred;
    std::size_t speakers_max = 8; ///< Heard at once.
    std::string host_pin;         ///< Digits that make a host of who keys them in; empty: nobody.
    mixer::SoundCareOptions care; ///< Of everybody's sound.
    bool spatial = false;         ///< For games: see ConferenceSound.
    std::size_t history = 0;      ///< Messages that who comes later is told.
    RoomPolicy policy;
    std::map<std::string, Role> roles; ///< Of members, whenever they come.

    bool operator==(const Room&) const = default;
};

/// A room that contradicts itself: what is wrong, to be said to who sets it. The room is open all
/// the same, by the stricter of two rules.
std::optional<std::string> contradiction(const Room& room);

/// A port: what rooms there are. Implemented by server/store over SQLite, by a map in tests.
/// Answers without waiting for the network; a name that is not there is none.
class Directory {
public:
    virtual ~Directory() = default;
    virtual std::optional<Room> room(std::string_view name) = 0;
};

} // namespace lyceum::focus
