// SPDX-License-Identifier: Apache-2.0
#include "mixer/space.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lyceum::mixer {
namespace {

/// Equal power: as loud wherever it comes from. `side` is −1 for left, 0 for the middle, 1 for
/// right.
StereoGain panned(float loudness, float side) {
    const float angle = (side + 1) * std::numbers::pi_v<float> / 4;
    return {loudness * std::cos(angle), loudness * std::sin(angle)};
}

/// Inverse distance, and over the last fifth of the way down to nothing, so that nobody who walks
/// out of earshot is cut off.
float loudness_at(float metres) {
    static constexpr float fades_from = far_m * 4 / 5;
    const float fading = std::clamp((far_m - metres) / (far_m - fades_from), 0.0f, 1.0f);
    return near_m / std::max(metres, near_m) * fading;
}

} // namespace

bool Place::is_sound() const {
    static constexpr float edge_m = 10'000, turns_max = 360'000;
    return std::abs(x) <= edge_m && std::abs(y) <= edge_m && std::abs(heading) <= turns_max;
}

StereoGain heard_from(const Place& there, LegId listener, const Place& here) {
    if (there.whispers_to) return *there.whispers_to == listener ? panned(1, 0) : StereoGain{};
    if (there.team != here.team) return {};
    const float dx = there.x - here.x, dy = there.y - here.y;
    const float metres = std::hypot(dx, dy);
    const float bearing = std::atan2(dx, dy) - here.heading * std::numbers::pi_v<float> / 180;
    // Right in front of the ear, sides mean little: a step past somebody does not leap across.
    return panned(loudness_at(metres), std::sin(bearing) * std::min(metres / near_m, 1.0f));
}

void SpatialMix::add(const Frame& voice, StereoGain from, StereoGain to) {
    const auto channel = [&](std::size_t first, float begin, float end) {
        const float step = (end - begin) / static_cast<float>(voice.size());
        for (std::size_t i = 0; i < voice.size(); ++i) {
            const float gain = begin + step * static_cast<float>(i);
            sum_[i * channels_ + first] +=
                static_cast<std::int32_t>(gain * static_cast<float>(voice[i]));
        }
    };
    if (channels_ == 2) {
        channel(0, from.left, to.left);
        channel(1, from.right, to.right);
    } else {
        // As loud as both ears together.
        channel(0, std::hypot(from.left, from.right), std::hypot(to.left, to.right));
    }
}

} // namespace lyceum::mixer
