// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/registrar/binding.hpp"
#include "sql/database.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lyceum::store {

/// The registrations in SQLite. One connection of its own, for the thread that writes; readers
/// (the command line) have another. Throws sql::Error.
class BindingStore {
public:
    explicit BindingStore(const std::string& data_directory);

    /// Of everybody, or of one member; by name, the most wanted contact first.
    std::vector<registrar::Registration> load(std::string_view user = {});
    /// All of it or nothing, by one transaction: each member's rows become these.
    void replace(const std::vector<registrar::Registration>& registrations);

private:
    sql::Database database_;
    sql::Statement remove_, insert_;
};

} // namespace lyceum::store
