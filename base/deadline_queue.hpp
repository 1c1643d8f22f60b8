// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace lyceum {

/// The deadlines of many things, of which one timer is enough: at most one deadline for each key,
/// the earliest first. Keys with equal deadlines come in key order, so that a run can be repeated.
///
/// Most deadlines are the same time away from when they are set. Those that come later than all
/// before them only queue up, which costs the same however many there are; the others go to a heap.
/// Most are moved or dropped long before they are due, too. So an old entry stays where it is until
/// it comes first, or until most entries are old.
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
            add({*when, key});
            if (queue_.size() + heap_.size() > 2 * when_.size() + 64) forget_old();
        }
        // Of what comes first, only the deadline of this key can have become an old one.
        if (!queue_.empty() && queue_.front().second == key) clean_queue();
        if (!heap_.empty() && heap_.front().second == key) clean_heap();
    }

    void remove(const Key& key) { set(key, std::nullopt); }

    [[nodiscard]] std::optional<TimePoint> deadline() const {
        if (queue_.empty() && heap_.empty()) return std::nullopt;
        return first().first;
    }

    /// Takes the earliest key that is due; its deadline is forgotten.
    std::optional<Key> expired(TimePoint now) {
        const auto next = deadline();
        if (!next || *next > now) return std::nullopt;
        const Key key = first().second;
        remove(key);
        return key;
    }

    [[nodiscard]] std::size_t size() const { return when_.size(); }

private:
    using Entry = std::pair<TimePoint, Key>;

    void add(Entry entry) {
        if (queue_.empty() || queue_.back() < entry) {
            queue_.push_back(std::move(entry));
        } else {
            heap_.push_back(std::move(entry));
            std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
        }
    }
    /// Of one or the other, of which one at least is not empty.
    [[nodiscard]] const Entry& first() const {
        if (queue_.empty()) return heap_.front();
        if (heap_.empty()) return queue_.front();
        return std::min(queue_.front(), heap_.front());
    }
    [[nodiscard]] bool is_old(const Entry& entry) const {
        const auto known = when_.find(entry.second);
        return known == when_.end() || known->second != entry.first;
    }
    void clean_queue() {
        while (!queue_.empty() && is_old(queue_.front())) queue_.pop_front();
    }
    void clean_heap() {
        while (!heap_.empty() && is_old(heap_.front())) {
            std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
            heap_.pop_back();
        }
    }
    void forget_old() {
        const auto old = [this](const Entry& entry) { return is_old(entry); };
        std::erase_if(queue_, old);
        std::erase_if(heap_, old);
        std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
    }

    boost::unordered_flat_map<Key, TimePoint, std::hash<Key>> when_;
    std::deque<Entry> queue_; ///< Each later than the one before it.
    std::vector<Entry> heap_;
};

} // namespace lyceum
