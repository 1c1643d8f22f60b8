// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/text.hpp"
#include "server/events/timetable.hpp"
#include "server/identity/identity.hpp"
#include "server/routing/router.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace lyceum::kit {

/// A school without summer time.
class UtcCalendar final : public events::Calendar {
public:
    std::chrono::sys_days date(WallTime time) override {
        return std::chrono::floor<std::chrono::days>(time);
    }
    WallTime at(std::chrono::sys_days date, std::chrono::minutes of_day) override {
        return date + of_day;
    }
};

/// Who and what there is in the domain school.test, at 192.0.2.1: the members alice, bob and carol,
/// whose password is "secret", and a room.
class School : public routing::Directory, public identity::Credentials {
public:
    std::optional<sip::StoredCredentials> credentials(std::string_view user) override {
        if (!members.contains(user)) return std::nullopt;
        using sip::DigestAlgorithm, sip::digest_ha1;
        return sip::StoredCredentials{digest_ha1(DigestAlgorithm::sha256, user, "school", "secret"),
                                      digest_ha1(DigestAlgorithm::md5, user, "school", "secret")};
    }
    bool is_administrator(std::string_view) override { return false; }
    bool is_room(std::string_view name) override { return rooms.contains(to_lower(name)); }
    std::optional<routing::Member> member(std::string_view name) override {
        const auto found = members.find(name);
        return found == members.end() ? std::nullopt : std::optional(found->second);
    }
    std::optional<std::string> alias(std::string_view name) override {
        const auto found = aliases.find(name);
        return found == aliases.end() ? std::nullopt : std::optional(found->second);
    }
    std::vector<routing::NumberRoute> number_routes() override { return routes; }

    std::map<std::string, routing::Member, std::less<>> members{
        {"alice", {}}, {"bob", {}}, {"carol", {}}};
    std::set<std::string, std::less<>> rooms{"maths", "echo"};
    std::map<std::string, std::string, std::less<>> aliases;
    std::vector<routing::NumberRoute> routes;
};

} // namespace lyceum::kit
