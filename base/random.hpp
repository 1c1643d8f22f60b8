// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace lyceum {

/// Where secrets come from: nonces, tags that must not be guessed. The edge gives the operating
/// system's generator, the simulator a seeded one.
class Entropy {
public:
    virtual ~Entropy() = default;
    virtual void fill(std::span<std::uint8_t> out) = 0;

    /// `octets` random octets in lower-case hexadecimal digits.
    std::string hex(std::size_t octets);
    std::uint64_t u64();
};

/// A seeded generator (xoshiro256**) with draws of our own, since those of <random> differ from one
/// library to the next and a seed must replay everywhere. Not for secrets.
class Random {
public:
    explicit Random(std::uint64_t seed);

    std::uint64_t u64();
    std::uint32_t u32() { return static_cast<std::uint32_t>(u64() >> 32); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(u64() >> 48); }
    /// Uniform in [0, bound); `bound` is at least 1.
    std::uint64_t below(std::uint64_t bound);
    /// Uniform in [low, high].
    std::int64_t between(std::int64_t low, std::int64_t high);
    /// True with probability `percent` / 100.
    bool chance(unsigned percent) { return below(100) < percent; }
    /// Uniform in [0, 1).
    double real() { return static_cast<double>(u64() >> 11) * 0x1.0p-53; }

private:
    std::uint64_t state_[4];
};

/// Entropy for tests and simulation: every "secret" follows from the seed.
class SeededEntropy final : public Entropy {
public:
    explicit SeededEntropy(std::uint64_t seed) : random_(seed) {}
    void fill(std::span<std::uint8_t> out) override {
        for (auto& octet : out) octet = static_cast<std::uint8_t>(random_.u64() >> 56);
    }

private:
    Random random_;
};

} // namespace lyceum
