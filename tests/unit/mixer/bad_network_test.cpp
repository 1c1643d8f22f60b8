// SPDX-License-Identifier: Apache-2.0
/// What one leg makes of a bad network, on the virtual clock: how long sound waits, and how much of
/// it must be made up. Prints its table.
#include "mixer/conference_media.hpp"
#include "rtp/redundancy.hpp"
#include "rtp/rtcp.hpp"
#include "tests/kit/bad_line.hpp"
#include "tests/kit/tone.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <map>

namespace lyceum::mixer {
namespace {

using kit::Help, kit::Line, kit::opus_settings, kit::Talker;
using kit::peer, kit::red_type;

TEST(BadNetwork, DelayAndConcealmentStayInTheTable) {
    struct Row {
        const char* name;
        Talker::Network network;
        Help help;
        double delay_ms_max, concealed_percent_max;
    };
    std::printf("%-32s %9s %12s %10s %9s\n", "half a minute of speech over", "delay, ms",
                "concealed, %", "recovered", "rescaled");
    const auto fec = Help::fec, red_too = Help::red;
    for (const auto& row : std::initializer_list<Row>{
             {"a good network", {}, fec, 25, 0.1},
             {"jitter of 40 ms", {0, 1, 40ms}, fec, 70, 0.5},
             {"jitter of 100 ms", {0, 1, 100ms}, fec, 135, 1},
             {"jitter of 200 ms", {0, 1, 200ms}, fec, 235, 1},
             {"5 % loss, no help", {5}, Help::none, 25, 6},
             {"5 % loss, FEC", {5}, fec, 50, 2},
             {"5 % loss, RED", {5}, red_too, 50, 0.6},
             {"15 % loss, RED", {15}, red_too, 50, 3.5},
             {"30 % loss, no help", {30}, Help::none, 25, 33},
             {"30 % loss, FEC", {30}, fec, 50, 18},
             {"30 % loss, RED", {30}, red_too, 50, 11},
             {"10 % loss in threes, no help", {10, 3}, Help::none, 25, 12},
             {"10 % loss in threes, RED", {10, 3}, red_too, 60, 8},
             {"10 % loss, jitter of 60 ms, RED", {10, 1, 60ms}, red_too, 110, 2.5}}) {
        Line line(true, row.help);
        line.run(row.network, 30s);
        const auto& jitter = line.leg.jitter_counters();
        std::printf("%-32s %9.1f %12.2f %10llu %9llu\n", row.name, line.delay_ms(),
                    line.concealed_percent(), static_cast<unsigned long long>(jitter.recovered),
                    static_cast<unsigned long long>(line.leg.counters().rescaled));
        EXPECT_LE(line.delay_ms(), row.delay_ms_max) << row.name;
        EXPECT_LE(line.concealed_percent(), row.concealed_percent_max) << row.name;
        EXPECT_EQ(jitter.overflow, 0u) << row.name;
    }
}

TEST(BadNetwork, ABadSpellIsRecoveredFromWhileSomebodySpeaksOnAndOn) {
    Line line(false, Help::none);
    line.run({}, 5s);
    const auto good = line.leg.playout_delay();
    line.run({0, 1, 180ms}, 20s);
    EXPECT_GT(line.leg.playout_delay(), 120ms);
    line.run({}, 60s);
    EXPECT_LE(line.leg.playout_delay(), good + 30ms) << "it never grows for ever";
    EXPECT_GT(line.leg.counters().rescaled, 5u);
    ASSERT_TRUE(line.heard);
    EXPECT_NEAR(kit::tone_peak(line.sound, 440), 8000, 1200);
}

TEST(BadNetwork, TheRecordSaysHowItWas) {
    Line line(true, Help::none);
    line.run({10, 3}, 20s);
    const auto quality = line.leg.quality();
    EXPECT_NEAR(quality.loss, 0.1, 0.03);
    EXPECT_LT(quality.discard, 0.01);
    EXPECT_GT(quality.burst, 60ms);
    EXPECT_GT(quality.burst_density, 3 * quality.gap_density);
    EXPECT_NEAR(static_cast<double>(quality.concealed / 1ms), 2000, 600);
    EXPECT_LT(quality.mos, 4);
    EXPECT_GT(quality.mos, 2.5);
}

/// Loss that the peer reports, its round trip, and what it makes of our sound.
TEST(BadNetwork, ThePeersReportsGoIntoTheRecord) {
    auto settings = opus_settings(false);
    settings.voip_metrics = true;
    Random random(1);
    MediaLeg leg(settings, random, {});
    const TimePoint reported{10s};
    const auto ntp = rtp::ntp_time(WallTime(1'000'000s));
    Bytes wire;
    rtp::write_packet(wire, {96, false, 1, 960, 7}, Bytes(40, 1));
    leg.handle_datagram(wire, peer, reported - 1s);
    const auto ours = rtp::parse_rtcp(*leg.rtcp(reported, ntp, false));
    ASSERT_TRUE(ours && ours->voip) << "it asked for them";
    EXPECT_EQ(ours->voip->ssrc, 7u);
    rtp::Rtcp theirs;
    theirs.ssrc = 7;
    theirs.cname = "phone";
    theirs.reports.push_back({.ssrc = ours->ssrc,
                              .last_sr = static_cast<std::uint32_t>(ntp >> 16),
                              .delay_since_last_sr = 65536});
    theirs.voip = rtp::VoipMetrics{.ssrc = ours->ssrc, .mos_tenths = 39};
    leg.handle_datagram(rtp::write_rtcp(theirs), peer, reported + 1s + 80ms);
    ASSERT_TRUE(leg.quality().round_trip);
    EXPECT_NEAR(static_cast<double>(leg.quality().round_trip->count()), 80'000, 50);
    ASSERT_TRUE(leg.heard_by_peer());
    EXPECT_EQ(leg.heard_by_peer()->mos_tenths, 39);
}

TEST(BadNetwork, WhomNothingReachesIsNotSentToForEver) {
    ConferenceMedia media({}, 1, {});
    const LegId deaf{1};
    media.add_leg(deaf, opus_settings(false), {});
    std::uint32_t ssrc = 0;
    std::size_t sent = 0;
    std::vector<std::string_view> lost;
    TimePoint now{};
    for (int second = 0; second < 30; ++second) {
        sent = 0;
        for (int i = 0; i < 50; ++i, now += 20ms) {
            media.handle_timeout(now);
            while (auto output = media.poll()) {
                if (const auto* packet = std::get_if<ConferenceMedia::SendRtp>(&*output)) {
                    ssrc = rtp::parse_packet(packet->header)->header.ssrc;
                    ++sent;
                } else if (const auto* gone = std::get_if<ConferenceMedia::LegLost>(&*output)) {
                    lost.push_back(gone->why);
                }
            }
        }
        rtp::Rtcp report;
        report.ssrc = 5;
        report.cname = "phone";
        report.reports.push_back({.ssrc = ssrc, .fraction_lost = 255, .highest_sequence = 77});
        if (second % 5 == 4) media.handle_datagram(deaf, rtp::write_rtcp(report), peer, now);
    }
    EXPECT_EQ(lost, std::vector<std::string_view>{"nothing arrives"});
    EXPECT_EQ(sent, 0u);
}

/// Who reports loss and takes RED is sent everything twice, from the encoder of those who lose
/// nothing.
TEST(BadNetwork, WhoLosesPacketsAndTakesRedIsSentThemTwice) {
    ConferenceMedia media({}, 1, {});
    const LegId good{1}, bad{2}, talks{3};
    media.add_leg(good, opus_settings(true), {});
    media.add_leg(bad, opus_settings(true), {});
    media.add_leg(talks, opus_settings(false), {});
    Random random(1);
    Talker talker(random, false, Help::none);
    std::map<LegId, std::vector<Bytes>> sent;
    std::map<LegId, rtp::Header> last;
    TimePoint now{};
    const auto run = [&](int ticks) {
        for (int i = 0; i < ticks; ++i, now += 20ms) {
            talker.say({}, now);
            media.handle_datagram(talks, talker.on_the_way.begin()->second, peer, now);
            talker.on_the_way.clear();
            media.handle_timeout(now);
            while (auto output = media.poll())
                if (const auto* packet = std::get_if<ConferenceMedia::SendRtp>(&*output)) {
                    sent[packet->leg].emplace_back(packet->payload.begin(), packet->payload.end());
                    last[packet->leg] = rtp::parse_packet(packet->header)->header;
                }
        }
    };
    run(25);
    EXPECT_EQ(last[bad].payload_type, 96);
    rtp::Rtcp report;
    report.ssrc = 5;
    report.cname = "phone";
    report.reports.push_back({.ssrc = last[bad].ssrc, .fraction_lost = 26});
    media.handle_datagram(bad, rtp::write_rtcp(report), peer, now);
    const auto encoded = media.counters().encoded;
    run(25);
    EXPECT_EQ(last[bad].payload_type, red_type);
    EXPECT_EQ(last[good].payload_type, 96);
    EXPECT_EQ(media.counters().encoded - encoded, 25u + 1) << "one for both who listen";
    const auto packet = rtp::parse_redundant(sent[bad].back());
    ASSERT_TRUE(packet);
    ASSERT_EQ(packet->count, 2u);
    EXPECT_EQ(packet->blocks[0].age, 960u);
    const auto as_bytes = [](ByteView view) { return Bytes(view.begin(), view.end()); };
    EXPECT_EQ(as_bytes(packet->own().payload), sent[good].back());
    EXPECT_EQ(as_bytes(packet->blocks[0].payload), sent[good].at(sent[good].size() - 2));
}

} // namespace
} // namespace lyceum::mixer
