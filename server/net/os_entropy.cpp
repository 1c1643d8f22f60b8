// SPDX-License-Identifier: Apache-2.0
#include "server/net/os_entropy.hpp"

#include "base/assert.hpp"

#include <sys/random.h>

namespace lyceum::net {

void OsEntropy::fill(std::span<std::uint8_t> out) {
    while (!out.empty()) {
        const auto count = getrandom(out.data(), out.size(), 0);
        LYCEUM_ASSERT(count > 0);
        out = out.subspan(static_cast<std::size_t>(count));
    }
}

} // namespace lyceum::net
