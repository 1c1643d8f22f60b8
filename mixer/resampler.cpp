// SPDX-License-Identifier: Apache-2.0
#include "mixer/resampler.hpp"

#include "base/assert.hpp"

#include <speex/speex_resampler.h>

namespace lyceum::mixer {

Resampler::Resampler(unsigned from_rate, unsigned to_rate)
    : state_(nullptr), from_rate_(from_rate), to_rate_(to_rate) {
    int error = 0;
    state_ = speex_resampler_init(1, from_rate, to_rate, 3, &error);
    LYCEUM_ASSERT(state_ && error == RESAMPLER_ERR_SUCCESS);
    speex_resampler_skip_zeros(state_);
}

Resampler::~Resampler() { speex_resampler_destroy(state_); }

void Resampler::run(SampleView in, std::vector<Sample>& out) {
    const auto wanted = in.size() * to_rate_ / from_rate_;
    const auto start = out.size();
    out.resize(start + wanted);
    auto in_samples = static_cast<spx_uint32_t>(in.size());
    auto out_samples = static_cast<spx_uint32_t>(wanted);
    speex_resampler_process_int(state_, 0, in.data(), &in_samples, out.data() + start,
                                &out_samples);
    // The skipped delay is missing from the first call only: silence stands before the first sound.
    const auto missing = static_cast<std::ptrdiff_t>(wanted - out_samples);
    if (missing > 0) {
        const auto begin = out.begin() + static_cast<std::ptrdiff_t>(start);
        out.resize(start + out_samples);
        out.insert(begin, static_cast<std::size_t>(missing), Sample{0});
    }
}

void FadingRepeat::remember(SampleView sound) {
    last_.assign(sound.begin(), sound.end());
    at_ = 0;
    gain_ = 1;
}

void FadingRepeat::conceal(std::size_t samples, std::vector<Sample>& sound) {
    static constexpr float step = 0.9995f; // Down to a tenth after 96 ms.
    for (std::size_t i = 0; i < samples; ++i) {
        const float value = last_.empty() ? 0.0f : gain_ * last_[at_];
        sound.push_back(static_cast<Sample>(value));
        gain_ *= step;
        if (++at_ >= last_.size()) at_ = 0;
    }
}

} // namespace lyceum::mixer
