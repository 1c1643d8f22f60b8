// SPDX-License-Identifier: Apache-2.0
#include "rtp/telephone_event.hpp"

#include <gtest/gtest.h>

namespace lyceum::rtp {
namespace {

TEST(TelephoneEvent, WhatIsWrittenIsRead) {
    const TelephoneEvent event{11, true, 63, 1600};
    EXPECT_EQ(*parse_telephone_event(write_telephone_event(event)), event);
    EXPECT_FALSE(parse_telephone_event(Bytes{1, 2, 3}));
}

TEST(TelephoneEvent, OneDigitForEachPress) {
    DigitDetector detector;
    std::string digits;
    const auto press = [&](std::uint32_t timestamp, std::uint8_t event, int packets) {
        for (int i = 0; i < packets; ++i)
            if (const auto digit = detector.handle(timestamp, {event, i + 1 == packets, 10, 160}))
                digits += *digit;
    };
    press(1000, 1, 5);
    press(3000, 1, 3);
    press(5000, 11, 1); // Its end was lost.
    press(3000, 1, 1);  // A late packet of a press before.
    press(9000, 10, 2);
    press(12000, 16, 2); // Flash is no digit.
    EXPECT_EQ(digits, "11#*");
}

TEST(TelephoneEvent, TimestampsMayWrap) {
    DigitDetector detector;
    EXPECT_EQ(detector.handle(0xfffffff0, {5, false, 10, 160}), '5');
    EXPECT_EQ(detector.handle(0x00000100, {6, false, 10, 160}), '6');
}

} // namespace
} // namespace lyceum::rtp
