// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace lyceum::presence {

/// The text of presence/schemas/NAME.xsd; empty: there is none.
std::string_view schema(std::string_view name);

} // namespace lyceum::presence
