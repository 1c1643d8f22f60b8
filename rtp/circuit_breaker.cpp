// SPDX-License-Identifier: Apache-2.0
#include "rtp/circuit_breaker.hpp"

#include <cmath>
#include <utility>

namespace lyceum::rtp {

void CircuitBreaker::handle_report(const ReportBlock& report, std::optional<Duration> round_trip,
                                   std::uint64_t packets, std::uint64_t octets, TimePoint now) {
    const Seen seen{report.highest_sequence, packets, octets, now};
    const auto before = std::exchange(last_, seen);
    // Reports a moment apart say nothing of a rate.
    if (!before || now - before->at < 500ms || packets == before->packets) return;
    const bool moved = report.highest_sequence != before->highest_sequence;
    unmoved_ = moved ? 0 : unmoved_ + 1;
    if (unmoved_ >= reports_min) open_ = "nothing arrives";

    const auto sent = static_cast<double>(octets - before->octets);
    const double seconds = static_cast<double>((now - before->at).count()) / 1e6;
    const double loss = static_cast<double>(report.fraction_lost) / 256;
    bool crowds = false;
    if (round_trip && *round_trip > Duration{} && loss > 0) {
        // The simplified throughput of TCP, as §4.3 gives it: s / (Tr · √(2p/3)).
        const double packet = sent / static_cast<double>(packets - before->packets);
        const double trip = static_cast<double>(round_trip->count()) / 1e6;
        crowds = sent / seconds > tcp_share_max * packet / (trip * std::sqrt(2 * loss / 3));
    }
    crowding_ = crowds ? crowding_ + 1 : 0;
    if (crowding_ >= reports_min) open_ = "the path is congested";
}

} // namespace lyceum::rtp
