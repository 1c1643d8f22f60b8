// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Assertions that stay on in release: what *we* did wrong stops the process at once, with the
/// place, instead of corrupting a call later. What a *peer* did wrong is never an assertion; it is
/// a Result.

namespace lyceum {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

} // namespace lyceum

#define LYCEUM_ASSERT(expression)                                                                  \
    (static_cast<bool>(expression) ? static_cast<void>(0)                                          \
                                   : ::lyceum::assertion_failed(#expression, __FILE__, __LINE__))
