// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"

#include <array>
#include <cstddef>

namespace lyceum::net {

/// Secrets from the kernel, fetched many at a time. For one thread; what was given is wiped here.
class OsEntropy final : public Entropy {
public:
    void fill(std::span<std::uint8_t> out) override;

private:
    std::array<std::uint8_t, 4096> pool_{};
    std::size_t left_ = 0; ///< At the end of the pool.
};

} // namespace lyceum::net
