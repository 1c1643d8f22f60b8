// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lyceum {

/// RFC 4648 §4, with padding.
std::string to_base64(ByteView bytes);
/// Padding may be left out, as some phones do; anything else that is not base64 is none.
std::optional<Bytes> from_base64(std::string_view text);

} // namespace lyceum
