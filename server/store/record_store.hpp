// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/records/call_records.hpp"
#include "sql/database.hpp"

#include <vector>

namespace lyceum::store {

/// Calls that are over, in SQLite. Throws sql::Error.
class RecordStore {
public:
    explicit RecordStore(sql::Database& database);

    void add(const records::CallRecord& record);
    /// The newest `count`, the newest first.
    std::vector<records::CallRecord> newest(std::size_t count);
    /// What began before goes.
    void forget_before(WallTime time);

private:
    sql::Database& database_;
    sql::Statement insert_;
};

} // namespace lyceum::store
