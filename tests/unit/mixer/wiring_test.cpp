// SPDX-License-Identifier: Apache-2.0
/// Who hears whom, changed while they talk; what is played to them; and two conferences that become
/// one. Phones say tones and listen.
#include "tests/kit/conference.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace lyceum::mixer {
namespace {

using kit::Conference, kit::Phone;

class Wiring : public testing::Test {
protected:
    Conference room;
    Phone& a = room.add("PCMU", 8000, 500);
    Phone& b = room.add("opus", 48000, 900);
    Phone& c = room.add("PCMU", 8000, 1300);
    Phone& d = room.add("G722", 8000, 1700);

    [[nodiscard]] bool hear(const Phone& who, const Phone& whom) const {
        const auto peak = room.hears(who, whom.hertz_);
        EXPECT_TRUE(peak > 1000 || peak < 60) << peak;
        return peak > 1000;
    }
};

/// Every cell of who hears whom.
TEST_F(Wiring, IsATable) {
    const Part rest{}, outside{.admitted = false}, muted{.speaks = false}, deaf{.hears = false},
        apart{.circle = CircleId{7}};
    for (const auto& mine : {rest, outside, muted, deaf, apart})
        for (const auto& yours : {rest, outside, muted, deaf, apart}) {
            room.media.set_part(a.leg, mine);
            room.media.set_part(b.leg, yours);
            room.run(1s);
            const bool together = mine.circle == yours.circle && mine.admitted && yours.admitted;
            EXPECT_EQ(hear(a, b), together && mine.hears && yours.speaks);
            EXPECT_EQ(hear(b, a), together && yours.hears && mine.speaks);
            EXPECT_EQ(hear(c, a), mine.circle == CircleId{} && mine.admitted && mine.speaks);
            EXPECT_TRUE(hear(c, d) && hear(d, c)) << "it is nothing to them";
        }
}

/// Heard is the mute within a tick: afterwards not one sample of it is left.
TEST_F(Wiring, AfterTheMuteNoSampleOfItIsHeard) {
    b.speaking = c.speaking = d.speaking = false;
    room.run(2s);
    room.media.set_part(a.leg, {.speaks = false});
    room.run(20ms + 40ms); // The tick, and what the listener's codec still holds.
    const auto before = c.heard.size();
    room.run(3s);
    for (auto i = before; i < c.heard.size(); ++i) ASSERT_LE(std::abs(c.heard[i]), 8) << i - before;
    room.media.set_part(a.leg, {});
    room.run(1s);
    EXPECT_TRUE(hear(c, a));
}

TEST_F(Wiring, ASidebarHearsTheRoomFainterAndIsNotHeardThere) {
    room.media.set_circle(CircleId{5}, {.overhears = {{CircleId{}, 0.25f}}});
    room.media.set_part(a.leg, {.circle = CircleId{5}});
    room.media.set_part(b.leg, {.circle = CircleId{5}});
    room.run(2s);
    EXPECT_NEAR(room.hears(a, 900), 6000, 700);
    EXPECT_NEAR(room.hears(a, 1300), 1500, 200);
    EXPECT_FALSE(hear(c, a) || hear(c, b));
    EXPECT_TRUE(hear(c, d));
    room.media.remove_circle(CircleId{5});
    room.run(1s);
    EXPECT_TRUE(hear(a, b));
    EXPECT_FALSE(hear(a, c)) << "without its line in the table a circle hears itself";
}

TEST_F(Wiring, VolumesAreEachLegsOwn) {
    room.media.set_part(a.leg, {.gain_in = 0.5f});
    room.media.set_part(c.leg, {.gain_out = 0.5f});
    room.run(2s);
    EXPECT_NEAR(room.hears(d, 500), 3000, 400);
    EXPECT_NEAR(room.hears(c, 900), 3000, 400);
    EXPECT_NEAR(room.hears(c, 500), 1500, 250);
    EXPECT_NEAR(room.hears(d, 900), 6000, 700);
}

/// From one circle to another: his own stream has no gap, the first word is there in two ticks.
TEST_F(Wiring, AMoveIsNoGap) {
    room.media.set_part(c.leg, {.circle = CircleId{2}});
    room.media.set_part(d.leg, {.circle = CircleId{2}});
    c.speaking = false;
    for (int i = 0; i < 10; ++i) {
        room.run(1s);
        EXPECT_EQ(hear(c, a), i % 2 == 1);
        const auto heard = c.heard.size();
        room.media.set_part(a.leg, {.circle = CircleId{i % 2 == 0 ? 2u : 0u}});
        if (i % 2 == 1) continue;
        room.run(60ms);
        const auto fresh = std::span(c.heard).subspan(heard);
        EXPECT_GT(kit::tone_peak(fresh.last(960), 500), 3000) << "within 40 ms, and 20 of the tick";
    }
    for (const auto& phone : room.phones)
        for (std::size_t i = 1; i < phone->headers.size(); ++i) {
            const auto step = phone->codec->clock_rate / 50;
            ASSERT_EQ(phone->headers[i].timestamp - phone->headers[i - 1].timestamp, step);
            ASSERT_EQ(static_cast<std::uint16_t>(phone->headers[i].sequence -
                                                 phone->headers[i - 1].sequence),
                      1);
        }
}

TEST_F(Wiring, EachCircleHasRoomForItsSpeakers) {
    room.media.set_circle(CircleId{3}, {.speakers_max = 1});
    for (auto* phone : {&a, &b, &c}) room.media.set_part(phone->leg, {.circle = CircleId{3}});
    a.tone = kit::Tone(500, 12000);
    room.run(3s);
    EXPECT_TRUE(hear(b, a));
    EXPECT_FALSE(hear(a, b) || hear(a, c) || hear(c, b));
}

TEST_F(Wiring, APromptIsHeardByOneOverTheOthers) {
    b.speaking = c.speaking = d.speaking = false;
    room.run(1s);
    room.media.play(c.leg, tones({{2100, 900}}));
    room.run(700ms);
    EXPECT_GT(room.hears(c, 2100), 3000);
    EXPECT_NEAR(room.hears(c, 500), 1500, 300) << "the others are turned down meanwhile";
    EXPECT_LT(room.hears(d, 2100), 30);
    room.run(1s);
    EXPECT_LT(room.hears(c, 2100), 30);
    EXPECT_NEAR(room.hears(c, 500), 6000, 700);
    room.media.play(c.leg, tones({{2100, 5000}}));
    room.media.hush(c.leg);
    room.run(700ms);
    EXPECT_LT(room.hears(c, 2100), 30);
    room.media.play(CircleId{}, tones({{2100, 900}}));
    room.run(700ms);
    for (const auto& phone : room.phones) EXPECT_GT(room.hears(*phone, 2100), 3000);
    EXPECT_NEAR(room.hears(c, 500), 6000, 700) << "what all hear is mixed in";
}

TEST_F(Wiring, WhoWaitsOutsideHearsWhatIsPlayedToHim) {
    room.media.set_part(c.leg, {.admitted = false});
    room.run(1s);
    room.media.play(c.leg, tones({{2100, 900}}));
    room.run(700ms);
    EXPECT_GT(room.hears(c, 2100), 3000);
    EXPECT_FALSE(hear(c, a));
}

TEST_F(Wiring, LevelsAreToldFiveTimesASecond) {
    b.speaking = d.speaking = false;
    room.media.set_part(c.leg, {.speaks = false});
    room.run(2s);
    room.levels.clear();
    room.run(2s);
    ASSERT_EQ(room.levels.size(), 10u);
    for (const auto& told : room.levels) {
        ASSERT_EQ(told.heard_db.size(), 1u) << "who is muted is not heard";
        EXPECT_EQ(told.heard_db[0].first, a.leg);
        EXPECT_NEAR(told.heard_db[0].second, -18, 2);
    }
    a.speaking = false;
    room.run(2s);
    EXPECT_TRUE(room.levels.back().heard_db.empty());
    const auto count = room.levels.size();
    room.run(2s);
    EXPECT_EQ(room.levels.size(), count) << "silence is told once";
}

TEST_F(Wiring, ReportsSayHowEverybodyIsHeardAlsoWhoIsMuted) {
    b.sending = false;
    room.media.set_part(c.leg, {.speaks = false});
    room.run(ConferenceMedia::reports_every);
    room.reports.clear();
    d.speaking = false;
    room.run(2 * ConferenceMedia::reports_every);
    ASSERT_EQ(room.reports.size(), 2u);
    const auto& told = room.reports.back();
    EXPECT_EQ(told.ticks, 250u);
    ASSERT_EQ(told.legs.size(), 4u);
    const auto of = [&](const Phone& phone) {
        for (const auto& [leg, report] : told.legs)
            if (leg == phone.leg) return report;
        return rtp::StreamReport{};
    };
    EXPECT_NEAR(of(a).peak_db, -18, 2);
    EXPECT_EQ(of(a).source, a.own);
    EXPECT_EQ(of(a).announced, a.own);
    EXPECT_NEAR(static_cast<double>(of(a).packets), 750, 10);
    EXPECT_EQ(of(a).lost, 0u);
    EXPECT_NEAR(of(c).peak_db, -18, 2) << "his microphone works";
    EXPECT_LT(of(d).peak_db, -80) << "his does not, or he says nothing";
    EXPECT_EQ(of(b).packets, 0u) << "from him nothing has ever come";
    EXPECT_TRUE(of(b).source.ip.is_unspecified());
    EXPECT_EQ(of(b).announced, b.own);
}

/// Two conferences that have run for different times, whatever the codec and its packets: everybody
/// goes on in his own circle, and a leg can cross over.
TEST(Absorbing, IsHeardByNobody) {
    for (const int ptime : {20, 40, 60}) {
        SCOPED_TRACE(ptime);
        Conference one, two;
        one.run(1340ms);
        auto& a = one.add("PCMU", 8000, 500, ptime);
        auto& b = one.add("opus", 48000, 900, ptime);
        for (auto& phone : one.phones) one.media.set_part(phone->leg, {.circle = CircleId{1}});
        for (int i = 0; i < 2; ++i) two.add("PCMU", 8000, 0).sending = false; // Legs 1 and 2.
        auto& c = two.add("PCMU", 8000, 1300, ptime);
        auto& d = two.add("opus", 48000, 1700, ptime);
        a.speaking = false; // He hears what all hear; the others, mixes of their own.
        for (auto* phone : {&c, &d}) two.media.set_part(phone->leg, {.circle = CircleId{2}});
        for (std::uint64_t leg : {1, 2}) two.media.remove_leg(LegId{leg}, two.now);
        two.collect();
        one.run(2s - 1340ms);
        two.run(2s);
        one.media.absorb(std::move(two.media));
        for (std::size_t i : {2, 3}) one.phones.push_back(std::move(two.phones[i]));
        one.run(1s);
        EXPECT_GT(one.hears(c, 1700), 4000);
        EXPECT_LT(one.hears(c, 900), 60);
        EXPECT_GT(one.hears(a, 900), 4000);
        EXPECT_LT(one.hears(b, 1700), 60);
        one.media.set_part(d.leg, {.circle = CircleId{1}});
        one.run(1s);
        EXPECT_GT(one.hears(a, 1700), 4000);
        EXPECT_LT(one.hears(c, 1700), 60);
        for (const auto& phone : one.phones) {
            const auto& headers = phone->headers;
            const auto step = static_cast<std::uint32_t>(ptime) * phone->codec->clock_rate / 1000;
            for (std::size_t i = 1; i < headers.size(); ++i) {
                ASSERT_EQ(headers[i].timestamp - headers[i - 1].timestamp, step);
                ASSERT_EQ(headers[i].ssrc, headers[0].ssrc);
                ASSERT_EQ(static_cast<std::uint16_t>(headers[i].sequence - headers[i - 1].sequence),
                          1);
            }
        }
    }
}

TEST(SoundQueue, ForgetsTheOldestWhenItIsFull) {
    SoundQueue queue;
    for (Sample i = 0; i < 40; ++i) queue.push(samples(std::vector<Sample>(tick_samples, i)));
    Frame frame;
    queue.read(frame);
    EXPECT_EQ(frame[0], 40 - static_cast<Sample>(SoundQueue::sounds_max));
    for (int i = 0; i < 40; ++i) queue.read(frame);
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(frame[5], 0);
}

TEST(OpusFile, WhatIsNoneIsRefused) {
    EXPECT_FALSE(opus_file(ByteView()));
    const Bytes noise(500, 0x4f);
    const auto refused = opus_file(noise);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().what, "this is no Opus file");
}

} // namespace
} // namespace lyceum::mixer
