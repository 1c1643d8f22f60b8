// SPDX-License-Identifier: Apache-2.0
#include "mixer/mix.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace lyceum::mixer {

void add(Total& total, const Frame& frame) {
    for (std::size_t i = 0; i < frame.size(); ++i) total[i] += frame[i];
}

void add(Total& total, const Total& other, float gain) {
    for (std::size_t i = 0; i < other.size(); ++i)
        total[i] += static_cast<std::int32_t>(gain * static_cast<float>(other[i]));
}

void turn_down(std::span<std::int32_t> sum, float factor) {
    if (factor == 1) return;
    for (auto& sample : sum)
        sample = static_cast<std::int32_t>(factor * static_cast<float>(sample));
}

void subtract(Total& total, const Frame& own) {
    for (std::size_t i = 0; i < own.size(); ++i) total[i] -= own[i];
}

void fade(Frame& frame, float from, float to) {
    const float step = (to - from) / static_cast<float>(frame.size());
    for (std::size_t i = 0; i < frame.size(); ++i) {
        const float gain = from + step * static_cast<float>(i);
        frame[i] = static_cast<Sample>(
            std::clamp(gain * static_cast<float>(frame[i]), -32768.0f, 32767.0f));
    }
}

int level_db(const Frame& frame) {
    std::uint64_t energy = 0;
    for (const int sample : frame) energy += static_cast<std::uint64_t>(sample * sample);
    if (energy == 0) return -127;
    const double mean = static_cast<double>(energy) / static_cast<double>(frame.size());
    return std::max(-127,
                    static_cast<int>(std::lround(10 * std::log10(mean / (32768.0 * 32768.0)))));
}

void Limiter::apply(std::span<const std::int32_t> in, std::span<Sample> out, unsigned channels) {
    static constexpr float ceiling = 32000;
    static constexpr std::size_t attack = 120;           // 2.5 ms
    static constexpr float release = 2.0f / sample_rate; // Back to unity in half a second.
    std::int32_t peak = 0;
    for (const auto sample : in) peak = std::max(peak, std::abs(sample));
    const float needed = peak > 32767 ? ceiling / static_cast<float>(peak) : 1.0f;
    if (needed == 1.0f && gain_ == 1.0f) {
        std::transform(in.begin(), in.end(), out.begin(),
                       [](std::int32_t sample) { return static_cast<Sample>(sample); });
        return;
    }
    const auto length = in.size() / channels;
    const float target = std::min(needed, gain_ + release * static_cast<float>(length));
    for (std::size_t i = 0; i < in.size(); ++i) {
        const auto at = i / channels;
        const float ramp = at < attack ? static_cast<float>(at) / attack : 1.0f;
        const float gain = gain_ + (target - gain_) * ramp;
        const float value = gain * static_cast<float>(in[i]);
        out[i] = static_cast<Sample>(std::clamp(value, -32768.0f, 32767.0f));
    }
    gain_ = std::min(target, 1.0f);
}

} // namespace lyceum::mixer
