// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "presence/rules.hpp"
#include "server/routing/router.hpp"

#include <optional>
#include <string_view>

namespace lyceum::events {

/// What members may see of each other, as long as they have said nothing themselves.
enum class Policy {
    all,          ///< Everything.
    availability, ///< Whether they are there and what they do; no notes, no devices.
    groups,       ///< As availability, for those in a group with them; else nothing. Rooms: all.
    nothing,      ///< They look as if they were away.
};
/// As the setting `presence` names it.
std::optional<Policy> policy_of(std::string_view name);

/// What this watcher may see of this owner: all of himself; else what the owner's rules say, and
/// if he has none (null), the policy.
presence::Grant granted(Policy policy, const presence::Rules* rules, std::string_view owner,
                        std::string_view watcher, const routing::Router& router, WallTime now);

} // namespace lyceum::events
