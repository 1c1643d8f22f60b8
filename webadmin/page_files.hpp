// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace lyceum::webadmin {

/// The built files of webadmin/ui by their paths, "assets/index-1a2b.js"; those that end with .gz
/// are compressed twins of others. Empty in a program that was built without Node.
std::vector<std::pair<std::string_view, std::string_view>> page_files();

} // namespace lyceum::webadmin
