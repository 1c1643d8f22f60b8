// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <map>
#include <optional>
#include <set>
#include <utility>

namespace lyceum {

/// The deadlines of many things, of which one timer is enough: at most one deadline for each key,
/// the earliest first. Keys with equal deadlines come in key order, so that a run can be repeated.
template <class Key>
class DeadlineQueue {
public:
    void set(const Key& key, std::optional<TimePoint> when) {
        const auto known = when_.find(key);
        if (known != when_.end()) {
            if (when && known->second == *when) return;
            order_.erase({known->second, key});
            if (!when) {
                when_.erase(known);
                return;
            }
            known->second = *when;
        } else if (when) {
            when_.emplace(key, *when);
        } else {
            return;
        }
        order_.emplace(*when, key);
    }

    void remove(const Key& key) { set(key, std::nullopt); }

    [[nodiscard]] std::optional<TimePoint> deadline() const {
        if (order_.empty()) return std::nullopt;
        return order_.begin()->first;
    }

    /// Takes the earliest key that is due; its deadline is forgotten.
    std::optional<Key> expired(TimePoint now) {
        if (order_.empty() || order_.begin()->first > now) return std::nullopt;
        const Key key = order_.begin()->second;
        remove(key);
        return key;
    }

    [[nodiscard]] std::size_t size() const { return when_.size(); }

private:
    std::map<Key, TimePoint> when_;
    std::set<std::pair<TimePoint, Key>> order_;
};

} // namespace lyceum
