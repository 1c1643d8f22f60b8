// SPDX-License-Identifier: Apache-2.0
#include "rtp/packet.hpp"

#include <gtest/gtest.h>

namespace lyceum::rtp {
namespace {

TEST(RtpPacket, WhatIsWrittenIsRead) {
    const Header header{96, true, 65535, 0xfffffff0, 0xdeadbeef};
    Bytes wire;
    write_packet(wire, header, Bytes{1, 2, 3});
    const auto packet = parse_packet(wire);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->header, header);
    EXPECT_EQ(Bytes(packet->payload.begin(), packet->payload.end()), (Bytes{1, 2, 3}));
}

TEST(RtpPacket, SkipsCsrcExtensionAndPadding) {
    const Bytes wire{0xb1, 0x00, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, // V2, P, X, one CSRC
                     9,    9,    9, 9,                         // CSRC
                     0xbe, 0xde, 0, 1, 0, 0, 0, 0,             // extension of one word
                     7,    8,    0, 0, 3};                     // payload, padding of three
    const auto packet = parse_packet(wire);
    ASSERT_TRUE(packet);
    EXPECT_EQ(Bytes(packet->payload.begin(), packet->payload.end()), (Bytes{7, 8}));
}

TEST(RtpPacket, RefusesWhatIsNotOne) {
    const Bytes good{0x80, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3};
    EXPECT_TRUE(parse_packet(good));
    EXPECT_FALSE(parse_packet(ByteView(good).first(11)));
    EXPECT_FALSE(parse_packet(Bytes{}));
    EXPECT_FALSE(parse_packet(Bytes{0x40, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3})) << "version 1";
    EXPECT_FALSE(parse_packet(Bytes{0x81, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3})) << "CSRC is missing";
    EXPECT_FALSE(parse_packet(Bytes{0x90, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 9}))
        << "extension is cut";
    EXPECT_FALSE(parse_packet(Bytes{0xa0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 5}))
        << "padding beyond the payload";
    EXPECT_FALSE(parse_packet(Bytes{0xa0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3}))
        << "padding of nothing";
    EXPECT_FALSE(parse_packet(Bytes(1501, 0x80)));
}

TEST(RtpPacket, ToldApartFromRtcp) {
    EXPECT_TRUE(is_rtcp(Bytes{0x80, 200}));
    EXPECT_TRUE(is_rtcp(Bytes{0x81, 203}));
    EXPECT_FALSE(is_rtcp(Bytes{0x80, 0x80 | 111}));
    EXPECT_FALSE(is_rtcp(Bytes{0x80}));
}

TEST(RtpPacket, SequenceNumbersAreACircle) {
    EXPECT_TRUE(is_after(1, 0));
    EXPECT_TRUE(is_after(0, 65535));
    EXPECT_FALSE(is_after(65535, 0));
    EXPECT_FALSE(is_after(5, 5));
}

} // namespace
} // namespace lyceum::rtp
