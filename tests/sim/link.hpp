// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "base/time.hpp"

#include <optional>
#include <vector>

namespace lyceum::sim {

/// A network that loses, delays, doubles and reorders, as its seed says. Healed, it only delays.
struct LinkFaults {
    unsigned loss_percent = 0;
    unsigned duplicate_percent = 0;
    Duration delay_min = 5ms, delay_max = 5ms; ///< Far apart: reordering.

    /// Drawn so that some runs have none of a fault and some have it badly.
    static LinkFaults draw(Random& random) {
        LinkFaults out;
        if (random.chance(70)) out.loss_percent = static_cast<unsigned>(random.between(1, 30));
        if (random.chance(50)) out.duplicate_percent = static_cast<unsigned>(random.between(1, 20));
        out.delay_min = random.between(1, 50) * 1ms;
        out.delay_max = out.delay_min + (random.chance(50) ? random.between(0, 400) * 1ms : 0ms);
        return out;
    }

    /// When the copies of one packet arrive: none, one or two times from now.
    [[nodiscard]] std::vector<Duration> arrivals(Random& random) const {
        std::vector<Duration> out;
        if (random.chance(loss_percent)) return out;
        const auto delay = [&] {
            return delay_min + Duration(random.between(0, (delay_max - delay_min).count()));
        };
        out.push_back(delay());
        if (random.chance(duplicate_percent)) out.push_back(delay());
        return out;
    }
};

} // namespace lyceum::sim
