// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"
#include "mixer/time_scale.hpp"
#include "tests/kit/tone.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

namespace lyceum::mixer {
namespace {

/// The greatest step from one sample to the next: a splice that is heard as a click has one.
int greatest_step(SampleView sound) {
    int out = 0;
    for (std::size_t i = 1; i < sound.size(); ++i)
        out = std::max(out, std::abs(sound[i] - sound[i - 1]));
    return out;
}

TEST(TimeScale, ATonesPeriodIsLeftOutOrSaidTwiceWithoutAClick) {
    for (const double hertz : {110.0, 237.0, 500.0, 1333.0}) {
        kit::Tone tone(hertz, 8000);
        const auto original = tone.next(1920);
        const int step = greatest_step(original);
        auto sound = original;
        const auto less = shorten(sound);
        EXPECT_GE(less, 120u) << hertz;
        EXPECT_LE(less, 480u) << hertz;
        EXPECT_EQ(sound.size(), original.size() - less);
        EXPECT_LE(greatest_step(sound), step + 150) << hertz;
        EXPECT_NEAR(kit::tone_peak(sound, hertz), 8000, 600) << hertz;
        sound = original;
        const auto more = lengthen(sound);
        EXPECT_EQ(sound.size(), original.size() + more);
        EXPECT_GE(more, 120u) << hertz;
        EXPECT_LE(greatest_step(sound), step + 150) << hertz;
        EXPECT_NEAR(kit::tone_peak(sound, hertz), 8000, 600) << hertz;
    }
}

TEST(TimeScale, TheEndIsTheSameSoWhatFollowsGoesOn) {
    kit::Tone tone(200, 8000);
    const auto original = tone.next(960);
    for (const bool faster : {true, false}) {
        auto sound = original;
        ASSERT_GT(faster ? shorten(sound) : lengthen(sound), 0u);
        EXPECT_TRUE(std::equal(sound.end() - 200, sound.end(), original.end() - 200));
    }
}

TEST(TimeScale, NoMoreIsLeftOutThanMayBe) {
    kit::Tone tone(200, 8000); // A period of 240 samples.
    const auto original = tone.next(960);
    auto sound = original;
    EXPECT_EQ(shorten(sound, 119), 0u);
    EXPECT_EQ(shorten(sound, 200), 0u) << "nothing so short repeats itself here";
    sound = original;
    EXPECT_NEAR(static_cast<double>(shorten(sound, 260)), 240, 2);
}

TEST(TimeScale, WhatIsTooShortOrNeverRepeatsIsLeftAlone) {
    std::vector<Sample> brief(time_scale_samples_min - 1, 100);
    EXPECT_EQ(shorten(brief), 0u);
    EXPECT_EQ(lengthen(brief), 0u);
    Random random(1);
    std::vector<Sample> noise(960);
    for (auto& sample : noise) sample = static_cast<Sample>(random.between(-8000, 8000));
    const auto before = noise;
    EXPECT_EQ(shorten(noise), 0u);
    EXPECT_EQ(noise, before);
}

TEST(TimeScale, SilenceIsLikeSilence) {
    std::vector<Sample> silence(960);
    EXPECT_GT(shorten(silence), 0u);
    EXPECT_TRUE(std::all_of(silence.begin(), silence.end(), [](Sample s) { return s == 0; }));
}

} // namespace
} // namespace lyceum::mixer
