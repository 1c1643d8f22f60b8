// SPDX-License-Identifier: Apache-2.0
#include "server/routing/groups.hpp"

#include <algorithm>

namespace lyceum::routing {

void Groups::add(const std::string& group, const std::string& member) {
    members_[group].insert(member);
    groups_[member].insert(group);
}

const Groups::Names* Groups::members(std::string_view group) const {
    const auto found = members_.find(group);
    return found == members_.end() ? nullptr : &found->second;
}

bool Groups::share(std::string_view one, std::string_view other) const {
    const auto his = groups_.find(one), hers = groups_.find(other);
    if (his == groups_.end() || hers == groups_.end()) return false;
    return std::any_of(his->second.begin(), his->second.end(),
                       [&](const std::string& each) { return hers->second.contains(each); });
}

} // namespace lyceum::routing
