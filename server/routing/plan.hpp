// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "sip/transaction/endpoint.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lyceum::routing {

/// One place to send a request to.
struct Target {
    std::string uri;                       ///< Becomes the Request-URI.
    std::string path;                      ///< Route values to go by before it (RFC 3327).
    std::optional<sip::Endpoint> where;    ///< Send it here, whatever the URI says…
    std::vector<sip::Endpoint> or_there{}; ///< …or, if that fails, by another flow of the device.
    std::string features;                  ///< What it said it can do (RFC 3840).
    std::string diversion;                 ///< Why it is tried in place of another (RFC 5806).
    bool is_device = false;                ///< One that has registered, with these features.
    std::string number{};                  ///< Asked for in the DNS first (RFC 6116): "+4930123".
    std::string member{};                  ///< Whose device it is.
};

/// After what the targets of a group have their turn.
enum class When {
    next,        ///< When those before have failed, for whatever reason.
    busy,        ///< 486 or 600.
    no_answer,   ///< It rang, and nobody came.
    unreachable, ///< It did not even ring.
};

/// Targets that are tried at the same time.
struct Group {
    When when = When::next;
    std::vector<Target> targets;
    std::optional<Duration> ring_for; ///< Then the next group has its turn.
    std::optional<std::string> here;  ///< No target: this server itself answers, by this name.
};

/// Where a request is to go, group after group, until somebody answers.
struct Plan {
    std::vector<Group> groups;
    std::string member;       ///< Whose devices these are; empty: nobody's.
    bool outward = false;     ///< It leads out of our domains: for members only.
    bool recurses = true;     ///< A device that says where he is instead is followed there.
    bool redirects = false;   ///< The caller is told the targets and goes there himself.
    bool undisturbed = false; ///< The member wants no calls now.
    bool emergency = false;   ///< Help is called for; without a group, we cannot.
};

} // namespace lyceum::routing
