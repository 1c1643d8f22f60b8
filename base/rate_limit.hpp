// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <algorithm>
#include <cstddef>
#include <unordered_map>

namespace lyceum {

/// How often something may happen, for each key: `rate` times in a second on the long run, `burst`
/// times at once. One point in time is kept for each key (the theoretical arrival time of the
/// generic cell rate algorithm), and none for who has been quiet.
template <class Key>
class RateLimit {
public:
    /// Keys beyond `keys_max` that are all busy: they share, as if they were one.
    RateLimit(double rate, double burst, std::size_t keys_max = 100'000)
        : interval_(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / rate))),
          tolerance_(std::chrono::duration_cast<Duration>(interval_ * (burst - 1))),
          keys_max_(keys_max) {}

    /// Takes one; false: too often. `weight` under 1 makes it count for less.
    bool take(const Key& key, TimePoint now, double weight = 1) {
        auto known = due_.find(key);
        if (known == due_.end() && due_.size() >= keys_max_) forget_quiet(now);
        auto& due = known != due_.end()        ? known->second
                    : due_.size() >= keys_max_ ? rest_
                                               : due_[key];
        const auto cost =
            std::chrono::duration_cast<Duration>(std::chrono::duration<double>(interval_) * weight);
        const auto start = std::max(due, now);
        if (start - now > tolerance_) return false;
        due = start + cost;
        return true;
    }

    [[nodiscard]] std::size_t size() const { return due_.size(); }

private:
    void forget_quiet(TimePoint now) {
        std::erase_if(due_, [now](const auto& each) { return each.second <= now; });
    }

    Duration interval_, tolerance_;
    std::size_t keys_max_;
    std::unordered_map<Key, TimePoint> due_;
    TimePoint rest_{};
};

} // namespace lyceum
