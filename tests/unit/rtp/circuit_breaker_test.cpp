// SPDX-License-Identifier: Apache-2.0
#include "rtp/circuit_breaker.hpp"

#include <gtest/gtest.h>

namespace lyceum::rtp {
namespace {

/// A stream of 50 packets a second, 200 octets each, and a report every five seconds.
struct Stream {
    void report(std::uint8_t lost_256ths, std::optional<Duration> round_trip, bool arrives = true) {
        now += 5s;
        packets += 250;
        if (arrives) highest += 250;
        breaker.handle_report({.fraction_lost = lost_256ths, .highest_sequence = highest},
                              round_trip, packets, packets * 200, now);
    }

    CircuitBreaker breaker;
    TimePoint now{};
    std::uint64_t packets = 0;
    std::uint32_t highest = 1000;
};

TEST(CircuitBreaker, AGoodPathAndALossyOneStayClosed) {
    Stream stream;
    for (int i = 0; i < 20; ++i) stream.report(0, 50ms);
    for (int i = 0; i < 20; ++i) stream.report(77, 50ms); // 30 %: less than ten TCPs would take.
    for (int i = 0; i < 20; ++i) stream.report(77, std::nullopt);
    EXPECT_FALSE(stream.breaker.open());
}

TEST(CircuitBreaker, OpensWhenNothingArrivesForThreeReports) {
    Stream stream;
    stream.report(0, 50ms);
    stream.report(255, 50ms, false);
    stream.report(255, 50ms, false);
    stream.report(0, 50ms);
    stream.report(255, 50ms, false);
    stream.report(255, 50ms, false);
    EXPECT_FALSE(stream.breaker.open()) << "not three in a row";
    stream.report(255, 50ms, false);
    EXPECT_EQ(stream.breaker.open(), "nothing arrives");
}

TEST(CircuitBreaker, OpensWhenItCrowdsAPathOut) {
    Stream stream;
    stream.report(0, 2s);
    // TCP would get 200 / (2 · √(2/3 · 0.5)) = 173 octets a second here; 10,000 are sent.
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(stream.breaker.open());
        stream.report(128, 2s);
    }
    EXPECT_EQ(stream.breaker.open(), "the path is congested");
    stream.report(0, 50ms);
    EXPECT_TRUE(stream.breaker.open()) << "it stays open";
}

TEST(CircuitBreaker, ReportsAMomentApartAndSilenceOfOursSayNothing) {
    CircuitBreaker breaker;
    for (int i = 0; i < 100; ++i)
        breaker.handle_report({.highest_sequence = 5}, 50ms, 100 + static_cast<unsigned>(i), 9999,
                              TimePoint(i * 10ms));
    for (int i = 0; i < 100; ++i)
        breaker.handle_report({.highest_sequence = 5}, 50ms, 500, 9999, TimePoint(i * 5s));
    EXPECT_FALSE(breaker.open());
}

} // namespace
} // namespace lyceum::rtp
