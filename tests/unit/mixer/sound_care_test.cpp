// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"
#include "mixer/sound_care.hpp"
#include "mixer/sound_watch.hpp"
#include "tests/kit/tone.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace lyceum::mixer {
namespace {

Frame frame_of(const std::vector<Sample>& sound) {
    Frame out{};
    std::copy(sound.begin(), sound.end(), out.begin());
    return out;
}

/// The level of a tone after so many ticks of care.
int level_after(SoundCareOptions options, double hertz, double peak, int ticks) {
    SoundCare care(options, tick_samples);
    kit::Tone tone(hertz, peak);
    Frame frame{};
    for (int i = 0; i < ticks; ++i) {
        frame = frame_of(tone.next(tick_samples));
        care.apply(frame);
    }
    return level_db(frame);
}

TEST(SoundCare, NothingAskedForNothingDone) {
    SoundCare care;
    Random random(1);
    Frame frame;
    for (auto& sample : frame) sample = static_cast<Sample>(random.between(-32768, 32767));
    const auto before = frame;
    care.apply(frame);
    EXPECT_EQ(frame, before);
}

TEST(SoundCare, TheHighPassTakesRumbleAndLeavesSpeech) {
    const SoundCareOptions high_pass{.high_pass = true};
    EXPECT_LE(level_after(high_pass, 25, 8000, 50), level_after({}, 25, 8000, 50) - 20);
    EXPECT_NEAR(level_after(high_pass, 100, 8000, 50), level_after({}, 100, 8000, 50) - 3, 1);
    EXPECT_NEAR(level_after(high_pass, 400, 8000, 50), level_after({}, 400, 8000, 50), 1);
}

TEST(SoundCare, TheFaintAndTheLoudComeToACommonLoudness) {
    const SoundCareOptions gain{.gain_control = true};
    EXPECT_NEAR(level_after(gain, 400, 1500, 500), SoundCare::loudness_db, 1);
    EXPECT_NEAR(level_after(gain, 400, 20000, 500), SoundCare::loudness_db, 1);
    // By no more than so much: −43 dBFS stays faint.
    EXPECT_NEAR(level_after(gain, 400, 330, 1000), -43 + SoundCare::gain_db_max, 1);
}

TEST(SoundCare, GainFollowsSpeechAndNotTheNoiseInItsPauses) {
    SoundCare care({.gain_control = true}, tick_samples);
    kit::Tone speech(400, 4000);
    Random random(1);
    float at_end_of_speech = 0;
    for (int i = 0; i < 1000; ++i) {
        const bool speaks = i < 500;
        auto frame = frame_of(speech.next(tick_samples));
        if (!speaks)
            for (auto& sample : frame) sample = static_cast<Sample>(random.between(-60, 60));
        care.apply(frame);
        if (speaks) at_end_of_speech = care.gain_db();
    }
    EXPECT_EQ(care.gain_db(), at_end_of_speech);
}

TEST(SoundCare, SteadyNoiseIsSuppressed) {
    SoundCare care({.noise_suppression = true}, tick_samples);
    Random random(1);
    Frame frame{};
    int before = 0;
    for (int i = 0; i < 150; ++i) {
        for (auto& sample : frame) sample = static_cast<Sample>(random.between(-600, 600));
        before = level_db(frame);
        care.apply(frame);
    }
    EXPECT_LE(level_db(frame), before - 10);
}

// ── What is reported ─────────────────────────────────────────────────────────────────────────────

TEST(HowlDetector, ALoudToneThatStaysIsToldOnce) {
    HowlDetector detector;
    kit::Tone tone(1000, 12000);
    int told = 0;
    for (int i = 0; i < 500; ++i) {
        const auto frame = frame_of(tone.next(tick_samples));
        if (const auto hertz = detector.handle_sound(frame, level_db(frame))) {
            ++told;
            EXPECT_NEAR(*hertz, 1000, 70);
        }
    }
    EXPECT_EQ(told, 1);
}

TEST(HowlDetector, WhatIsFaintOrChangesOrIsNoiseIsNotHowling) {
    HowlDetector faint, gliding, noisy;
    kit::Tone low(1000, 500);
    Random random(1);
    for (int i = 0; i < 500; ++i) {
        const auto hum = frame_of(low.next(tick_samples));
        EXPECT_FALSE(faint.handle_sound(hum, level_db(hum)));
        kit::Tone melody(400.0 + 60 * (i / 25 % 8), 12000);
        const auto note = frame_of(melody.next(tick_samples));
        EXPECT_FALSE(gliding.handle_sound(note, level_db(note)));
        Frame noise;
        for (auto& sample : noise) sample = static_cast<Sample>(random.between(-12000, 12000));
        EXPECT_FALSE(noisy.handle_sound(noise, level_db(noise)));
    }
}

/// Speech as loudness: syllables of a length and level of their own.
std::vector<int> speech(std::uint64_t seed, std::size_t ticks) {
    Random random(seed);
    std::vector<int> out;
    while (out.size() < ticks) {
        const auto level = static_cast<int>(random.chance(30) ? -127 : random.between(-35, -15));
        out.insert(out.end(), static_cast<std::size_t>(random.between(3, 15)), level);
    }
    return out;
}

TEST(EchoDetector, TheRoomThatComesBackIsToldOnceWithItsDelay) {
    EchoDetector detector(tick_length);
    const auto room = speech(1, 1500);
    int told = 0;
    for (std::size_t i = 0; i < room.size(); ++i) {
        const int back = i < 9 ? -127 : room[i - 9] - 12;
        if (const auto after = detector.handle_tick(room[i], back)) {
            ++told;
            EXPECT_EQ(*after, 9 * tick_length);
        }
    }
    EXPECT_EQ(told, 1);
}

TEST(EchoDetector, WhoSpeaksForHimselfIsNoEcho) {
    for (std::uint64_t seed = 1; seed < 20; ++seed) {
        EchoDetector detector(tick_length);
        const auto room = speech(seed, 1500), own = speech(seed + 1000, 1500);
        for (std::size_t i = 0; i < 1500; ++i)
            EXPECT_FALSE(detector.handle_tick(room[i], own[i])) << seed << " " << i;
    }
}

TEST(EchoDetector, SilenceAndASteadyToneTellNothing) {
    EchoDetector silent(tick_length), steady(tick_length);
    const auto room = speech(1, 1500);
    for (std::size_t i = 0; i < 1500; ++i) {
        EXPECT_FALSE(silent.handle_tick(room[i], -127));
        EXPECT_FALSE(steady.handle_tick(-20, -26));
    }
}

/// The suppressor is a tick behind: the end of a word comes out in the pause, not before the next.
TEST(SoundCare, NothingIsHeldBackOverAPause) {
    SoundCare care({.noise_suppression = true}, tick_samples);
    kit::Tone tone(500, 8000);
    Frame frame;
    for (int i = 0; i < 20; ++i) {
        frame = frame_of(tone.next(tick_samples));
        care.apply(frame);
    }
    frame.fill(0);
    ASSERT_TRUE(care.finish(frame));
    EXPECT_GT(level_db(frame), -40) << "the end of the word";
    EXPECT_FALSE(care.finish(frame));
    Frame next;
    care.apply(next);
    EXPECT_LT(level_db(next), -50) << "next to nothing of it is left";
}

} // namespace
} // namespace lyceum::mixer
