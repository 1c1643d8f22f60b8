// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mixer/mix.hpp"
#include "mixer/noise_suppressor.hpp"

#include <optional>

namespace lyceum::mixer {

/// What is done to the sound of a leg before it is mixed.
struct SoundCareOptions {
    bool high_pass = false;         ///< Takes off what is below 100 Hz: rumble, hum, breath.
    bool noise_suppression = false; ///< Takes off steady noise; a tick of delay.
    bool gain_control = false;      ///< Brings speech to a common loudness.

    bool operator==(const SoundCareOptions&) const = default;
};

/// The care of one leg's sound, frame after frame. With no option set it changes nothing.
class SoundCare {
public:
    /// Speech is brought here, by at most `gain_db_max` up or down: −20 dBFS.
    static constexpr int loudness_db = -20;
    static constexpr float gain_db_max = 15;

    SoundCare() = default; ///< Changes nothing.
    SoundCare(SoundCareOptions options, std::size_t frame_samples);

    void apply(Frame& frame);
    /// A tick without sound. True: what was held back of the tick before is in the frame now.
    bool finish(Frame& frame);

    [[nodiscard]] const SoundCareOptions& options() const { return options_; }
    [[nodiscard]] float gain_db() const { return gain_db_; }

private:
    void take_low_off(Frame& frame);
    void control_gain(Frame& frame);

    SoundCareOptions options_;
    std::optional<NoiseSuppressor> suppressor_;
    bool holding_ = false; ///< The suppressor has sound that has not come out yet.
    float in_[2] = {0, 0}, out_[2] = {0, 0}; ///< Of the high-pass: the last two samples.
    float floor_db_ = -60;                   ///< How loud the leg is when nobody speaks.
    float gain_db_ = 0;
};

} // namespace lyceum::mixer
