// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/registrar/binding.hpp"
#include "sql/database.hpp"

#include <string_view>
#include <vector>

namespace lyceum::store {

/// The registrations in SQLite. Throws sql::Error.
class BindingStore {
public:
    explicit BindingStore(sql::Database& database);

    /// Of everybody, or of one member; by name, the most wanted contact first.
    std::vector<registrar::Registration> load(std::string_view user = {});
    /// The member's rows become these.
    void replace(const registrar::Registration& registration);

private:
    sql::Database& database_;
    sql::Statement remove_, insert_;
};

} // namespace lyceum::store
