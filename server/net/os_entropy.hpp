// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"

namespace lyceum::net {

/// Secrets from the kernel.
class OsEntropy final : public Entropy {
public:
    void fill(std::span<std::uint8_t> out) override;
};

} // namespace lyceum::net
