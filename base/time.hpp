// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

namespace lyceum {

using Duration = std::chrono::microseconds;

/// The monotonic clock as the cores see it: a tag without `now()`. Only the edge (`server/net`)
/// reads a real clock; tests and the simulator make the values up.
struct MonotonicClock {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<MonotonicClock, duration>;
    static constexpr bool is_steady = true;
};

using TimePoint = MonotonicClock::time_point;

/// Calendar time, for bodies and rows that people read. Never mixed with TimePoint.
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;

using namespace std::chrono_literals;

/// The earlier of two deadlines, where "none" is later than any.
constexpr std::optional<TimePoint> earlier(std::optional<TimePoint> a, std::optional<TimePoint> b) {
    if (!a) return b;
    if (!b) return a;
    return *a < *b ? a : b;
}

} // namespace lyceum
