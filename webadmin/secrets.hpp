// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace lyceum::webadmin {

std::string sha256_hex(std::string_view text);
/// In a time that says nothing of where they differ.
bool is_same_secret(std::string_view a, std::string_view b);

/// One-time passwords by time: RFC 6238 with HMAC-SHA-1, six digits and 30 seconds, as every
/// authenticator application has them.
inline constexpr std::chrono::seconds totp_step_length{30};
std::int64_t totp_step_at(WallTime time);
std::string totp_code(std::string_view secret, std::int64_t step);
/// RFC 4648 §6 without padding: as people key a secret in.
std::string base32(std::string_view octets);

} // namespace lyceum::webadmin
