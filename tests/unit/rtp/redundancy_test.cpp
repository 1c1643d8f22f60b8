// SPDX-License-Identifier: Apache-2.0
#include "rtp/redundancy.hpp"

#include <gtest/gtest.h>

#include <string>

namespace lyceum::rtp {
namespace {

Bytes octets(std::string_view text) { return {text.begin(), text.end()}; }

TEST(Redundancy, WhatIsWrittenIsRead) {
    const auto older = octets("older"), old = octets("old"), now = octets("this one");
    Redundant out;
    out.blocks = {{{111, 1920, older}, {111, 960, old}, {111, 0, now}}};
    out.count = 3;
    Bytes wire;
    write_redundant(out, wire);
    ASSERT_EQ(wire.size(), 4 + 4 + 1 + older.size() + old.size() + now.size());
    EXPECT_EQ(wire[0], 0x80 | 111) << "F and the type (RFC 2198 §3)";
    EXPECT_EQ(wire[8], 111);
    const auto in = parse_redundant(wire);
    ASSERT_TRUE(in);
    ASSERT_EQ(in->count, 3u);
    EXPECT_EQ(in->blocks[0].age, 1920u);
    EXPECT_EQ(in->blocks[1].age, 960u);
    EXPECT_EQ(Bytes(in->blocks[1].payload.begin(), in->blocks[1].payload.end()), old);
    EXPECT_EQ(Bytes(in->own().payload.begin(), in->own().payload.end()), now);
}

TEST(Redundancy, APacketOfOneBlock) {
    const auto in = parse_redundant(octets("\x6fsound"));
    ASSERT_TRUE(in);
    EXPECT_EQ(in->count, 1u);
    EXPECT_EQ(in->own().payload_type, 111);
    EXPECT_EQ(in->own().payload.size(), 5u);
}

TEST(Redundancy, WhatIsBrokenIsRefused) {
    EXPECT_EQ(parse_redundant({}).error().what, "truncated block header");
    EXPECT_EQ(parse_redundant(Bytes{0xef, 0, 0}).error().what, "truncated block header");
    EXPECT_EQ(parse_redundant(Bytes{0xef, 0, 0, 9, 111, 1}).error().what, "truncated block");
    EXPECT_EQ(parse_redundant(Bytes(64, 0xff)).error().what, "too many blocks");
}

} // namespace
} // namespace lyceum::rtp
