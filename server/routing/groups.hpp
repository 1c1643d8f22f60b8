// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace lyceum::routing {

/// The groups of members that the organisation has, a class or the staff: names of ours that stand
/// for several people. A value; somebody may be in several, and a group may be empty.
class Groups {
public:
    using Names = std::set<std::string, std::less<>>;

    void add_group(std::string name) { members_.try_emplace(std::move(name)); }
    void add(const std::string& group, const std::string& member);

    /// Who is in it; null: there is no such group.
    [[nodiscard]] const Names* members(std::string_view group) const;
    /// Whether there is a group with both of them.
    [[nodiscard]] bool share(std::string_view one, std::string_view other) const;
    [[nodiscard]] const std::map<std::string, Names, std::less<>>& all() const { return members_; }

    bool operator==(const Groups&) const = default;

private:
    std::map<std::string, Names, std::less<>> members_, groups_; ///< By group, and by member.
};

} // namespace lyceum::routing
