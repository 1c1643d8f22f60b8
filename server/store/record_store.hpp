// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/records/call_records.hpp"
#include "sql/database.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lyceum::store {

/// What was done in a room.
struct RoomAction {
    WallTime at{};
    std::string room, who, way, action, whom, detail;
    std::string refused; ///< Why; empty: it was done.
};

/// Calls that are over, and what was done in rooms, in SQLite. Throws sql::Error.
class RecordStore {
public:
    explicit RecordStore(sql::Database& database);

    void add(const records::CallRecord& record);
    /// The newest `count`, the newest first.
    std::vector<records::CallRecord> newest(std::size_t count);
    void add(const RoomAction& action);
    /// In this room, or in all of them.
    std::vector<RoomAction> newest_actions(std::size_t count, std::string_view room);
    /// What began before goes.
    void forget_before(WallTime time);

private:
    sql::Database& database_;
    sql::Statement insert_;
};

} // namespace lyceum::store
