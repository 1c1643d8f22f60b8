// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"

#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>
#include <vector>

namespace lyceum::kit {

/// Something like a voice: syllables of a pitch that glides under formants of their own, each begun
/// by a consonant, which is noise. No stretch of it is like another, so that what was heard can be
/// found in what was said and what was made up cannot.
inline std::vector<std::int16_t> voice(std::size_t samples, Random& random, double rate = 48000) {
    using std::numbers::pi;
    constexpr int harmonics = 24;
    constexpr double syllables = 3.7, consonant = 0.25;
    std::vector<std::int16_t> out(samples);
    double phase = 0, first = 0, second = 0, glide = 0, noise = 0, part_before = 1;
    for (std::size_t i = 0; i < samples; ++i) {
        const double t = static_cast<double>(i) / rate;
        const double part = std::fmod(t * syllables, 1.0);
        if (std::exchange(part_before, part) > part) {
            first = static_cast<double>(random.between(300, 800));
            second = static_cast<double>(random.between(1000, 2200));
            glide = static_cast<double>(random.between(-50, 50));
        }
        if (part < consonant) {
            noise = 0.9 * noise + static_cast<double>(random.between(-800, 800));
            out[i] = static_cast<std::int16_t>(noise * std::sin(pi * part / consonant));
            continue;
        }
        const double vowel = (part - consonant) / (1 - consonant);
        const double pitch = 140 + glide * (vowel - 0.5) + 20 * std::sin(2 * pi * 0.31 * t);
        phase = std::fmod(phase + 2 * pi * pitch / rate, 2 * pi);
        double sum = 0;
        for (int k = 1; k <= harmonics; ++k) {
            const double hertz = pitch * k;
            const auto near = [&](double formant, double width) {
                return std::exp(-(hertz - formant) * (hertz - formant) / (2 * width * width));
            };
            sum += (near(first, 160) + 0.5 * near(second, 250)) * std::sin(k * phase);
        }
        out[i] = static_cast<std::int16_t>(5000 * std::sqrt(std::sin(pi * vowel)) * sum);
    }
    return out;
}

} // namespace lyceum::kit
