// SPDX-License-Identifier: Apache-2.0
#include "rtp/latch.hpp"

#include <algorithm>

namespace lyceum::rtp {

void Latch::aim(const SocketAddress& rtp, const SocketAddress& rtcp) {
    said_ = rtp_ = rtp;
    rtcp_ = rtcp;
    latched_ = false;
}

bool Latch::admits(const SocketAddress& from, std::span<const IpAddress> trusted,
                   TimePoint now) const {
    if (latched_ && from == rtp_) return true;
    const bool vouched_for = from.ip == said_.ip || said_.ip.is_unspecified() ||
                             std::find(trusted.begin(), trusted.end(), from.ip) != trusted.end();
    return vouched_for && (!latched_ || now - last_packet_ >= again_after);
}

void Latch::follow(const SocketAddress& from, bool mux, TimePoint now) {
    last_packet_ = now;
    if (latched_ && from == rtp_) return;
    latched_ = true;
    rtp_ = from;
    if (mux) rtcp_ = from;
}

} // namespace lyceum::rtp
