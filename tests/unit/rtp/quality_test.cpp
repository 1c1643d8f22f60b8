// SPDX-License-Identifier: Apache-2.0
#include "rtp/quality.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace lyceum::rtp {
namespace {

/// '.' a packet that is there, 'x' one that is missing.
Quality quality_of(std::string_view packets) {
    BurstMeter meter;
    for (const char packet : packets) meter.handle_packet(packet == 'x');
    EXPECT_EQ(meter.packets(), packets.size());
    Quality out;
    meter.describe(out, 20ms);
    return out;
}

TEST(Quality, NothingMissingIsOneGap) {
    const auto quality = quality_of(std::string(100, '.'));
    EXPECT_EQ(quality.burst, Duration{});
    EXPECT_EQ(quality.gap, 2s);
    EXPECT_EQ(quality.gap_density, 0);
}

TEST(Quality, MissingOnesFarApartAreNoBurst) {
    const std::string apart(16, '.');
    const auto quality = quality_of(apart + "x" + apart + "x" + apart);
    EXPECT_EQ(quality.burst, Duration{});
    EXPECT_DOUBLE_EQ(quality.gap_density, 2.0 / 50);
}

TEST(Quality, ABurstBeginsAndEndsWithAMissingOne) {
    const std::string calm(30, '.');
    const auto quality = quality_of(calm + "x..xx" + std::string(15, '.') + "x" + calm);
    EXPECT_EQ(quality.burst, 21 * 20ms);
    EXPECT_DOUBLE_EQ(quality.burst_density, 4.0 / 21);
    EXPECT_EQ(quality.gap_density, 0);
    EXPECT_EQ(quality.gap, 30 * 20ms) << "one before it, one behind it";
}

TEST(Quality, TwoBurstsAreTwo) {
    const std::string calm(20, '.');
    const auto quality = quality_of(calm + "xx" + calm + "xxxx" + calm);
    EXPECT_EQ(quality.burst, 3 * 20ms);
    EXPECT_DOUBLE_EQ(quality.burst_density, 1);
}

TEST(Quality, TheFactorFallsWithDelayAndLoss) {
    struct Row {
        Duration one_way;
        double missing, r, mos;
    };
    for (const auto& row :
         {Row{0ms, 0, 93.2, 4.41}, Row{150ms, 0, 89.6, 4.34}, Row{400ms, 0, 59.1, 3.05},
          Row{50ms, 0.05, 76.2, 3.88}, Row{50ms, 0.3, 40.3, 2.08}, Row{10s, 1, 0, 1}}) {
        const double r = r_factor(row.one_way, row.missing);
        EXPECT_NEAR(r, row.r, 0.2);
        EXPECT_NEAR(mos_of(r), row.mos, 0.03);
    }
}

} // namespace
} // namespace lyceum::rtp
