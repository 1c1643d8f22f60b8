// SPDX-License-Identifier: Apache-2.0
#include "rtp/quality.hpp"

#include <algorithm>

namespace lyceum::rtp {

void BurstMeter::handle_packet(bool missing) {
    if (!missing) {
        ++run_;
        return;
    }
    // What was there since the last missing one belongs to a burst if it is short, else to a gap.
    const bool close = seen_missing_ && run_ < gap_min;
    if (close) {
        if (!in_burst_) { // The missing one before was the first of the burst, not part of a gap.
            --gap_.packets;
            --gap_.missing;
            ++burst_.count;
            burst_.packets = burst_.packets + 1;
            ++burst_.missing;
        }
        in_burst_ = true;
        burst_.packets += run_ + 1;
        ++burst_.missing;
    } else {
        in_burst_ = false;
        ++gap_.count;
        gap_.packets += run_ + 1;
        ++gap_.missing;
    }
    run_ = 0;
    seen_missing_ = true;
}

void BurstMeter::describe(Quality& quality, Duration packet_length) const {
    const auto share = [](std::uint64_t part, std::uint64_t whole) {
        return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
    };
    const auto mean = [&](std::uint64_t packets, std::uint64_t count) {
        return count == 0 ? Duration{}
                          : packet_length * static_cast<std::int64_t>(packets) /
                                static_cast<std::int64_t>(count);
    };
    quality.burst_density = share(burst_.missing, burst_.packets);
    quality.gap_density = share(gap_.missing, gap_.packets + run_);
    quality.burst = mean(burst_.packets, burst_.count);
    quality.gap = mean(gap_.packets + run_, burst_.count + 1);
}

double r_factor(Duration one_way, double missing) {
    static constexpr double best = 93.2, robustness = 25.1;
    const double ms = static_cast<double>(one_way.count()) / 1000;
    const double percent = 100 * missing;
    const double delay = 0.024 * ms + 0.11 * std::max(0.0, ms - 177.3);
    const double equipment = 95 * percent / (percent + robustness);
    return std::clamp(best - delay - equipment, 0.0, 100.0);
}

double mos_of(double r) {
    return std::clamp(1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6, 1.0, 4.5);
}

} // namespace lyceum::rtp
