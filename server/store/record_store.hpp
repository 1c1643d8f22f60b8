// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/records/call_records.hpp"
#include "sql/database.hpp"

#include <cstdint>
#include <optional>
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

/// A row with its number: later ones have higher numbers.
template <class Value>
struct Numbered {
    std::int64_t id;
    Value value;
};

/// Which rows, the newest first.
struct Before {
    std::optional<std::int64_t> id{}; ///< Those with lower numbers.
    std::size_t count = 50;
    std::string text{}; ///< In one of the columns of text; empty: any.
};

/// Calls that are over, and what was done in rooms, in SQLite. Throws sql::Error.
class RecordStore {
public:
    explicit RecordStore(sql::Database& database);

    void add(const records::CallRecord& record);
    std::vector<Numbered<records::CallRecord>> calls(const Before& before);
    void add(const RoomAction& action);
    /// In this room, or in all of them.
    std::vector<Numbered<RoomAction>> actions(const Before& before, std::string_view room = {});
    /// What began before goes.
    void forget_before(WallTime time);

private:
    sql::Database& database_;
    sql::Statement insert_;
};

} // namespace lyceum::store
