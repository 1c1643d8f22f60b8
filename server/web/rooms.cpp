// SPDX-License-Identifier: Apache-2.0
/// Rooms, the rules in them, the settings of the organisation, and the timetable.
#include "server/web/tables.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace lyceum::web {
namespace {

using Type = Field::Type;
using Use = Field::Use;

/// A rule by its name, or by its name and the role that it is for: "lobby", "joins host".
std::string name_of(const focus::PolicyRow& row) {
    return row.role.empty() ? row.name : row.name + " " + row.role;
}

focus::PolicyRow row_named(const std::string& room, std::string_view name) {
    const auto setting = cut(name, ' ');
    return {room, std::string(name), std::string(setting), {}};
}

/// What is set for the room itself, and what is in force with where it comes from.
void show_policy(store::Store& store, const std::string& name, Object& out) {
    Object set, in_force;
    const auto rows = store.policy(name);
    for (const auto& row : rows)
        if (!row.room.empty()) set[name_of(row)] = row.value;
    const auto resolved = focus::resolve(rows, name);
    for (const auto& setting : focus::settings()) {
        std::string_view from = "default";
        for (const auto& row : rows)
            if (row.name == setting.name && row.role.empty())
                from = row.room.empty() ? "organisation" : "room";
        in_force[setting.name] = Object{{"value", setting.text(resolved.all)}, {"from", from}};
    }
    out["policy"] = std::move(set);
    out["in_force"] = std::move(in_force);
}

Object shown(store::Store& store, const store::Store::RoomRow& row) {
    const auto& room = row.room;
    Object out{{"name", room.name},
               {"access", store::name_of(room.access)},
               {"pin", room.pin},
               {"host_pin", room.host_pin},
               {"encryption", store::name_of(room.encryption)},
               {"speakers", room.speakers_max},
               {"sound", store::text_of(room.care)},
               {"spatial", room.spatial},
               {"history", room.history},
               {"video", row.video}};
    show_policy(store, room.name, out);
    Object roles;
    for (const auto& [user, role] : store.room_roles(room.name)) roles[user] = focus::name_of(role);
    out["roles"] = std::move(roles);
    return out;
}

std::vector<Field> room_fields() {
    return {{.name = "name", .use = Use::key, .about = "It is dialled by it", .most = 64},
            {.name = "access", .about = "Who gets in", .values = "open|members|pin"},
            {.name = "pin", .about = "Digits, for access by PIN", .most = 16, .guarded = true},
            {.name = "host_pin",
             .about = "Digits that make a host; empty: none do",
             .most = 16,
             .guarded = true},
            {.name = "encryption", .about = "Of the media", .values = "off|preferred|required"},
            {.name = "speakers",
             .type = Type::number,
             .about = "Heard at once",
             .most = 100,
             .least = 1},
            {.name = "sound", .about = "Care for everybody's sound: gain, high-pass, noise"},
            {.name = "spatial", .type = Type::flag, .about = "For games: voices come from places"},
            {.name = "history",
             .type = Type::number,
             .about = "Messages that who comes later is told",
             .most = 100},
            {.name = "video", .about = "Pictures", .values = "off|switch|grid"},
            {.name = "policy",
             .type = Type::object,
             .about =
                 "Rules set for this room: see settings. \"joins\", or \"joins listener\" for a "
                 "role; null: as in the organisation",
             .most = 100},
            {.name = "roles",
             .type = Type::object,
             .about = "What members are whenever they come: host, speaker, listener; null: nothing "
                      "in particular",
             .most = 10'000},
            {.name = "in_force",
             .type = Type::object,
             .use = Use::shown,
             .about = "Every rule, with where it comes from"}};
}

/// The row as it is after what was sent; a problem if a value is none.
Result<store::Store::RoomRow, Problem> changed(store::Store::RoomRow row, const Object& sent) {
    auto& room = row.room;
    room.access = *store::access_of(text_or(sent, "access", store::name_of(room.access)));
    room.pin = text_or(sent, "pin", room.pin);
    room.host_pin = text_or(sent, "host_pin", room.host_pin);
    room.encryption =
        *store::protection_of(text_or(sent, "encryption", store::name_of(room.encryption)));
    room.speakers_max = static_cast<std::size_t>(
        number_or(sent, "speakers", static_cast<std::int64_t>(room.speakers_max)));
    const auto care = store::care_of(text_or(sent, "sound", store::text_of(room.care)));
    if (!care) return Problem{422, "expected some of gain, high-pass, noise", "sound"};
    room.care = *care;
    room.spatial = flag_or(sent, "spatial", room.spatial);
    room.history = static_cast<std::size_t>(
        number_or(sent, "history", static_cast<std::int64_t>(room.history)));
    row.video = text_or(sent, "video", row.video);
    return row;
}

std::optional<Problem> write_rules(store::Store& store, const std::string& room,
                                   const Object& sent) {
    // Roles first: a rule may need a host.
    if (const auto* roles = sent.if_contains("roles"))
        for (const auto& [user, value] : roles->get_object()) {
            std::optional<focus::Role> role;
            if (value.is_string()) {
                role = focus::role_of(value.get_string());
                if (!role) return Problem{422, "expected host, speaker or listener", "roles"};
            }
            auto fault = store.set_room_role(room, user, role);
            if (fault && role) return Problem{422, fault->what, "roles"};
        }
    if (const auto* policy = sent.if_contains("policy"))
        for (const auto& [name, value] : policy->get_object()) {
            auto row = row_named(room, name);
            if (value.is_null()) {
                store.clear_policy(row);
                continue;
            }
            row.value = std::string(value.get_string());
            if (auto fault = store.set_policy(row)) return Problem{422, fault->what, "policy"};
        }
    return std::nullopt;
}

} // namespace

bool leads_room(store::Store& store, const std::string& who, const std::string& room) {
    const auto roles = store.room_roles(room);
    const auto role = roles.find(who);
    return role != roles.end() && role->second == focus::Role::host;
}

Collection rooms(Tables& tables) {
    Collection out{"rooms", "Rooms, with their rules", room_fields()};
    auto& store = tables.store;
    out.list = [&store](const Query& query) {
        std::vector<Object> page;
        for (const auto& row : store.room_rows(query.after, query.limit, query.text))
            page.push_back(shown(store, row));
        return page;
    };
    out.find = [&store](const std::string& name) -> std::optional<Object> {
        const auto row = store.room_row(name);
        return row ? std::optional(shown(store, *row)) : std::nullopt;
    };
    out.owns = [&store](const std::string& who, const std::string& room) {
        return leads_room(store, who, room);
    };
    out.add = [&store](const Object& sent) -> Result<Object, Problem> {
        store::Store::RoomRow empty;
        empty.room.name = text_or(sent, "name", "");
        empty.video = "off";
        const auto row = changed(std::move(empty), sent);
        if (!row) return row.error();
        auto transaction = store.transaction();
        if (auto problem = problem_of(store.add_room(*row))) return *problem;
        if (auto problem = write_rules(store, row->room.name, sent)) return *problem;
        transaction.commit();
        return shown(store, *store.room_row(row->room.name));
    };
    out.change = [&store](const std::string& name, const Object& sent) -> std::optional<Problem> {
        auto known = store.room_row(name);
        if (!known) return not_there();
        const auto row = changed(std::move(*known), sent);
        if (!row) return row.error();
        auto transaction = store.transaction();
        if (auto problem = problem_of(store.change_room(*row))) return problem;
        if (auto problem = write_rules(store, row->room.name, sent)) return problem;
        transaction.commit();
        return std::nullopt;
    };
    out.remove = [&store](const std::string& name) -> std::optional<Problem> {
        if (!store.remove_room(name)) return not_there();
        return std::nullopt;
    };
    return out;
}

Collection settings(Tables& tables) {
    Collection out{"settings",
                   "Rules of the organisation, which its rooms inherit",
                   {{.name = "name", .use = Use::shown},
                    {.name = "value", .use = Use::must, .about = "As it is in force"},
                    {.name = "values", .use = Use::shown, .about = "What it may be"},
                    {.name = "by_role",
                     .type = Type::object,
                     .about = "Where it differs for host, speaker or listener; null: it does not",
                     .most = 3},
                    {.name = "set",
                     .type = Type::flag,
                     .use = Use::shown,
                     .about = "Else it is the default"}}};
    out.read = webadmin::Right::own_rooms; // Whoever sees a room's rules sees where they come from.
    auto& store = tables.store;
    const auto shown = [&store](const focus::Setting& setting) {
        const auto rows = store.policy({});
        const auto policy = focus::resolve(rows, {});
        Object by_role;
        bool set = false;
        for (const auto& row : rows) {
            if (row.name != setting.name || !row.room.empty()) continue;
            if (row.role.empty()) set = true;
            else by_role[row.role] = row.value;
        }
        return Object{{"name", setting.name},
                      {"value", setting.text(policy.all)},
                      {"values", setting.values},
                      {"by_role", std::move(by_role)},
                      {"set", set}};
    };
    out.list = [shown](const Query& query) {
        std::vector<Object> all;
        for (const auto& setting : focus::settings()) all.push_back(shown(setting));
        return page_of(std::move(all), "name", query);
    };
    out.find = [shown](const std::string& name) -> std::optional<Object> {
        const auto* setting = focus::find_setting(name);
        return setting ? std::optional(shown(*setting)) : std::nullopt;
    };
    out.change = [&store](const std::string& name, const Object& sent) -> std::optional<Problem> {
        const auto* setting = focus::find_setting(name);
        if (!setting) return not_there();
        auto transaction = store.transaction();
        const auto write = [&](const std::string& role, std::string value) {
            return store.set_policy({{}, role, name, std::move(value)});
        };
        if (sent.contains("value"))
            if (auto fault = write({}, text_or(sent, "value", "")))
                return Problem{422, fault->what, "value"};
        if (const auto* by_role = sent.if_contains("by_role"))
            for (const auto& [role, value] : by_role->get_object()) {
                if (value.is_null()) {
                    store.clear_policy({{}, std::string(role), name, {}});
                    continue;
                }
                if (auto fault = write(std::string(role), std::string(value.get_string())))
                    return Problem{422, fault->what, "by_role"};
            }
        transaction.commit();
        return std::nullopt;
    };
    out.remove = [&store](const std::string& name) -> std::optional<Problem> {
        if (!focus::find_setting(name)) return not_there();
        store.clear_policy({{}, {}, name, {}});
        return std::nullopt;
    };
    return out;
}

namespace {

Result<events::Lesson, Problem> lesson_in(const Object& sent) {
    events::Lesson out;
    out.id = number_or(sent, "id", 0);
    out.title = text_or(sent, "title", "");
    out.group = text_or(sent, "group", "");
    out.teacher = text_or(sent, "teacher", "");
    out.room = text_or(sent, "room", "");
    const auto days = events::Lesson::parse_days(text_or(sent, "days", ""));
    if (!days) return Problem{422, days.error().what, "days"};
    out.days = *days;
    for (const auto& [name, time] : {std::pair("from", &out.from), {"until", &out.until}}) {
        const auto said = events::Lesson::parse_time(text_or(sent, name, ""));
        if (!said) return Problem{422, "expected a time like 09:45", name};
        *time = *said;
    }
    return out;
}

} // namespace

Collection lessons(Tables& tables) {
    Collection out{"lessons",
                   "The timetable: who is in class when",
                   {{.name = "id", .type = Type::number, .use = Use::shown},
                    {.name = "title", .use = Use::must},
                    {.name = "days", .use = Use::must, .about = "mon,wed"},
                    {.name = "from", .use = Use::must, .about = "09:00", .most = 5},
                    {.name = "until", .use = Use::must, .about = "10:45", .most = 5},
                    {.name = "group", .about = "Who is in it", .most = 64},
                    {.name = "teacher", .about = "A user", .most = 64},
                    {.name = "room", .about = "Where", .most = 64}}};
    auto& store = tables.store;
    const auto shown = [](const events::Lesson& lesson) {
        return Object{{"id", lesson.id},
                      {"title", lesson.title},
                      {"days", lesson.days_text()},
                      {"from", events::time_text(lesson.from)},
                      {"until", events::time_text(lesson.until)},
                      {"group", lesson.group},
                      {"teacher", lesson.teacher},
                      {"room", lesson.room}};
    };
    out.list = [&store, shown](const Query& query) {
        std::vector<Object> all;
        for (const auto& each : store.lessons()) all.push_back(shown(each));
        return page_of(std::move(all), "id", query);
    };
    out.find = [&store, shown](const std::string& id) -> std::optional<Object> {
        for (const auto& each : store.lessons())
            if (std::to_string(each.id) == id) return shown(each);
        return std::nullopt;
    };
    change_whole(out, [&store](const std::string&, const Object& whole) -> std::optional<Problem> {
        const auto lesson = lesson_in(whole);
        if (!lesson) return lesson.error();
        return problem_of(store.put_lesson(*lesson));
    });
    out.add = [&store, shown](const Object& sent) -> Result<Object, Problem> {
        const auto lesson = lesson_in(sent);
        if (!lesson) return lesson.error();
        auto transaction = store.transaction();
        if (auto problem = problem_of(store.put_lesson(*lesson))) return *problem;
        const auto all = store.lessons();
        transaction.commit();
        return shown(all.back()); // In order of their numbers: the newest is the last.
    };
    out.remove = [&store](const std::string& id) -> std::optional<Problem> {
        const auto number = parse_number<std::int64_t>(id);
        if (!number || !store.remove_lesson(*number)) return not_there();
        return std::nullopt;
    };
    return out;
}

Collection sounds(Tables& tables) {
    Collection out{"sounds",
                   "What can be played in rooms; made by `lyceum sound`",
                   {{.name = "name", .use = Use::shown},
                    {.name = "bytes", .type = Type::number, .use = Use::shown}}};
    out.read = webadmin::Right::own_rooms;
    auto& store = tables.store;
    read_whole(out, [&store] {
        std::vector<Object> list;
        for (const auto& each : store.sounds())
            list.push_back({{"name", each.name}, {"bytes", each.bytes}});
        return list;
    });
    out.remove = [&store](const std::string& name) -> std::optional<Problem> {
        return store.remove_sound(name) ? std::nullopt : std::optional(not_there());
    };
    return out;
}

} // namespace lyceum::web
