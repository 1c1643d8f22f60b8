// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"

#include "base/assert.hpp"
#include "base/text.hpp"

namespace lyceum {

std::string Entropy::hex(std::size_t octets) {
    std::string raw(octets, '\0');
    fill({reinterpret_cast<std::uint8_t*>(raw.data()), raw.size()});
    return hex_of(raw);
}

std::uint64_t Entropy::u64() {
    std::uint8_t raw[8];
    fill(raw);
    std::uint64_t value = 0;
    for (const auto octet : raw) value = value << 8 | octet;
    return value;
}

Random::Random(std::uint64_t seed) {
    // SplitMix64 spreads a small seed over the whole state, which must not be all zero.
    for (auto& word : state_) {
        seed += 0x9e3779b97f4a7c15ull;
        std::uint64_t z = seed;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
        word = z ^ (z >> 31);
    }
}

std::uint64_t Random::u64() {
    const auto rotate = [](std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); };
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
}

std::uint64_t Random::below(std::uint64_t bound) {
    LYCEUM_ASSERT(bound > 0);
    // The few values at the top that would make the remainder uneven are drawn again.
    const std::uint64_t uneven = (0 - bound) % bound;
    std::uint64_t draw = u64();
    while (draw < uneven) draw = u64();
    return draw % bound;
}

std::int64_t Random::between(std::int64_t low, std::int64_t high) {
    LYCEUM_ASSERT(low <= high);
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
}

} // namespace lyceum
