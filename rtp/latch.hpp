// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"
#include "base/time.hpp"

#include <span>

namespace lyceum::rtp {

/// Where a peer is sent to: where it says that it is, until its packets come from somewhere else.
/// Symmetric RTP (RFC 4961) with latching (RFC 7362): answers go where the peer's packets come
/// from, and the first source within what the signalling vouches for is kept until it falls silent.
class Latch {
public:
    /// A peer that moved is silent at its old place for so long.
    static constexpr Duration again_after = 2s;

    /// What the peer says in SDP. What its packets showed before says nothing any more.
    void aim(const SocketAddress& rtp, const SocketAddress& rtcp);

    /// Whether a packet may be the peer's: from where it says that it is (an address of 0.0.0.0
    /// says nothing), or from one of these.
    [[nodiscard]] bool admits(const SocketAddress& from, std::span<const IpAddress> trusted,
                              TimePoint now) const;
    /// A packet of the peer came from here; with `mux`, so do its reports.
    void follow(const SocketAddress& from, bool mux, TimePoint now);
    /// \name The same of reports: they come from where packets do, but for the port.
    ///@{
    [[nodiscard]] bool admits_rtcp(const SocketAddress& from) const { return from.ip == rtp_.ip; }
    void follow_rtcp(const SocketAddress& from) { rtcp_ = from; }
    ///@}

    [[nodiscard]] const SocketAddress& rtp() const { return rtp_; }
    [[nodiscard]] const SocketAddress& rtcp() const { return rtcp_; }
    [[nodiscard]] bool is_latched() const { return latched_; } ///< `rtp` was heard from.

private:
    SocketAddress said_, rtp_, rtcp_;
    bool latched_ = false;
    TimePoint last_packet_{}; ///< From the latched source.
};

} // namespace lyceum::rtp
