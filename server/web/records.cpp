// SPDX-License-Identifier: Apache-2.0
/// What is only looked at: devices, who watches whom, messages that wait, calls, the audit log.
#include "server/web/tables.hpp"

#include "base/text.hpp"

namespace lyceum::web {
namespace {

using Type = Field::Type;
using Use = Field::Use;

Field shown(std::string_view name, std::string_view about = {}, Type type = Type::text) {
    return {.name = name, .type = type, .use = Use::shown, .about = about};
}

/// A collection whose keys are numbers, with the newest first: `rows` gives those before a number.
template <class Rows, class Show, class ShowWhole>
void list_newest(Collection& out, Rows rows, Show show, ShowWhole show_whole) {
    out.list = [rows, show](const Query& query) {
        const auto before = parse_number<std::int64_t>(query.after);
        std::vector<Object> page;
        for (const auto& row : rows(store::Before{before, query.limit, query.text}))
            page.push_back(show(row));
        return page;
    };
    out.find = [rows, show_whole](const std::string& key) -> std::optional<Object> {
        const auto id = parse_number<std::int64_t>(key);
        if (!id || *id == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
        const auto found = rows(store::Before{*id + 1, 1, {}});
        if (found.empty() || found.front().id != *id) return std::nullopt;
        return show_whole(found.front());
    };
}

Object shown(const records::Heard& heard) {
    return {{"mos_tenths", heard.mos_tenths}, {"loss_permille", heard.loss_permille},
            {"jitter_ms", heard.jitter_ms},   {"level_db", heard.level_db},
            {"packets", heard.packets},       {"announced", heard.announced},
            {"source", heard.source},         {"codec", heard.codec},
            {"encrypted", heard.encrypted}};
}

Object shown_call(const store::Numbered<records::CallRecord>& row) {
    const auto& call = row.value;
    Object out{{"id", row.id},
               {"caller", call.caller},
               {"callee", call.callee},
               {"way", call.way},
               {"started", time_text(call.started)},
               {"answered", call.answered ? time_text(*call.answered) : ""},
               {"ended", time_text(call.ended)},
               {"seconds", call.answered ? (call.ended - *call.answered) / 1s : 0},
               {"status", call.status},
               {"why", call.why},
               {"call_id", call.call_id}};
    out["heard"] = call.heard ? shown(*call.heard) : Object();
    return out;
}

/// With how it was heard all along.
Object shown_whole_call(const store::Numbered<records::CallRecord>& row) {
    auto out = shown_call(row);
    if (!row.value.heard) return out;
    json::array course;
    for (const auto& each : row.value.heard->course)
        course.push_back(Object{{"second", each.second},
                                {"packets", each.packets},
                                {"loss_permille", each.loss_permille()},
                                {"jitter_ms", each.jitter_ms},
                                {"level_db", each.level_db}});
    out["heard"].as_object()["course"] = std::move(course);
    return out;
}

Object shown_action(const store::Numbered<store::RoomAction>& row) {
    const auto& action = row.value;
    return {{"id", row.id},        {"at", time_text(action.at)}, {"room", action.room},
            {"who", action.who},   {"way", action.way},          {"action", action.action},
            {"whom", action.whom}, {"detail", action.detail},    {"refused", action.refused}};
}

} // namespace

Collection registrations(Tables& tables) {
    Collection out{"registrations",
                   "Devices: where users are reached now",
                   {shown("id", "User and contact"), shown("user"), shown("contact"),
                    shown("device", "What it calls itself"), shown("from", "Where it is"),
                    shown("expires"), shown("features", "What it can do (RFC 3840)")}};
    const auto all = [&tables](std::string_view user) {
        std::vector<Object> list;
        for (const auto& registration : tables.bindings.load(user))
            for (const auto& each : registration.bindings)
                list.push_back({{"id", registration.user + " " + each.contact},
                                {"user", registration.user},
                                {"contact", each.contact},
                                {"device", each.user_agent},
                                {"from", each.source.address.to_string()},
                                {"expires", time_text(each.expires)},
                                {"features", each.features}});
        return list;
    };
    out.list = [all](const Query& query) { return page_of(all({}), "id", query); };
    out.find = [all](const std::string& id) -> std::optional<Object> {
        for (auto& each : all(id.substr(0, id.find(' '))))
            if (text_or(each, "id", "") == id) return std::move(each);
        return std::nullopt;
    };
    return out;
}

Collection subscriptions(Tables& tables) {
    Collection out{"subscriptions",
                   "Who watches what",
                   {shown("id", {}, Type::number), shown("package"), shown("resource"),
                    shown("watcher"), shown("pending", "The owner has not decided", Type::flag),
                    shown("expires")}};
    const auto all = [&tables] {
        std::vector<Object> list;
        for (const auto& each : tables.presence.subscriptions())
            list.push_back({{"id", each.id.value},
                            {"package", each.package},
                            {"resource", each.resource},
                            {"watcher", each.watcher},
                            {"pending", each.pending},
                            {"expires", time_text(each.expires)}});
        return list;
    };
    read_whole(out, all);
    return out;
}

Collection messages(Tables& tables) {
    Collection out{"messages",
                   "Messages that wait for users who are not there; what is in them is theirs",
                   {shown("id", {}, Type::number), shown("recipient"), shown("received"),
                    shown("octets", {}, Type::number)}};
    const auto all = [&tables] {
        std::vector<Object> list;
        for (const auto& each : tables.presence.mails())
            list.push_back({{"id", each.id.value},
                            {"recipient", each.recipient},
                            {"received", time_text(each.received)},
                            {"octets", each.request.size()}});
        return list;
    };
    read_whole(out, all);
    return out;
}

Collection calls(Tables& tables) {
    Collection out{
        "calls",
        "Calls that are over, the newest first",
        {shown("id", {}, Type::number), shown("caller"), shown("callee"),
         shown("way", "room, member, trunk NAME, outward"), shown("started"),
         shown("answered", "Empty: nobody did"), shown("ended"),
         shown("seconds", "It was talked for", Type::number),
         shown("status", "The final response", Type::number), shown("why"),
         shown("call_id", "To be found in a trace"),
         shown("heard",
               "How it sounded where we heard it: mos_tenths, loss_permille, jitter_ms, level_db, "
               "packets, announced, source, codec, encrypted; of one call, its course too",
               Type::object)}};
    out.time = "started";
    list_newest(
        out, [&tables](const store::Before& before) { return tables.records.calls(before); },
        shown_call, shown_whole_call);
    return out;
}

Collection audit(Tables& tables) {
    Collection out{"audit",
                   "What was done, by whom, by what: in rooms, and here",
                   {shown("id", {}, Type::number), shown("at"), shown("room"), shown("who"),
                    shown("way", "keypad, sip, web, server"), shown("action"), shown("whom"),
                    shown("detail"), shown("refused", "Why; empty: it was done")}};
    out.time = "at";
    list_newest(
        out, [&tables](const store::Before& before) { return tables.records.actions(before); },
        shown_action, shown_action);
    return out;
}

} // namespace lyceum::web
