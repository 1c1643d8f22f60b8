// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lyceum {

/// Personal text on its way to the log: URIs, numbers, addresses, display names. By default the log
/// shows only a short fingerprint, the same for the same text within one run of the program, so
/// that lines about one caller can still be put together.
struct Redacted {
    std::string text;
};

/// The fingerprint that stands in for `text`: `~` and six hexadecimal digits, salted for each
/// process.
std::string fingerprint(std::string_view text, std::uint64_t salt);

} // namespace lyceum
