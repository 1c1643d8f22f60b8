// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lyceum::presence {

/// A dateTime of XML Schema with its zone: "2026-09-01T08:00:00+02:00".
std::optional<WallTime> parse_date_time(std::string_view text);
/// The same in UTC, to the second: "2026-09-01T06:00:00Z".
std::string date_time_text(WallTime time);

} // namespace lyceum::presence
