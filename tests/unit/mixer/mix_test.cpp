// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"
#include "mixer/mix.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace lyceum::mixer {
namespace {

Frame noise(Random& random, int peak) {
    Frame out;
    for (auto& sample : out) sample = static_cast<Sample>(random.between(-peak, peak));
    return out;
}

TEST(Mix, TakingOneOffLeavesExactlyTheOthersInAnyOrder) {
    Random random(1);
    std::vector<Frame> voices;
    for (int i = 0; i < 40; ++i) voices.push_back(noise(random, 32767));
    Total total{};
    for (const auto& voice : voices) add(total, voice);
    Total backwards{};
    for (auto voice = voices.rbegin(); voice != voices.rend(); ++voice) add(backwards, *voice);
    EXPECT_EQ(total, backwards);
    for (std::size_t own = 0; own < voices.size(); ++own) {
        auto mix = total;
        subtract(mix, voices[own]);
        Total others{};
        for (std::size_t i = 0; i < voices.size(); ++i)
            if (i != own) add(others, voices[i]);
        ASSERT_EQ(mix, others);
    }
}

TEST(Mix, LevelsAreThoseOfRfc6464) {
    Frame frame{};
    EXPECT_EQ(level_db(frame), -127);
    frame.fill(-32768);
    EXPECT_EQ(level_db(frame), 0);
    frame.fill(3277);
    EXPECT_EQ(level_db(frame), -20);
}

TEST(Limiter, WhatFitsPassesUnchanged) {
    Random random(2);
    Limiter limiter;
    for (int tick = 0; tick < 10; ++tick) {
        const auto frame = noise(random, 32767);
        Total total{};
        add(total, frame);
        Frame out;
        limiter.apply(total, out);
        EXPECT_EQ(out, frame);
    }
}

TEST(Limiter, LoudSoundIsTurnedDownNotCutOffAndComesBack) {
    Limiter limiter;
    Total loud{};
    for (std::size_t i = 0; i < tick_samples; ++i) loud[i] = i % 2 ? 90000 : -90000;
    Frame out;
    limiter.apply(loud, out);
    limiter.apply(loud, out);
    EXPECT_LT(*std::max_element(out.begin(), out.end()), 32100);
    EXPECT_GT(*std::max_element(out.begin(), out.end()), 31000);
    Total soft{};
    soft.fill(1000);
    for (int tick = 0; tick < 30; ++tick) limiter.apply(soft, out);
    EXPECT_TRUE(std::all_of(out.begin(), out.end(), [](Sample s) { return s == 1000; }));
}

} // namespace
} // namespace lyceum::mixer
