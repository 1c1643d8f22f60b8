// SPDX-License-Identifier: Apache-2.0
#include "mixer/sound_care.hpp"

#include <algorithm>
#include <cmath>

namespace lyceum::mixer {

SoundCare::SoundCare(SoundCareOptions options, std::size_t frame_samples) : options_(options) {
    if (options_.noise_suppression) suppressor_.emplace(frame_samples);
}

void SoundCare::apply(Frame& frame) {
    if (options_.high_pass) take_low_off(frame);
    if (suppressor_) suppressor_->apply(frame);
    holding_ = suppressor_.has_value();
    if (options_.gain_control) control_gain(frame);
}

bool SoundCare::finish(Frame& frame) {
    if (!holding_) return false;
    frame.fill(0);
    apply(frame);
    holding_ = false;
    return true;
}

/// Butterworth, second order, 100 Hz.
void SoundCare::take_low_off(Frame& frame) {
    static constexpr float b0 = 0.990786698f, b1 = -1.981573396f, a1 = -1.981488509f,
                           a2 = 0.981658284f;
    for (auto& sample : frame) {
        const float x = sample;
        const float y = b0 * x + b1 * in_[0] + b0 * in_[1] - a1 * out_[0] - a2 * out_[1];
        in_[1] = in_[0];
        in_[0] = x;
        out_[1] = out_[0];
        out_[0] = y;
        sample = static_cast<Sample>(std::clamp(y, -32768.0f, 32767.0f));
    }
}

/// Follows speech only: what is well above the leg's own floor. Up slowly, so that pauses do not
/// pump; down faster, because loud hurts.
void SoundCare::control_gain(Frame& frame) {
    static constexpr float above_floor_db = 10, floor_min_db = -60;
    const float seconds = static_cast<float>(frame.size()) / sample_rate;
    const float up_db = 3 * seconds, down_db = 15 * seconds, floor_rise_db = seconds;
    const auto level = static_cast<float>(level_db(frame));
    floor_db_ = std::max(floor_min_db, std::min(level, floor_db_ + floor_rise_db));
    const float before = gain_db_;
    if (level > std::max(floor_db_ + above_floor_db, -50.0f)) {
        const float wanted =
            std::clamp(static_cast<float>(loudness_db) - level, -gain_db_max, gain_db_max);
        gain_db_ += std::clamp(wanted - gain_db_, -down_db, up_db);
    }
    if (before == 0 && gain_db_ == 0) return;
    const float from = std::pow(10.0f, before / 20), to = std::pow(10.0f, gain_db_ / 20);
    const float step = (to - from) / static_cast<float>(frame.size());
    for (std::size_t i = 0; i < frame.size(); ++i) {
        const float value = (from + step * static_cast<float>(i)) * static_cast<float>(frame[i]);
        frame[i] = static_cast<Sample>(std::clamp(value, -32768.0f, 32767.0f));
    }
}

} // namespace lyceum::mixer
