// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

namespace lyceum::sip {

/// RFC 3261 §17.1.1.1 and appendix A, table 4.
struct TimerValues {
    Duration t1 = 500ms; ///< Estimate of the round trip.
    Duration t2 = 4s;    ///< Longest interval between retransmissions.
    Duration t4 = 5s;    ///< Longest time that a message stays in the network.
    Duration d = 32s;    ///< Wait for retransmitted final responses, at least 32 s on UDP.

    [[nodiscard]] Duration timeout() const { return 64 * t1; } ///< B, F, H, J, L and M.
};

} // namespace lyceum::sip
