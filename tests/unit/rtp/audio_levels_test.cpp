// SPDX-License-Identifier: Apache-2.0
#include "rtp/audio_levels.hpp"

#include <gtest/gtest.h>

#include <array>

namespace lyceum::rtp {
namespace {

Bytes with_extension(const Bytes& extension) {
    Bytes out{0x90, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3};
    out.insert(out.end(), extension.begin(), extension.end());
    out.push_back(9);
    return out;
}

TEST(AudioLevels, WhatASenderSaysOfItsVoiceIsRead) {
    struct Row {
        const char* what;
        Bytes extension;
        std::optional<AudioLevel> level;
    };
    for (const auto& [what, extension, level] : std::vector<Row>{
             {"voice", {0xbe, 0xde, 0, 1, 0x30, 0x80 | 31, 0, 0}, 31},
             {"no voice", {0xbe, 0xde, 0, 1, 0x30, 127, 0, 0}, 127},
             {"behind another", {0xbe, 0xde, 0, 1, 0x10, 5, 0x30, 7}, 7},
             {"behind padding", {0xbe, 0xde, 0, 1, 0, 0, 0x30, 7}, 7},
             {"two-byte form", {0x10, 0x05, 0, 1, 3, 1, 40, 0}, 40},
             {"two-byte form, empty", {0x10, 0x00, 0, 1, 3, 0, 0, 0}, {}},
             {"another number", {0xbe, 0xde, 0, 1, 0x40, 31, 0, 0}, {}},
             {"ended by 15", {0xbe, 0xde, 0, 1, 0xf0, 0, 0x30, 7}, {}},
             {"longer than it is", {0xbe, 0xde, 0, 1, 0x3f, 1, 2, 3}, {}},
             {"another form", {0x12, 0x34, 0, 1, 0x30, 31, 0, 0}, {}},
             {"nothing", {0xbe, 0xde, 0, 0}, {}},
         }) {
        const auto wire = with_extension(extension);
        const auto packet = parse_packet(wire);
        ASSERT_TRUE(packet) << what;
        EXPECT_EQ(packet->payload.size(), 1u);
        EXPECT_EQ(client_level(*packet, 3), level) << what;
    }
    EXPECT_EQ(audio_level(3), 0);
    EXPECT_EQ(audio_level(-40), 40);
    EXPECT_EQ(audio_level(-300), level_silent);
}

TEST(AudioLevels, AMixSaysWhoIsInIt) {
    Bytes wire;
    const std::array<SourceLevel, 2> sources{{{7, 20}, {9, 33}}};
    write_header(wire, {111, true, 5, 6, 8}, 2, sources);
    EXPECT_EQ(wire, (Bytes{0x92, 0x80 | 111, 0, 5, 0, 0, 0,    6,    0, 0, 0,    8,  0,  0,
                           0,    7,          0, 0, 0, 9, 0xbe, 0xde, 0, 1, 0x21, 20, 33, 0}));
    wire.push_back(1);
    const auto packet = parse_packet(wire);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->payload.size(), 1u);
    wire.clear();
    write_header(wire, {111, true, 5, 6, 8}, 2, {});
    EXPECT_EQ(wire.size(), header_bytes);
    wire.clear();
    write_header(wire, {}, 2, std::vector<SourceLevel>(40));
    EXPECT_EQ(wire.size(), header_bytes + 15 * 4 + 4 + 16) << "no more than there is room for";
}

} // namespace
} // namespace lyceum::rtp
