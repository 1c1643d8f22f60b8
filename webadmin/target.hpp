// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::webadmin {

/// What a request is for: the segments of its path and its query (RFC 3986 §3.3, §3.4), decoded
/// after they were cut, so that a slash in a name is no separator.
struct Target {
    std::vector<std::string> path;
    std::map<std::string, std::string> query;

    /// None: it is no path, a segment is "." or "..", or something in it is not UTF-8 or a control
    /// character.
    static std::optional<Target> parse(std::string_view text);
};

} // namespace lyceum::webadmin
