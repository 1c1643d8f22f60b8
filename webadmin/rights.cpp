// SPDX-License-Identifier: Apache-2.0
#include "webadmin/rights.hpp"

#include <cstddef>

namespace lyceum::webadmin {

std::string_view name_of(Role role) {
    switch (role) {
    case Role::administrator: return "administrator";
    case Role::operator_: return "operator";
    case Role::teacher: return "teacher";
    case Role::reader: return "reader";
    }
    return {};
}

std::optional<Role> role_of(std::string_view name) {
    for (const auto role : roles)
        if (name == name_of(role)) return role;
    return std::nullopt;
}

std::string_view name_of(Right right) {
    switch (right) {
    case Right::none: return "none";
    case Right::log_in: return "log-in";
    case Right::own_rooms: return "own-rooms";
    case Right::read: return "read";
    case Right::act: return "act";
    case Right::configure: return "configure";
    case Right::count_: break;
    }
    return {};
}

bool has(Role role, Right right) {
    // none log_in own_rooms read act configure
    static constexpr bool table[roles.size()][static_cast<std::size_t>(Right::count_)] = {
        /* administrator */ {true, true, true, true, true, true},
        /* operator      */ {true, true, true, true, true, false},
        /* teacher       */ {true, true, true, false, false, false},
        /* reader        */ {true, true, true, true, false, false},
    };
    return table[static_cast<std::size_t>(role)][static_cast<std::size_t>(right)];
}

bool leads(Role role) { return role != Role::reader; }

} // namespace lyceum::webadmin
