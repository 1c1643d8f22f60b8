// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/b2bua/kept_call.hpp"
#include "sql/database.hpp"

#include <string_view>
#include <vector>

namespace lyceum::store {

/// The calls of the back-to-back user agent in SQLite. Throws sql::Error.
class CallStore {
public:
    explicit CallStore(sql::Database& database);

    std::vector<b2bua::KeptCall> load();
    /// In place of the one of that id, if it is there.
    void put(const b2bua::KeptCall& call);
    void remove(std::string_view id);

private:
    sql::Database& database_;
    sql::Statement remove_, put_call_, put_end_;
};

} // namespace lyceum::store
