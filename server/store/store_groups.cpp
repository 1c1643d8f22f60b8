// SPDX-License-Identifier: Apache-2.0
/// The part of Store that says who belongs together.
#include "server/store/names.hpp"
#include "server/store/store.hpp"

namespace lyceum::store {

routing::Groups Store::groups() {
    routing::Groups out;
    auto rows = database_.prepare("SELECT name, user FROM member_group LEFT JOIN group_member ON "
                                  "\"group\" = name");
    while (rows.step()) {
        if (rows.is_null(1)) out.add_group(rows.text(0));
        else out.add(rows.text(0), rows.text(1));
    }
    return out;
}

std::optional<Fault> Store::add_group(std::string_view name) {
    if (!is_name(name)) return Fault{"not a name: " + std::string(name), 0};
    if (is_room(name) || member(name) || alias(name))
        return Fault{"the name is taken: " + std::string(name), 0};
    auto row = database_.prepare("INSERT OR IGNORE INTO member_group VALUES (?)");
    row.bind(1, name).step();
    if (database_.changes() == 0) return Fault{"the name is taken: " + std::string(name), 0};
    return std::nullopt;
}

bool Store::remove_group(std::string_view name) {
    auto row = database_.prepare("DELETE FROM member_group WHERE name = ?");
    row.bind(1, name).step();
    return database_.changes() > 0;
}

std::optional<Fault> Store::join_group(std::string_view group, std::string_view user) {
    auto row = database_.prepare("INSERT OR REPLACE INTO group_member SELECT member_group.name, "
                                 "user.name FROM member_group, user WHERE member_group.name = ? "
                                 "AND user.name = ?");
    row.bind(1, group).bind(2, user).step();
    if (database_.changes() > 0) return std::nullopt;
    return Fault{"there is no group " + std::string(group) + " or no user " + std::string(user), 0};
}

bool Store::leave_group(std::string_view group, std::string_view user) {
    auto row = database_.prepare("DELETE FROM group_member WHERE \"group\" = ? AND user = ?");
    row.bind(1, group).bind(2, user).step();
    return database_.changes() > 0;
}

} // namespace lyceum::store
