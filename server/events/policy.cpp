// SPDX-License-Identifier: Apache-2.0
#include "server/events/policy.hpp"

namespace lyceum::events {

namespace {

/// Where he is reached, what he does, and his card.
constexpr presence::View availability{.devices = false, .notes = false, .others = false};

} // namespace

std::optional<Policy> policy_of(std::string_view name) {
    if (name == "all") return Policy::all;
    if (name == "availability") return Policy::availability;
    if (name == "groups") return Policy::groups;
    if (name == "nothing") return Policy::nothing;
    return std::nullopt;
}

presence::Grant granted(Policy policy, const presence::Rules* rules, std::string_view owner,
                        std::string_view watcher, const routing::Router& router, WallTime now) {
    using presence::Handling;
    if (watcher == owner) return {Handling::allow, {}};
    if (rules) return rules->grant(router.uri_of(watcher), now);
    switch (policy) {
    case Policy::all: return {Handling::allow, {}};
    case Policy::availability: return {Handling::allow, availability};
    case Policy::groups:
        if (router.groups().share(owner, watcher)) return {Handling::allow, availability};
        // A room is nobody's private affair.
        if (const auto named = router.named(router.uri_of(owner)); named && named->is_room)
            return {Handling::allow, {}};
        break;
    case Policy::nothing: break;
    }
    return {Handling::polite_block, presence::View::blocked()};
}

} // namespace lyceum::events
