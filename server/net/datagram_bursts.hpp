// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace lyceum::net {

struct Datagram {
    SocketAddress to;
    std::string bytes;
};

/// What the kernel may be given as one and cuts apart again (Linux, UDP_SEGMENT): datagrams to one
/// address, all as long as the first, except that the last may be shorter. A chain through a queue.
struct Burst {
    static constexpr std::size_t datagrams_max = 64; ///< UDP_MAX_SEGMENTS of Linux.
    static constexpr std::size_t bytes_max = 60'000;
    /// Longer ones stay alone: where a datagram would be in fragments, the kernel cuts nothing.
    static constexpr std::size_t datagram_bytes_max = 1400;

    std::size_t first, last; ///< In the queue.
    std::size_t count;
    std::size_t bytes;
    bool closed; ///< By a shorter one, or by what is too long for company.
};

/// How a queue falls into bursts, in the order in which they are to be sent: what goes to one
/// address keeps its order. Looks at addresses and lengths alone.
class BurstPlan {
public:
    /// `together`: how many datagrams a burst may have; 1 where the kernel cuts nothing.
    BurstPlan(const std::vector<Datagram>& queue, std::size_t together);

    [[nodiscard]] const std::vector<Burst>& bursts() const { return bursts_; }
    /// What follows a datagram in its burst; meaningless behind the last.
    [[nodiscard]] std::size_t after(std::size_t datagram) const { return next_[datagram]; }

private:
    std::vector<Burst> bursts_;
    std::vector<std::size_t> next_;
};

} // namespace lyceum::net
