// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/text.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Several short texts in one column, a line for each.
namespace lyceum::store {

inline std::string lines_of(const std::vector<std::string>& parts) {
    std::string out;
    for (const auto& each : parts) out.append(out.empty() ? "" : "\n").append(each);
    return out;
}

inline std::vector<std::string> parts_of(std::string_view lines) {
    std::vector<std::string> out;
    while (!lines.empty()) out.emplace_back(cut(lines, '\n'));
    return out;
}

} // namespace lyceum::store
