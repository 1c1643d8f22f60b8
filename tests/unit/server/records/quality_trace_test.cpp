// SPDX-License-Identifier: Apache-2.0
#include "server/records/quality_trace.hpp"

#include <gtest/gtest.h>

namespace lyceum::records {
namespace {

rtp::StreamReport report(std::uint64_t packets, std::uint64_t lost, int peak_db = -127) {
    rtp::StreamReport out;
    out.announced = {*IpAddress::parse("192.168.1.4"), 4000};
    out.codec = "opus";
    out.packets = packets;
    out.lost = lost;
    out.jitter = 7ms;
    out.peak_db = peak_db;
    return out;
}

TEST(QualityTrace, AStretchIsWhatHappenedSinceTheReportBefore) {
    QualityTrace trace;
    TimePoint now{100s};
    const auto first = trace.handle_report(7, report(250, 0, -20), now);
    EXPECT_EQ(first, (Heard::Stretch{0, 250, 0, 7, -20}));
    now += 5s;
    const auto second = trace.handle_report(7, report(475, 25), now);
    EXPECT_EQ(second, (Heard::Stretch{5, 225, 25, 7, -127}));
    EXPECT_EQ(second.loss_permille(), 100);
    // A packet that was late is not lost any more.
    EXPECT_EQ(trace.handle_report(7, report(726, 24), now + 5s), (Heard::Stretch{10, 251, 0, 7}));
    EXPECT_EQ(trace.handle_report(8, report(0, 0), now).second, 0) << "each leg for itself";
}

TEST(QualityTrace, AtTheEndItSaysWhereItCameFromAndHowItWas) {
    QualityTrace trace;
    trace.handle_report(7, report(250, 0), TimePoint{100s});
    auto last = report(300, 0);
    last.source = {*IpAddress::parse("10.0.0.4"), 4000};
    last.encrypted = true;
    rtp::Quality quality;
    quality.mos = 4.26;
    quality.loss = 0.0124;
    quality.jitter = 3ms;
    quality.level_db = -26;
    trace.handle_report(7, last, TimePoint{101s});
    const Heard heard = trace.take(7, last, quality);
    EXPECT_EQ(heard, (Heard{43,
                            12,
                            3,
                            -26,
                            300,
                            "192.168.1.4:4000",
                            "10.0.0.4:4000",
                            "opus",
                            true,
                            {{0, 250, 0, 7}, {1, 50, 0, 7}}}));
    EXPECT_EQ(trace.size(), 0u);

    const auto unheard = trace.take(9, report(0, 0), {});
    EXPECT_EQ(unheard.packets, 0u);
    EXPECT_EQ(unheard.source, "") << "of whom nothing came";
}

TEST(QualityTrace, ALegThatLastsTakesNoMoreRoomAndLosesNoPacket) {
    QualityTrace trace;
    TimePoint now{};
    for (std::uint64_t i = 1; i <= 10'000; ++i, now += 5s)
        trace.handle_report(7, report(i * 250, i), now);
    const auto heard = trace.take(7, report(10'000 * 250, 10'000), {});
    EXPECT_LE(heard.course.size(), QualityTrace::stretches_max);
    std::uint64_t packets = 0, lost = 0;
    for (const auto& each : heard.course) {
        packets += each.packets;
        lost += each.lost;
    }
    EXPECT_EQ(packets, 2'500'000u);
    EXPECT_EQ(lost, 10'000u);
    EXPECT_EQ(heard.course.back().second, 49'995);
}

} // namespace
} // namespace lyceum::records
