// SPDX-License-Identifier: Apache-2.0
#include "rtp/rtcp.hpp"

#include <gtest/gtest.h>

namespace lyceum::rtp {
namespace {

TEST(Rtcp, WhatIsWrittenIsRead) {
    Rtcp out;
    out.ssrc = 1;
    out.sender = {0x1122334455667788, 5, 6, 7};
    out.reports = {{2, 255, -3, 0x10002, 9, 10, 11}, {3, 0, 0x7fffff, 1, 2, 3, 4}};
    out.cname = "leg@lyceum";
    out.voip = VoipMetrics{2, 10, 20, 30, 40, 500, 6000, 70, 80, -20, 88, 43, 60};
    out.bye = {1};
    const auto wire = write_rtcp(out);
    EXPECT_EQ(wire.size() % 4, 0u);
    const auto in = parse_rtcp(wire);
    ASSERT_TRUE(in);
    EXPECT_EQ(*in, out);
}

TEST(Rtcp, QualityInTheUnitsOfTheExtendedReport) {
    Quality quality;
    quality.loss = 0.25;
    quality.discard = 2;
    quality.burst = 100s;
    quality.round_trip = 150ms;
    quality.level_db = -26;
    quality.r_factor = 80.9;
    quality.mos = 4.05;
    const auto voip = voip_metrics(7, quality);
    EXPECT_EQ(voip.ssrc, 7u);
    EXPECT_EQ(voip.loss, 64);
    EXPECT_EQ(voip.discard, 255);
    EXPECT_EQ(voip.burst_ms, 0xffff);
    EXPECT_EQ(voip.round_trip_ms, 150);
    EXPECT_EQ(voip.signal_level_dbm0, -20);
    EXPECT_EQ(voip.r_factor, 80);
    EXPECT_EQ(voip.mos_tenths, 40);
}

TEST(Rtcp, AReceiverReportAlone) {
    Rtcp out;
    out.ssrc = 9;
    for (std::size_t size = 0; size < 9; ++size) {
        out.cname = std::string(size, 'x');
        const auto in = parse_rtcp(write_rtcp(out));
        ASSERT_TRUE(in);
        EXPECT_EQ(*in, out);
    }
}

TEST(Rtcp, RefusesWhatIsNotOne) {
    const auto good = write_rtcp({.ssrc = 1, .cname = "x"});
    EXPECT_FALSE(parse_rtcp({}));
    for (std::size_t size = 1; size < good.size(); ++size)
        if (size != 8) {
            EXPECT_FALSE(parse_rtcp(ByteView(good).first(size))) << size;
        }
    EXPECT_FALSE(parse_rtcp(Bytes{0x81, 203, 0, 1, 0, 0, 0, 1})) << "a BYE alone";
    EXPECT_FALSE(parse_rtcp(Bytes{0x41, 201, 0, 1, 0, 0, 0, 1})) << "version 1";
    EXPECT_FALSE(parse_rtcp(Bytes{0x82, 201, 0, 1, 0, 0, 0, 1})) << "two reports promised";
}

TEST(Rtcp, UnknownPacketTypesAreSkipped) {
    auto wire = write_rtcp({.ssrc = 1, .cname = "x"});
    for (const auto octet : Bytes{0x80, 207, 0, 1, 1, 2, 3, 4}) wire.push_back(octet);
    EXPECT_TRUE(parse_rtcp(wire));
}

/// RFC 3550 figure 2: the receiver got the SR 6.125 s before its report of a delay of 5.25 s.
TEST(Rtcp, RoundTripAsInFigure2) {
    ReportBlock report;
    report.last_sr = 0xb7052000;
    report.delay_since_last_sr = 0x00054000;
    EXPECT_EQ(round_trip(report, std::uint64_t{0xb7108000} << 16), Duration(6'125'000));
    report.last_sr = 0;
    EXPECT_EQ(round_trip(report, 1), std::nullopt);
}

TEST(Rtcp, NtpTime) {
    EXPECT_EQ(ntp_time(WallTime(500ms)), (std::uint64_t{2208988800} << 32) + 0x80000000u);
}

} // namespace
} // namespace lyceum::rtp
