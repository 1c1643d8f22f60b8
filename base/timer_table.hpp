// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <array>
#include <cstddef>
#include <optional>

namespace lyceum {

/// The timers of one state machine: an array indexed by an enum whose last value is `count_`.
/// A timer fires when it is taken by `expired`, in the order of the enum.
template <class Timer>
class TimerTable {
public:
    void set(Timer timer, TimePoint when) { at_[index(timer)] = when; }
    void stop(Timer timer) { at_[index(timer)].reset(); }
    void stop_all() { at_.fill(std::nullopt); }

    [[nodiscard]] std::optional<TimePoint> at(Timer timer) const { return at_[index(timer)]; }
    [[nodiscard]] bool running(Timer timer) const { return at_[index(timer)].has_value(); }

    [[nodiscard]] std::optional<TimePoint> deadline() const {
        std::optional<TimePoint> first;
        for (const auto& when : at_) first = earlier(first, when);
        return first;
    }

    /// Takes one timer that is due, or nothing.
    std::optional<Timer> expired(TimePoint now) {
        for (std::size_t i = 0; i < at_.size(); ++i) {
            if (at_[i] && *at_[i] <= now) {
                at_[i].reset();
                return static_cast<Timer>(i);
            }
        }
        return std::nullopt;
    }

private:
    static constexpr std::size_t index(Timer timer) { return static_cast<std::size_t>(timer); }

    std::array<std::optional<TimePoint>, static_cast<std::size_t>(Timer::count_)> at_{};
};

} // namespace lyceum
