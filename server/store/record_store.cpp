// SPDX-License-Identifier: Apache-2.0
#include "server/store/record_store.hpp"

#include "base/text.hpp"

#include <limits>

namespace lyceum::store {

using records::CallRecord, records::Heard;

namespace {

std::string text_of(const std::vector<Heard::Stretch>& course) {
    std::string out;
    for (const auto& [second, packets, lost, jitter_ms, level_db] : course)
        for (const auto number :
             {std::int64_t{second}, static_cast<std::int64_t>(packets),
              static_cast<std::int64_t>(lost), std::int64_t{jitter_ms}, -std::int64_t{level_db}})
            out.append(out.empty() ? "" : " ").append(std::to_string(number));
    return out;
}

std::vector<Heard::Stretch> course_in(std::string_view text) {
    const auto next = [&text](auto wanted) {
        return parse_number<decltype(wanted)>(cut(text, ' ')).value_or(wanted);
    };
    std::vector<Heard::Stretch> out;
    while (!text.empty()) {
        Heard::Stretch each;
        each.second = next(0);
        each.packets = next(std::uint64_t{0});
        each.lost = next(std::uint64_t{0});
        each.jitter_ms = next(0);
        each.level_db = -next(127);
        out.push_back(each);
    }
    return out;
}

} // namespace

RecordStore::RecordStore(sql::Database& database)
    : database_(database), insert_(database_.prepare(
                               "INSERT INTO call_record (call_id, caller, callee, way, started, "
                               "answered, ended, status, why, mos_tenths, loss_permille, "
                               "jitter_ms, level_db, packets, announced, source, codec, encrypted, "
                               "course) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                               "?, ?)")) {}

void RecordStore::add(const CallRecord& record) {
    insert_.reset();
    insert_.bind(1, record.call_id).bind(2, record.caller).bind(3, record.callee);
    insert_.bind(4, record.way).bind(5, record.started.time_since_epoch().count());
    if (record.answered) insert_.bind(6, record.answered->time_since_epoch().count());
    else insert_.bind_null(6);
    insert_.bind(7, record.ended.time_since_epoch().count());
    insert_.bind(8, std::int64_t{record.status}).bind(9, record.why);
    for (const int column : {10, 11, 12}) insert_.bind_null(column);
    const auto heard = record.heard.value_or(Heard{});
    if (record.heard)
        insert_.bind(10, std::int64_t{heard.mos_tenths})
            .bind(11, std::int64_t{heard.loss_permille})
            .bind(12, std::int64_t{heard.jitter_ms});
    insert_.bind(13, std::int64_t{heard.level_db});
    insert_.bind(14, static_cast<std::int64_t>(heard.packets)).bind(15, heard.announced);
    insert_.bind(16, heard.source).bind(17, heard.codec).bind(18, std::int64_t{heard.encrypted});
    insert_.bind(19, text_of(heard.course));
    insert_.step();
}

namespace {

void bind(sql::Statement& rows, const Before& before) {
    rows.bind(1, before.id.value_or(std::numeric_limits<std::int64_t>::max()));
    rows.bind(2, to_lower(before.text)).bind(3, static_cast<std::int64_t>(before.count));
}

} // namespace

std::vector<Numbered<CallRecord>> RecordStore::calls(const Before& before) {
    auto rows = database_.prepare(
        "SELECT call_id, caller, callee, way, started, answered, ended, status, why, mos_tenths, "
        "loss_permille, jitter_ms, id, level_db, packets, announced, source, codec, encrypted, "
        "course FROM call_record WHERE id < ?1 AND (?2 = '' OR "
        "instr(lower(caller || ' ' || callee || ' ' || why), ?2)) ORDER BY id DESC LIMIT ?3");
    bind(rows, before);
    std::vector<Numbered<CallRecord>> out;
    while (rows.step()) {
        auto& record = out.emplace_back(Numbered<CallRecord>{rows.number(12), {}}).value;
        record.call_id = rows.text(0);
        record.caller = rows.text(1);
        record.callee = rows.text(2);
        record.way = rows.text(3);
        record.started = WallTime(Duration(rows.number(4)));
        if (!rows.is_null(5)) record.answered = WallTime(Duration(rows.number(5)));
        record.ended = WallTime(Duration(rows.number(6)));
        record.status = static_cast<int>(rows.number(7));
        record.why = rows.text(8);
        if (!rows.is_null(9))
            record.heard = Heard{static_cast<int>(rows.number(9)),
                                 static_cast<int>(rows.number(10)),
                                 static_cast<int>(rows.number(11)),
                                 static_cast<int>(rows.number(13)),
                                 static_cast<std::uint64_t>(rows.number(14)),
                                 rows.text(15),
                                 rows.text(16),
                                 rows.text(17),
                                 rows.number(18) != 0,
                                 course_in(rows.text(19))};
    }
    return out;
}

void RecordStore::add(const RoomAction& action) {
    auto insert =
        database_.prepare("INSERT INTO room_action VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)");
    insert.bind(1, action.at.time_since_epoch().count()).bind(2, action.room);
    insert.bind(3, action.who).bind(4, action.way).bind(5, action.action);
    insert.bind(6, action.whom).bind(7, action.detail).bind(8, action.refused).step();
}

std::vector<Numbered<RoomAction>> RecordStore::actions(const Before& before,
                                                       std::string_view room) {
    auto rows = database_.prepare(
        "SELECT at, room, who, way, action, whom, detail, refused, id FROM room_action "
        "WHERE id < ?1 AND (?2 = '' OR instr(lower(room || ' ' || who || ' ' || action || ' ' || "
        "whom), ?2)) AND (room = ?4 COLLATE NOCASE OR ?4 = '') ORDER BY id DESC LIMIT ?3");
    bind(rows, before);
    rows.bind(4, room);
    std::vector<Numbered<RoomAction>> out;
    while (rows.step())
        out.push_back({rows.number(8),
                       {WallTime(Duration(rows.number(0))), rows.text(1), rows.text(2),
                        rows.text(3), rows.text(4), rows.text(5), rows.text(6), rows.text(7)}});
    return out;
}

void RecordStore::forget_before(WallTime time) {
    for (const auto* statement :
         {"DELETE FROM call_record WHERE started < ?", "DELETE FROM room_action WHERE at < ?"})
        database_.prepare(statement).bind(1, time.time_since_epoch().count()).step();
}

} // namespace lyceum::store
