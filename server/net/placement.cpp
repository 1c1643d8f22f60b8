// SPDX-License-Identifier: Apache-2.0
#include "server/net/placement.hpp"

#include <algorithm>

namespace lyceum::net {

std::size_t Placement::begin(focus::ConferenceId id) {
    const auto least = std::min_element(load_.begin(), load_.end());
    const auto thread = static_cast<std::size_t>(least - load_.begin());
    conferences_[id] = {thread, 0};
    return thread;
}

void Placement::end(focus::ConferenceId id) { conferences_.erase(id); }

void Placement::absorb(focus::ConferenceId id, focus::ConferenceId other) {
    auto& placed = conferences_.at(id);
    const auto& [thread, legs] = conferences_.at(other);
    load_[thread] -= legs;
    load_[placed.thread] += legs;
    placed.legs += legs;
    conferences_.erase(other);
}

void Placement::add_leg(focus::ConferenceId id) {
    auto& placed = conferences_.at(id);
    ++placed.legs;
    ++load_[placed.thread];
}

void Placement::remove_leg(focus::ConferenceId id) {
    auto& placed = conferences_.at(id);
    --placed.legs;
    --load_[placed.thread];
}

std::size_t Placement::thread_of(focus::ConferenceId id) const {
    return conferences_.at(id).thread;
}

/// The largest conference that is no more than half of the difference: moving a larger one would
/// only turn the scales over.
std::optional<Placement::Move> Placement::next_move() {
    const auto [least, most] = std::minmax_element(load_.begin(), load_.end());
    const auto difference = *most - *least;
    if (difference <= difference_max) return std::nullopt;
    const auto from = static_cast<std::size_t>(most - load_.begin());
    const auto to = static_cast<std::size_t>(least - load_.begin());
    auto best = conferences_.end();
    for (auto it = conferences_.begin(); it != conferences_.end(); ++it) {
        const auto& [thread, legs] = it->second;
        if (thread != from || legs == 0 || legs > difference / 2) continue;
        if (best == conferences_.end() || legs > best->second.legs) best = it;
    }
    if (best == conferences_.end()) return std::nullopt;
    best->second.thread = to;
    load_[from] -= best->second.legs;
    load_[to] += best->second.legs;
    return Move{best->first, from, to};
}

} // namespace lyceum::net
