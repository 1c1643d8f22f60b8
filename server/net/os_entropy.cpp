// SPDX-License-Identifier: Apache-2.0
#include "server/net/os_entropy.hpp"

#include "base/assert.hpp"

#include <string.h>
#include <sys/random.h>

#include <algorithm>

namespace lyceum::net {

void OsEntropy::fill(std::span<std::uint8_t> out) {
    while (!out.empty()) {
        if (left_ == 0) {
            const auto count = getrandom(pool_.data(), pool_.size(), 0);
            LYCEUM_ASSERT(count == static_cast<ssize_t>(pool_.size()));
            left_ = pool_.size();
        }
        const auto part = std::min(out.size(), left_);
        const auto from = std::span(pool_).subspan(pool_.size() - left_, part);
        std::copy(from.begin(), from.end(), out.begin());
        explicit_bzero(from.data(), from.size());
        left_ -= part;
        out = out.subspan(part);
    }
}

} // namespace lyceum::net
