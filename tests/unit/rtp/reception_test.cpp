// SPDX-License-Identifier: Apache-2.0
#include "rtp/reception.hpp"

#include <gtest/gtest.h>

namespace lyceum::rtp {
namespace {

Header packet(std::uint16_t sequence) { return {0, false, sequence, sequence * 160u, 7}; }
constexpr TimePoint zero{};

TEST(Reception, CountsLossOverTheWrap) {
    Reception reception(7);
    const auto first = reception.handle(packet(65534), 8000, zero);
    EXPECT_EQ(reception.handle(packet(65535), 8000, zero), first + 1);
    EXPECT_EQ(reception.handle(packet(2), 8000, zero), first + 4);
    EXPECT_EQ(reception.handle(packet(1), 8000, zero), first + 3) << "late";
    EXPECT_EQ(reception.lost(), 1);
    const auto report = reception.report(zero);
    EXPECT_EQ(report.cumulative_lost, 1);
    EXPECT_EQ(report.fraction_lost, 256 / 5);
    EXPECT_EQ(reception.report(zero).fraction_lost, 0) << "nothing since the last report";
}

TEST(Reception, DuplicatesMakeTheLossNegative) {
    Reception reception(7);
    reception.handle(packet(1), 8000, zero);
    reception.handle(packet(1), 8000, zero);
    EXPECT_EQ(reception.lost(), -1);
}

TEST(Reception, AJumpCountsOnlyWhenItGoesOn) {
    Reception reception(7);
    reception.handle(packet(100), 8000, zero);
    reception.handle(packet(30000), 8000, zero);
    EXPECT_EQ(reception.received(), 1u) << "one stray packet";
    reception.handle(packet(30001), 8000, zero);
    reception.handle(packet(30002), 8000, zero);
    EXPECT_EQ(reception.received(), 2u) << "the sender started anew";
    EXPECT_EQ(reception.lost(), 0);
}

/// Appendix A.8: the jitter of a constant change of transit by d converges to |d|.
TEST(Reception, JitterConvergesInTimestampUnits) {
    Reception reception(7);
    for (std::uint16_t i = 0; i < 500; ++i)
        reception.handle(packet(i), 8000, zero + i * 20ms + (i % 2 ? 5ms : 0ms));
    EXPECT_NEAR(reception.report(zero).jitter, 40, 1);
}

TEST(Reception, RemembersTheSenderReport) {
    Reception reception(7);
    reception.handle(packet(1), 8000, zero);
    reception.handle_sender_report({0x1111222233334444, 0, 0, 0}, zero + 1s);
    const auto report = reception.report(zero + 3s);
    EXPECT_EQ(report.last_sr, 0x22223333u);
    EXPECT_EQ(report.delay_since_last_sr, 2u * 65536);
}

} // namespace
} // namespace lyceum::rtp
