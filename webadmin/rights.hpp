// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace lyceum::webadmin {

/// Who uses the dashboard, from who may most to who may least.
enum class Role { administrator, operator_, teacher, reader };
inline constexpr std::array roles{Role::administrator, Role::operator_, Role::teacher,
                                  Role::reader};
std::string_view name_of(Role role);
std::optional<Role> role_of(std::string_view name);

/// What one needs to be let at something.
enum class Right {
    none,      ///< Everybody, also who has not logged in.
    log_in,    ///< To be somebody.
    own_rooms, ///< To see and to lead rooms: a teacher those where he is a host, others all.
    read,      ///< To see everything but who may use the dashboard.
    act,       ///< To lead every room, to release who is banned.
    configure, ///< To change what is configured.
    count_
};
std::string_view name_of(Right right);

/// The table of roles and rights. A reader sees rooms and leads none: see `leads`.
bool has(Role role, Right right);
/// Whether he may act in rooms at all.
bool leads(Role role);

} // namespace lyceum::webadmin
