// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mixer/mix.hpp"

#include <memory>

namespace lyceum::mixer {

/// Takes steady noise (fans, hiss, hum) off the sound of one leg, up to 20 dB of it; speexdsp's.
/// Adds a frame of delay and, for each leg that sounds, about as much work as encoding.
class NoiseSuppressor {
public:
    explicit NoiseSuppressor(std::size_t frame_samples);
    ~NoiseSuppressor();
    NoiseSuppressor(NoiseSuppressor&&) noexcept;
    NoiseSuppressor& operator=(NoiseSuppressor&&) noexcept;

    void apply(Frame& frame);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace lyceum::mixer
