// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sql/database.hpp"

#include <string>

namespace lyceum::store {

/// The database of a data directory; made, if it is not there. Throws sql::Error.
inline sql::Database open_database(const std::string& data_directory) {
    return sql::Database::open(data_directory + "/lyceum.db");
}

} // namespace lyceum::store
