// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>
#include <vector>

namespace lyceum::kit {

/// A tone whose phase goes on from call to call.
class Tone {
public:
    Tone(double hertz, double peak, double rate = 48000)
        : step_(2 * std::numbers::pi * hertz / rate), peak_(peak) {}

    std::vector<std::int16_t> next(std::size_t samples) {
        std::vector<std::int16_t> out(samples);
        for (auto& sample : out) {
            sample = static_cast<std::int16_t>(peak_ * std::sin(phase_));
            phase_ = std::fmod(phase_ + step_, 2 * std::numbers::pi);
        }
        return out;
    }

private:
    double step_, peak_, phase_ = 0;
};

/// The peak of one frequency in some sound (Goertzel).
inline double tone_peak(std::span<const std::int16_t> sound, double hertz, double rate = 48000) {
    double re = 0, im = 0;
    for (std::size_t i = 0; i < sound.size(); ++i) {
        const double angle = 2 * std::numbers::pi * hertz * static_cast<double>(i) / rate;
        re += sound[i] * std::cos(angle);
        im += sound[i] * std::sin(angle);
    }
    return 2 * std::sqrt(re * re + im * im) /
           static_cast<double>(std::max<std::size_t>(sound.size(), 1));
}

} // namespace lyceum::kit
