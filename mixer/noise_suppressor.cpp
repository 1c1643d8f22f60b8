// SPDX-License-Identifier: Apache-2.0
#include "mixer/noise_suppressor.hpp"

#include "base/assert.hpp"

#include <speex/speex_preprocess.h>

namespace lyceum::mixer {

struct NoiseSuppressor::State {
    explicit State(std::size_t frame_samples)
        : speex(speex_preprocess_state_init(static_cast<int>(frame_samples), int{sample_rate})) {
        LYCEUM_ASSERT(speex);
        int on = 1, most_db = -20;
        speex_preprocess_ctl(speex, SPEEX_PREPROCESS_SET_DENOISE, &on);
        speex_preprocess_ctl(speex, SPEEX_PREPROCESS_SET_NOISE_SUPPRESS, &most_db);
    }
    ~State() { speex_preprocess_state_destroy(speex); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    SpeexPreprocessState* speex;
};

NoiseSuppressor::NoiseSuppressor(std::size_t frame_samples)
    : state_(std::make_unique<State>(frame_samples)) {}
NoiseSuppressor::~NoiseSuppressor() = default;
NoiseSuppressor::NoiseSuppressor(NoiseSuppressor&&) noexcept = default;
NoiseSuppressor& NoiseSuppressor::operator=(NoiseSuppressor&&) noexcept = default;

void NoiseSuppressor::apply(Frame& frame) { speex_preprocess_run(state_->speex, frame.data()); }

} // namespace lyceum::mixer
