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
/// Protocols wait for a few durations, again and again. So deadlines stand in lanes, each behind
/// one that is earlier: what waits as long as others comes to stand in the lane of those, and costs
/// the same however many there are. What fits into none goes to a heap. Most deadlines are moved or
/// dropped long before they are due; an old entry stays where it is until it comes first, or until
/// most entries are old.
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
            if (entries_ > 2 * when_.size() + 64) forget_old();
        }
        // Of what comes first somewhere, only the deadline of this key can have become an old one.
        for (auto& lane : lanes_)
            if (!lane.empty() && lane.front().second == key) clean(lane);
        if (!heap_.empty() && heap_.front().second == key) clean_heap();
    }

    void remove(const Key& key) { set(key, std::nullopt); }

    [[nodiscard]] std::optional<TimePoint> deadline() const {
        const auto* const next = first();
        return next ? std::optional(next->first) : std::nullopt;
    }

    /// Takes the earliest key that is due; its deadline is forgotten.
    std::optional<Key> expired(TimePoint now) {
        const auto* const next = first();
        if (!next || next->first > now) return std::nullopt;
        const Key key = next->second;
        remove(key);
        return key;
    }

    [[nodiscard]] std::size_t size() const { return when_.size(); }

private:
    using Entry = std::pair<TimePoint, Key>;
    using Lane = std::deque<Entry>;
    static constexpr std::size_t lanes_max = 8;

    void add(Entry entry) {
        ++entries_;
        Lane* closest = nullptr; // Of those whose last is earlier: so that no lane runs ahead.
        for (auto& lane : lanes_) {
            if (lane.empty()) {
                if (!closest) closest = &lane;
            } else if (lane.back() < entry) {
                if (!closest || closest->empty() || closest->back() < lane.back()) closest = &lane;
            }
        }
        if (!closest && lanes_.size() < lanes_max) closest = &lanes_.emplace_back();
        if (closest) return closest->push_back(std::move(entry));
        heap_.push_back(std::move(entry));
        std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
    }
    [[nodiscard]] const Entry* first() const {
        const Entry* out = heap_.empty() ? nullptr : &heap_.front();
        for (const auto& lane : lanes_)
            if (!lane.empty() && (!out || lane.front() < *out)) out = &lane.front();
        return out;
    }
    [[nodiscard]] bool is_old(const Entry& entry) const {
        const auto known = when_.find(entry.second);
        return known == when_.end() || known->second != entry.first;
    }
    void clean(Lane& lane) {
        for (; !lane.empty() && is_old(lane.front()); --entries_) lane.pop_front();
    }
    void clean_heap() {
        for (; !heap_.empty() && is_old(heap_.front()); --entries_) {
            std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
            heap_.pop_back();
        }
    }
    void forget_old() {
        const auto old = [this](const Entry& entry) { return is_old(entry); };
        for (auto& lane : lanes_) entries_ -= std::erase_if(lane, old);
        entries_ -= std::erase_if(heap_, old);
        std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
    }

    boost::unordered_flat_map<Key, TimePoint, std::hash<Key>> when_;
    std::vector<Lane> lanes_;
    std::vector<Entry> heap_;
    std::size_t entries_ = 0; ///< In the lanes and the heap.
};

} // namespace lyceum
