// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mixer/media_leg.hpp"
#include "mixer/mix.hpp"

#include <optional>
#include <vector>

/// Where voices come from in a spatial room: pure functions over one tick of sound.
namespace lyceum::mixer {

/// Where a participant is, and whom his voice is for.
struct Place {
    float x = 0, y = 0;               ///< Metres, on a plane.
    float heading = 0;                ///< Where he looks: degrees, clockwise from the y axis.
    unsigned team = 0;                ///< Those of one team hear each other, and nobody else does.
    std::optional<LegId> whispers_to; ///< Only this one hears him, of whatever team, as if near.

    bool operator==(const Place&) const = default;
    /// On the plane, within ten kilometres of its middle, and looking somewhere.
    [[nodiscard]] bool is_sound() const;
};

/// Of a voice on its way to two ears; a voice in front, near by: the root of a half for each.
struct StereoGain {
    float left = 0, right = 0;

    [[nodiscard]] bool is_silent() const { return left == 0 && right == 0; }
    bool operator==(const StereoGain&) const = default;
};

/// A voice is whole up to `near_m`, falls to a half with each doubling of the distance, and is gone
/// at `far_m`.
inline constexpr float near_m = 1, far_m = 50;

/// How `listener`, who is at `here`, hears a voice that comes from `there`.
StereoGain heard_from(const Place& there, LegId listener, const Place& here);

/// What one listener hears of many voices, in mono or stereo, before it is limited.
class SpatialMix {
public:
    SpatialMix(std::size_t samples, unsigned channels)
        : channels_(channels), sum_(samples * channels) {}

    /// The voice moves evenly from one place to the other within the tick: it does not click.
    void add(const Frame& voice, StereoGain from, StereoGain to);

    std::span<std::int32_t> sum() { return sum_; }
    [[nodiscard]] unsigned channels() const { return channels_; }

private:
    unsigned channels_;
    std::vector<std::int32_t> sum_; ///< Left and right take turns.
};

} // namespace lyceum::mixer
