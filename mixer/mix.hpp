// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mixer/codec.hpp"

#include <array>
#include <cstdint>
#include <span>

/// The arithmetic of mixing: pure functions over one tick of sound.
namespace lyceum::mixer {

/// One tick of the sum of many, before it is limited. Room for 65,536 voices at full scale.
using Total = std::array<std::int32_t, tick_samples>;
using Frame = std::array<Sample, tick_samples>;

void add(Total& total, const Frame& frame);
/// `total − own`: exact, since nothing has been limited yet.
void subtract(Total& total, const Frame& own);

/// Turns the volume evenly from one factor to another over the frame.
void fade(Frame& frame, float from, float to);

/// Root mean square against full scale, in dB: 0 for a full square wave, −127 for digital silence.
/// The scale of RFC 6464, with its sign.
int level_db(const Frame& frame);

/// Keeps a mix below full scale by turning it down for as long as it must, not by cutting peaks
/// off. A mix that fits passes unchanged, sample for sample.
class Limiter {
public:
    void apply(const Total& in, Frame& out);

private:
    float gain_ = 1;
};

} // namespace lyceum::mixer
