// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "rtp/rtcp.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace lyceum::rtp {

/// When to stop sending to a peer, RFC 8083: what we send does not arrive at all (§4.1), or it
/// crowds a path out that loses this much (§4.3). Judges by the peer's reports only; of a peer that
/// sends none, the RTP time-out tells.
class CircuitBreaker {
public:
    /// So many reports in a row must say so.
    static constexpr int reports_min = 3;
    /// A flow may take so many times what TCP would get (§4.3).
    static constexpr double tcp_share_max = 10;

    /// A report about us. `packets` and `octets` are what we have sent up to now, with headers.
    void handle_report(const ReportBlock& report, std::optional<Duration> round_trip,
                       std::uint64_t packets, std::uint64_t octets, TimePoint now);

    /// Why it has opened; none while media may flow. It does not close again.
    [[nodiscard]] std::optional<std::string_view> open() const { return open_; }

private:
    struct Seen {
        std::uint32_t highest_sequence;
        std::uint64_t packets, octets;
        TimePoint at;
    };
    std::optional<Seen> last_;
    int unmoved_ = 0, crowding_ = 0; ///< Reports in a row.
    std::optional<std::string_view> open_;
};

} // namespace lyceum::rtp
