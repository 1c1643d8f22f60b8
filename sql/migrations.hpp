// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace lyceum::sql {

struct Migration {
    std::string_view name; ///< Of the file in sql/migrations.
    std::string_view script;
};

/// In order; the n-th brings a database from version n-1 to n (PRAGMA user_version).
const std::vector<Migration>& migrations();

} // namespace lyceum::sql
