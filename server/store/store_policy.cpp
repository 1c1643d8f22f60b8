// SPDX-License-Identifier: Apache-2.0
/// The rules of rooms, and who is what in them.
#include "server/store/names.hpp"
#include "server/store/store.hpp"

#include "base/text.hpp"

namespace lyceum::store {

void Store::read_rules(focus::Room& room) {
    std::vector<focus::PolicyRow> rows;
    find_policy_.reset();
    find_policy_.bind(1, room.name);
    while (find_policy_.step())
        rows.push_back({find_policy_.text(0), find_policy_.text(1), find_policy_.text(2),
                        find_policy_.text(3)});
    find_policy_.reset();
    room.policy = focus::resolve(rows, room.name);
    find_roles_.reset();
    find_roles_.bind(1, room.name);
    while (find_roles_.step())
        if (const auto role = focus::role_of(find_roles_.text(1)))
            room.roles[find_roles_.text(0)] = *role;
    find_roles_.reset();
}

std::vector<focus::PolicyRow> Store::policy(std::string_view room) {
    auto rows = database_.prepare(
        "SELECT room, role, name, value FROM policy WHERE room IN ('', ?) ORDER BY room, role");
    rows.bind(1, room);
    std::vector<focus::PolicyRow> out;
    while (rows.step()) out.push_back({rows.text(0), rows.text(1), rows.text(2), rows.text(3)});
    return out;
}

/// A value that is set is understood, and does not contradict what else there is.
std::optional<Fault> Store::set_policy(const focus::PolicyRow& row) {
    const auto* setting = focus::find_setting(row.name);
    if (!setting) return Fault{"there is no setting " + row.name, 0};
    focus::Policy probe;
    if (!setting->set(probe, row.value))
        return Fault{row.name + ": expected " + std::string(setting->values), 0};
    if (!row.role.empty() && !focus::role_of(row.role))
        return Fault{"a role is host, speaker or listener", 0};
    if (!row.role.empty() && !setting->per_role)
        return Fault{row.name + " is the same for all roles", 0};
    sql::Transaction transaction(database_);
    auto put = database_.prepare("INSERT OR REPLACE INTO policy VALUES (?, ?, ?, ?)");
    put.bind(1, row.room).bind(2, row.role).bind(3, row.name).bind(4, row.value).step();
    if (!row.room.empty()) {
        const auto after = room(row.room);
        if (!after) return Fault{"there is no room " + row.room, 0};
        if (auto wrong = focus::contradiction(*after)) return Fault{std::move(*wrong), 0};
    }
    transaction.commit();
    return std::nullopt;
}

bool Store::clear_policy(const focus::PolicyRow& row) {
    auto statement =
        database_.prepare("DELETE FROM policy WHERE room = ? AND role = ? AND name = ?");
    statement.bind(1, row.room).bind(2, row.role).bind(3, row.name).step();
    return database_.changes() > 0;
}

std::optional<Fault> Store::set_room_role(std::string_view room, std::string_view user,
                                          std::optional<focus::Role> role) {
    if (!role) {
        auto statement = database_.prepare("DELETE FROM room_role WHERE room = ? AND user = ?");
        statement.bind(1, room).bind(2, user).step();
        if (database_.changes() > 0) return std::nullopt;
        return Fault{std::string(user) + " has no role in " + std::string(room), 0};
    }
    auto statement = database_.prepare("INSERT OR REPLACE INTO room_role VALUES (?, ?, ?)");
    statement.bind(1, room).bind(2, user).bind(3, focus::name_of(*role));
    return write(statement, "there is no such room, or no such user");
}

std::map<std::string, focus::Role> Store::room_roles(std::string_view room) {
    auto rows = database_.prepare("SELECT user, role FROM room_role WHERE room = ?");
    rows.bind(1, room);
    std::map<std::string, focus::Role> out;
    while (rows.step())
        if (const auto role = focus::role_of(rows.text(1))) out[rows.text(0)] = *role;
    return out;
}

std::string Store::language_of(std::string_view user) {
    auto row = database_.prepare("SELECT language FROM user WHERE name = ?");
    row.bind(1, user);
    return row.step() ? row.text(0) : std::string();
}

std::optional<Fault> Store::set_language(std::string_view user, std::string_view language) {
    auto statement = database_.prepare("UPDATE user SET language = ? WHERE name = ?");
    statement.bind(1, language).bind(2, user);
    if (auto fault = write(statement, "a language is en, de or es")) return fault;
    if (database_.changes() > 0) return std::nullopt;
    return Fault{"there is no user " + std::string(user), 0};
}

} // namespace lyceum::store
