// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mixer/codec.hpp"

#include <memory>

struct SpeexResamplerState_;

namespace lyceum::mixer {

/// Between 48 kHz and the rate of a narrower codec; 3 ms of delay (speexdsp, quality 3).
class Resampler {
public:
    Resampler(unsigned from_rate, unsigned to_rate);
    ~Resampler();
    Resampler(const Resampler&) = delete;
    Resampler& operator=(const Resampler&) = delete;

    /// Appends `in` at the other rate. Whole milliseconds come out as whole milliseconds.
    void run(SampleView in, std::vector<Sample>& out);

private:
    SpeexResamplerState_* state_;
    unsigned from_rate_, to_rate_;
};

/// Makes up for lost packets of codecs that cannot do it themselves: the last sound again, fainter
/// and fainter.
class FadingRepeat {
public:
    void remember(SampleView sound);
    void conceal(std::size_t samples, std::vector<Sample>& sound);

private:
    std::vector<Sample> last_;
    std::size_t at_ = 0;
    float gain_ = 1;
};

} // namespace lyceum::mixer
