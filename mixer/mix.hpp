// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/assert.hpp"
#include "mixer/codec.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

/// The arithmetic of mixing: pure functions over one tick of sound.
namespace lyceum::mixer {

/// The samples of one tick: of the usual length, or shorter where ticks are; silence to begin with.
template <class T>
class TickOf {
public:
    TickOf() = default;
    explicit TickOf(std::size_t size) : size_(size) { LYCEUM_ASSERT(size <= tick_samples); }

    [[nodiscard]] std::size_t size() const { return size_; }
    T* data() { return samples_.data(); }
    [[nodiscard]] const T* data() const { return samples_.data(); }
    T* begin() { return data(); }
    [[nodiscard]] const T* begin() const { return data(); }
    T* end() { return data() + size_; }
    [[nodiscard]] const T* end() const { return data() + size_; }
    T& operator[](std::size_t at) { return samples_[at]; }
    const T& operator[](std::size_t at) const { return samples_[at]; }
    void fill(T value) { std::fill(begin(), end(), value); }
    friend bool operator==(const TickOf& a, const TickOf& b) {
        return std::equal(a.begin(), a.end(), b.begin(), b.end());
    }

private:
    std::array<T, tick_samples> samples_{};
    std::size_t size_ = tick_samples;
};

/// The sum of many, before it is limited. Room for 65,536 voices at full scale.
using Total = TickOf<std::int32_t>;
using Frame = TickOf<Sample>;

void add(Total& total, const Frame& frame);
void add(Total& total, const Total& other, float gain);
/// `total − own`: exact, since nothing has been limited yet.
void subtract(Total& total, const Frame& own);

/// A factor of 1 changes nothing, sample for sample.
void turn_down(std::span<std::int32_t> sum, float factor);

/// Turns the volume evenly from one factor to another over the frame; what gets too loud is cut
/// off.
void fade(Frame& frame, float from, float to);

inline constexpr int silence_db = -127;
/// Root mean square against full scale, in dB: 0 for a full square wave, `silence_db` for digital
/// silence. The scale of RFC 6464, with its sign.
int level_db(const Frame& frame);

/// Keeps a mix below full scale by turning it down for as long as it must, not by cutting peaks
/// off. A mix that fits passes unchanged, sample for sample.
class Limiter {
public:
    /// The samples of `channels` take turns; all of them are turned down together.
    void apply(std::span<const std::int32_t> in, std::span<Sample> out, unsigned channels = 1);

private:
    float gain_ = 1;
};

} // namespace lyceum::mixer
