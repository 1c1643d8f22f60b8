// SPDX-License-Identifier: Apache-2.0
#include "mixer/time_scale.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace lyceum::mixer {
namespace {

constexpr std::size_t lag_min = 120, lag_max = 480; // Voices are between 100 and 400 Hz.
constexpr std::size_t overlap = 240;                // 5 ms
constexpr double likeness_min = 0.5, likeness_without_haste = 0.95;
static_assert(lag_max + overlap <= time_scale_samples_min);

/// How much the sound is like itself `lag` samples later: 1 the same, 0 nothing in common. Looks at
/// every `step`th sample.
double likeness(SampleView sound, std::size_t lag, std::size_t step) {
    double product = 0, first = 0, second = 0;
    for (std::size_t i = 0; i < overlap; i += step) {
        const double a = sound[i], b = sound[i + lag];
        product += a * b;
        first += a * a;
        second += b * b;
    }
    const double energy = std::sqrt(first * second);
    return energy > 0 ? product / energy : 1; // Silence is like silence.
}

/// The lag, up to `longest`, at which the sound repeats itself best; 0 if it does nowhere.
std::size_t period(SampleView sound, std::size_t longest, double least_likeness) {
    constexpr std::size_t coarse = 4;
    std::size_t best = 0;
    double most = least_likeness;
    const auto consider = [&](std::size_t lag, std::size_t step) {
        const double found = likeness(sound, lag, step);
        if (found <= most) return;
        most = found;
        best = lag;
    };
    for (std::size_t lag = lag_min; lag <= longest; lag += coarse) consider(lag, coarse);
    if (best == 0) return 0;
    const auto around = best;
    most = likeness(sound, best, 1);
    for (auto lag = std::max(lag_min, around - coarse + 1);
         lag < std::min(longest + 1, around + coarse); ++lag)
        consider(lag, 1);
    // At the edge of what is allowed it may only be on the way to where it is like itself.
    return best == longest && longest < lag_max ? 0 : best;
}

/// From one stretch of sound over to another.
std::array<Sample, overlap> cross(SampleView from, SampleView to) {
    std::array<Sample, overlap> out;
    for (std::size_t i = 0; i < overlap; ++i) {
        const int weight = static_cast<int>(i);
        const int sum = from[i] * (int{overlap} - weight) + to[i] * weight;
        out[i] = static_cast<Sample>(sum / int{overlap});
    }
    return out;
}

} // namespace

std::size_t shorten(std::vector<Sample>& sound, std::optional<std::size_t> most) {
    if (sound.size() < time_scale_samples_min) return 0;
    const auto lag = most ? period(sound, std::min(*most, lag_max), likeness_without_haste)
                          : period(sound, lag_max, likeness_min);
    if (lag == 0) return 0;
    const auto bridge = cross(sound, SampleView(sound).subspan(lag));
    sound.erase(sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(lag));
    std::copy(bridge.begin(), bridge.end(), sound.begin());
    return lag;
}

std::size_t lengthen(std::vector<Sample>& sound) {
    if (sound.size() < time_scale_samples_min) return 0;
    const auto lag = period(sound, lag_max, likeness_min);
    if (lag == 0) return 0;
    const auto bridge = cross(SampleView(sound).subspan(lag), sound);
    const std::vector<Sample> once(sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(lag));
    std::copy(bridge.begin(), bridge.end(), sound.begin());
    sound.insert(sound.begin(), once.begin(), once.end());
    return lag;
}

} // namespace lyceum::mixer
