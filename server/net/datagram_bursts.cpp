// SPDX-License-Identifier: Apache-2.0
#include "server/net/datagram_bursts.hpp"

#include <array>

namespace lyceum::net {
namespace {

bool joins(const Burst& burst, const std::vector<Datagram>& queue, std::size_t datagram) {
    const auto size = queue[datagram].bytes.size();
    return !burst.closed && size > 0 && queue[burst.first].to == queue[datagram].to &&
           size <= queue[burst.first].bytes.size() && burst.bytes + size <= Burst::bytes_max;
}

} // namespace

BurstPlan::BurstPlan(const std::vector<Datagram>& queue, std::size_t together)
    : next_(queue.size()) {
    // The last burst to each address, found by a few bits of it. Where two addresses have the same
    // place, the older burst takes nothing more: that costs company, not order.
    static constexpr std::size_t places = 64, none = ~std::size_t{};
    std::array<std::size_t, places> latest{};
    latest.fill(none);
    bursts_.reserve(queue.size());
    for (std::size_t i = 0; i < queue.size(); ++i) {
        const auto& [to, bytes] = queue[i];
        auto& at = latest[(std::hash<IpAddress>{}(to.ip) ^ to.port) % places];
        if (at != none && joins(bursts_[at], queue, i)) {
            auto& burst = bursts_[at];
            next_[burst.last] = i;
            burst.last = i;
            ++burst.count;
            burst.bytes += bytes.size();
            burst.closed =
                bytes.size() < queue[burst.first].bytes.size() || burst.count == together;
            continue;
        }
        at = bursts_.size();
        const bool alone =
            together == 1 || bytes.empty() || bytes.size() > Burst::datagram_bytes_max;
        bursts_.push_back({i, i, 1, bytes.size(), alone});
    }
}

} // namespace lyceum::net
