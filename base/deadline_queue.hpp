// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace lyceum {

/// The deadlines of many things, of which one timer is enough: at most one deadline for each key,
/// the earliest first. Keys with equal deadlines come in key order, so that a run can be repeated.
///
/// Most deadlines are moved or dropped long before they are due. So an old entry stays in the heap
/// until it comes to the top, or until most entries are old.
template <class Key>
class DeadlineQueue {
public:
    void set(const Key& key, std::optional<TimePoint> when) {
        if (!when) {
            when_.erase(key);
        } else {
            const auto [known, fresh] = when_.try_emplace(key, *when);
            if (!fresh && known->second == *when) return;
            known->second = *when;
            heap_.emplace_back(*when, key);
            std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
            if (heap_.size() > 2 * when_.size() + 64) forget_old();
        }
        clean_top();
    }

    void remove(const Key& key) { set(key, std::nullopt); }

    [[nodiscard]] std::optional<TimePoint> deadline() const {
        if (heap_.empty()) return std::nullopt;
        return heap_.front().first;
    }

    /// Takes the earliest key that is due; its deadline is forgotten.
    std::optional<Key> expired(TimePoint now) {
        if (heap_.empty() || heap_.front().first > now) return std::nullopt;
        const Key key = heap_.front().second;
        remove(key);
        return key;
    }

    [[nodiscard]] std::size_t size() const { return when_.size(); }

private:
    using Entry = std::pair<TimePoint, Key>;

    [[nodiscard]] bool is_old(const Entry& entry) const {
        const auto known = when_.find(entry.second);
        return known == when_.end() || known->second != entry.first;
    }
    void clean_top() {
        while (!heap_.empty() && is_old(heap_.front())) {
            std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
            heap_.pop_back();
        }
    }
    void forget_old() {
        std::erase_if(heap_, [this](const Entry& entry) { return is_old(entry); });
        std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
    }

    boost::unordered_flat_map<Key, TimePoint, std::hash<Key>> when_;
    std::vector<Entry> heap_;
};

} // namespace lyceum
