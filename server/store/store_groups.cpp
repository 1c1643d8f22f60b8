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

std::vector<events::Lesson> Store::lessons() {
    auto rows =
        database_.prepare("SELECT id, title, \"group\", teacher, room, days, \"from\", until "
                          "FROM lesson ORDER BY id");
    std::vector<events::Lesson> out;
    while (rows.step() && out.size() < events::Timetable::lessons_max)
        out.push_back({rows.number(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4),
                       static_cast<unsigned>(rows.number(5)), std::chrono::minutes(rows.number(6)),
                       std::chrono::minutes(rows.number(7))});
    return out;
}

std::optional<Fault> Store::put_lesson(const events::Lesson& lesson) {
    if (lesson.title.empty()) return Fault{"a lesson has a title", 0};
    if (lesson.until <= lesson.from) return Fault{"it ends before it begins", 0};
    if (!lesson.group.empty() && !groups().members(lesson.group))
        return Fault{"there is no group " + lesson.group, 0};
    if (!lesson.teacher.empty() && !member(lesson.teacher))
        return Fault{"there is no user " + lesson.teacher, 0};
    if (!lesson.room.empty() && !is_room(lesson.room))
        return Fault{"there is no room " + lesson.room, 0};
    auto row = database_.prepare(
        "INSERT OR REPLACE INTO lesson VALUES (NULLIF(?8, 0), ?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    row.bind(1, lesson.title).bind(2, lesson.group).bind(3, lesson.teacher).bind(4, lesson.room);
    row.bind(5, std::int64_t{lesson.days}).bind(6, lesson.from.count());
    row.bind(7, lesson.until.count()).bind(8, lesson.id).step();
    return std::nullopt;
}

bool Store::remove_lesson(std::int64_t id) {
    auto row = database_.prepare("DELETE FROM lesson WHERE id = ?");
    row.bind(1, id).step();
    return database_.changes() > 0;
}

} // namespace lyceum::store
