// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/http.hpp"

#include <optional>
#include <string_view>

namespace lyceum::webadmin {

/// The dashboard: files that are part of the program (webadmin/ui). None: there is none of that
/// name. Compressed for who can read it; what has a hash in its name is kept for ever.
std::optional<http::Response> page_at(std::string_view target, std::string_view accept_encoding,
                                      std::string_view if_none_match);

} // namespace lyceum::webadmin
