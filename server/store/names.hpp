// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "sql/database.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lyceum::store {

/// What can stand in a SIP user part without escapes, so that it can be dialled as it is written.
bool is_name(std::string_view name);
Fault not_a_name(const std::string& what);
/// A name of ours, or a URI that can be a Request-URI.
bool can_be_dialled(std::string_view target);

/// Runs a statement that writes one row; this fault if a constraint of the table forbids it.
std::optional<Fault> write(sql::Statement& statement, std::string forbidden);

} // namespace lyceum::store
