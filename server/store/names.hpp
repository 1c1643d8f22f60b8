// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace lyceum::store {

/// What can stand in a SIP user part without escapes, so that it can be dialled as it is written.
bool is_name(std::string_view name);
Fault not_a_name(const std::string& what);

} // namespace lyceum::store
