// SPDX-License-Identifier: Apache-2.0
/// Where voices are heard from, and rooms in which that matters.
#include "mixer/space.hpp"
#include "tests/kit/conference.hpp"

#include <gtest/gtest.h>
#include <opus/opus.h>

#include <cmath>
#include <memory>

namespace lyceum::mixer {
namespace {

using kit::Conference, kit::Phone;

const LegId listener{1}, other{2};

double loudness(StereoGain gain) { return std::hypot(gain.left, gain.right); }

TEST(Space, AVoiceIsHeardFromWhereItIs) {
    struct Row {
        const char* name;
        Place there, here;
        double loud;
        int side; ///< −1 left, 0 middle, 1 right.
    };
    for (const auto& row :
         {Row{"beside each other", {}, {}, 1, 0}, Row{"in front", {0, 1}, {}, 1, 0},
          Row{"to the right", {1, 0}, {}, 1, 1}, Row{"to the left", {-1, 0}, {}, 1, -1},
          Row{"behind", {0, -1}, {}, 1, 0}, Row{"twice as far", {0, 2}, {}, 0.5, 0},
          Row{"ten metres to the right", {10, 0}, {}, 0.1, 1},
          Row{"on the right of who looks that way", {10, 0}, {0, 0, 90}, 0.1, 0},
          Row{"on the left of who has turned", {0, 2}, {0, 0, 90}, 0.5, -1},
          Row{"elsewhere", {7, 5}, {7, 3}, 0.5, 0}, Row{"out of earshot", {0, far_m}, {}, 0, 0}}) {
        const auto gain = heard_from(row.there, listener, row.here);
        EXPECT_NEAR(loudness(gain), row.loud, 1e-5) << row.name;
        const double side = gain.right - gain.left;
        if (row.side == 0) EXPECT_NEAR(side, 0, 1e-5) << row.name;
        else EXPECT_NEAR(side, row.side * row.loud, 1e-5) << row.name;
    }
}

TEST(Space, LoudnessNeverJumpsOverDistance) {
    double before = 1;
    for (float metres = 0; metres < far_m + 2; metres += 0.1f) {
        const auto now = loudness(heard_from({0, metres}, listener, {}));
        EXPECT_LE(now, before + 1e-6);
        EXPECT_GT(now, before - 0.1);
        before = now;
    }
    EXPECT_EQ(before, 0);
}

TEST(Space, TeamsHearTheirOwnAndAWhisperIsForOne) {
    const Place red{.team = 1}, blue{.team = 2};
    EXPECT_TRUE(heard_from(red, listener, blue).is_silent());
    EXPECT_FALSE(heard_from(red, listener, red).is_silent());
    Place whisper{.x = 500, .team = 2, .whispers_to = listener};
    EXPECT_NEAR(loudness(heard_from(whisper, listener, red)), 1, 1e-5) << "from however far";
    EXPECT_TRUE(heard_from(whisper, other, blue).is_silent()) << "not even by his own team";
}

TEST(Space, AMoveIsHeardAsAMoveAndNotAsAClick) {
    Frame steady;
    steady.fill(10000);
    SpatialMix mix(steady.size(), 2);
    mix.add(steady, {1, 0}, {0, 1});
    const auto sum = mix.sum();
    EXPECT_EQ(sum[0], 10000);
    EXPECT_EQ(sum[1], 0);
    for (std::size_t i = 2; i < sum.size(); ++i) EXPECT_LE(std::abs(sum[i] - sum[i - 2]), 12);
    EXPECT_NEAR(sum[sum.size() - 1], 10000, 12);
}

// ── Whole rooms ──────────────────────────────────────────────────────────────────────────────────

constexpr ConferenceMedia::Options game{.tick = 10ms, .spatial = true};

/// A phone that says it wants stereo, and hears it.
Phone& add_player(Conference& room, double hertz, int ptime = 10) {
    auto& phone = room.add("opus", 48000, hertz, ptime);
    auto settings = phone.settings();
    settings.sending.fmtp = "stereo=1;useinbandfec=1";
    room.media.update_leg(phone.leg, settings);
    return phone;
}

/// Peak of a tone in the left or right half of the last sound that it was sent.
double hears(const Phone& phone, double hertz, std::size_t ear) {
    // The mixer decodes to mono; this is the only place that has two ears.
    const std::unique_ptr<OpusDecoder, decltype(&opus_decoder_destroy)> decoder(
        opus_decoder_create(sample_rate, 2, nullptr), opus_decoder_destroy);
    std::vector<Sample> both, one;
    for (const auto& payload : std::span(phone.payloads).last(50)) {
        std::vector<Sample> sound(2 * tick_samples);
        const int count =
            opus_decode(decoder.get(), payload.data(), static_cast<opus_int32>(payload.size()),
                        sound.data(), tick_samples, 0);
        both.insert(both.end(), sound.begin(), sound.begin() + 2 * std::max(count, 0));
    }
    for (auto i = ear + both.size() / 2; i < both.size(); i += 2) one.push_back(both[i]);
    return kit::tone_peak(one, hertz);
}

TEST(SpatialRoom, PlayersAreHeardFromWhereTheyStand) {
    Conference room(game);
    auto& me = add_player(room, 0);
    auto& left = add_player(room, 500);
    auto& right = add_player(room, 900);
    auto& far = add_player(room, 1300);
    me.speaking = false;
    room.media.place_leg(left.leg, {.x = -1});
    room.media.place_leg(right.leg, {.x = 1});
    room.media.place_leg(far.leg, {.y = 10});
    room.run(2s);
    EXPECT_GT(hears(me, 500, 0), 4500);
    EXPECT_LT(hears(me, 500, 1), 200);
    EXPECT_GT(hears(me, 900, 1), 4500);
    EXPECT_LT(hears(me, 900, 0), 200);
    for (const std::size_t ear : {0u, 1u}) EXPECT_NEAR(hears(me, 1300, ear), 424, 60);
    EXPECT_LT(hears(left, 500, 0) + hears(left, 500, 1), 100) << "nobody hears himself";
    room.media.place_leg(me.leg, {.heading = 180});
    room.run(2s);
    EXPECT_GT(hears(me, 500, 1), 4500) << "he has turned around";
}

TEST(SpatialRoom, TeamsAndWhispers) {
    Conference room(game);
    auto& red = add_player(room, 500);
    auto& red_too = add_player(room, 800);
    auto& blue = add_player(room, 1100);
    room.media.place_leg(red.leg, {.team = 1});
    room.media.place_leg(red_too.leg, {.team = 1});
    room.media.place_leg(blue.leg, {.team = 2});
    room.run(1s);
    EXPECT_GT(hears(red_too, 500, 0), 3000);
    EXPECT_LT(hears(blue, 500, 0), 50);
    EXPECT_LT(hears(red, 1100, 0), 50);
    room.media.place_leg(red.leg, {.team = 1, .whispers_to = blue.leg});
    room.run(1s);
    EXPECT_GT(hears(blue, 500, 0), 3000);
    EXPECT_LT(hears(red_too, 500, 0), 50);
    EXPECT_LT(hears(blue, 800, 0), 50);
}

TEST(SpatialRoom, APhoneHearsItInMonoAndInPacketsOfItsOwnLength) {
    Conference room(game);
    auto& phone = room.add("PCMU", 8000, 0);
    auto& player = add_player(room, 500);
    phone.speaking = false;
    room.media.place_leg(player.leg, {.x = 2});
    room.run(2s);
    EXPECT_NEAR(room.hears(phone, 500), 3000, 300);
    EXPECT_NEAR(static_cast<double>(phone.headers.size()), 100, 2);
    EXPECT_NEAR(static_cast<double>(player.headers.size()), 200, 2);
}

TEST(SpatialRoom, WhoWaitsOutsideIsNotHeardAndHearsNothing) {
    Conference room(game);
    auto& inside = add_player(room, 500);
    auto& outside = add_player(room, 900);
    room.media.set_part(outside.leg, {.admitted = false});
    room.run(1s);
    EXPECT_LT(hears(inside, 900, 0), 50);
    EXPECT_LT(room.hears(outside, 500), 50);
}

/// From the arrival of a player's word to the packet that carries it on; its frame was 10 ms
/// shorter already.
TEST(SpatialRoom, AWordIsOnItsWayWithinTenMilliseconds) {
    for (int phase_ms = 1; phase_ms < 10; phase_ms += 2) {
        Conference room(game);
        auto& speaker = add_player(room, 500);
        auto& hearer = add_player(room, 0);
        hearer.speaking = false;
        speaker.next_send = TimePoint(phase_ms * 1ms + 50us);
        room.run(4s);
        EXPECT_LT(room.wait_of(speaker, hearer), 8ms) << "phase " << phase_ms;
        EXPECT_GT(hears(hearer, 500, 0), 3000);
    }
}

TEST(SpatialRoom, SilenceIsNotEncoded) {
    Conference room(game);
    auto& a = add_player(room, 500);
    auto& b = add_player(room, 900);
    a.speaking = b.speaking = false;
    room.run(2s);
    const auto encoded = room.media.counters().encoded;
    room.run(5s);
    EXPECT_EQ(room.media.counters().encoded, encoded);
}

} // namespace
} // namespace lyceum::mixer
