// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mixer/codec.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace lyceum::mixer {

/// Makes speech a little shorter or longer without a change of pitch, by overlap and add: one
/// period, 2.5 to 10 ms, at the front of the sound is left out or said twice, where it repeats
/// itself so well that nobody hears it. For a playout delay that has to change while somebody
/// speaks.
///
/// Both return by how many samples the length changed: 0 where the sound is shorter than
/// `time_scale_samples_min` or repeats itself nowhere. With `most`, no more than that is left out,
/// and only where the sound repeats itself so well that it need not be excused by haste.
///@{
inline constexpr std::size_t time_scale_samples_min = 720; // 15 ms
std::size_t shorten(std::vector<Sample>& sound, std::optional<std::size_t> most = std::nullopt);
std::size_t lengthen(std::vector<Sample>& sound);
///@}

} // namespace lyceum::mixer
