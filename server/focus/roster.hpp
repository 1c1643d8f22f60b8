// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "mixer/media_leg.hpp"
#include "server/focus/policy.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace lyceum::focus {

/// By which descriptions of sessions and of rooms know what is heard (RFC 4574, RFC 4575 §5.3.5).
inline constexpr std::string_view audio_label = "1";

/// One who takes part in a conference, as others may see him.
struct Participant {
    /// Where he stands: at the door until he has keyed in a PIN, in the lobby until a host lets him
    /// in.
    enum class State { at_the_door, in_lobby, inside };

    mixer::LegId leg;
    std::string uri;     ///< As he says it in From.
    std::string display; ///< Or empty.
    std::string member;  ///< Whom the system knows him to be; empty: a guest.
    State state = State::inside;
    Role role = Role::speaker;
    bool muted = false;                 ///< By himself or a host, or he may only listen.
    bool deaf = false;                  ///< Hears nobody.
    bool has_floor = false;             ///< Was called up.
    std::size_t hand = 0;               ///< His place in the queue, from 1 on; 0: he has not asked.
    std::string group{};                ///< That he is apart in; empty: among all.
    bool sends = true, receives = true; ///< His sound, seen from us: we send, we receive.
    bool dialled_in = true;             ///< Else we have called him.
    TimePoint joined{};

    [[nodiscard]] bool is_inside() const { return state == State::inside; }
    [[nodiscard]] bool is_host() const { return role == Role::host; }
    bool operator==(const Participant&) const = default;
};

} // namespace lyceum::focus
