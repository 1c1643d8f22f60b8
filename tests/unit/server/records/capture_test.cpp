// SPDX-License-Identifier: Apache-2.0
#include "server/records/capture.hpp"

#include <gtest/gtest.h>

namespace lyceum::records {
namespace {

constexpr WallTime at{Duration(1'700'000'000'250'000)};

SocketAddress address(std::string_view ip, std::uint16_t port) {
    return {*IpAddress::parse(ip), port};
}

/// The Internet checksum of what holds its own.
std::uint16_t sum_of(ByteView bytes, std::uint32_t sum = 0) {
    for (std::size_t i = 0; i < bytes.size(); ++i) sum += bytes[i] << (i % 2 == 0 ? 8 : 0);
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(sum);
}

TEST(Capture, AFileHoldsEachMessageAsADatagram) {
    const std::string_view text = "OPTIONS sip:a@x SIP/2.0\r\n\r\n";
    const Captured messages[] = {
        {at, sip::Transport::tls, address("192.0.2.1", 5061), address("192.0.2.9", 5060), text},
        {at + 1s, sip::Transport::udp, address("2001:db8::1", 1), address("2001:db8::9", 2), text}};
    const auto file = pcap_of(messages);
    ByteReader reader(file);
    EXPECT_EQ(reader.u32(), 0xa1b2c3d4u);
    reader.take(16);
    EXPECT_EQ(reader.u32(), 101u) << "IP without anything around it";
    EXPECT_EQ(reader.u32(), 1'700'000'000u);
    EXPECT_EQ(reader.u32(), 250'000u);
    EXPECT_EQ(reader.u32(), 28 + text.size());
    EXPECT_EQ(reader.u32(), 28 + text.size());
    const auto v4 = reader.take(28 + text.size());
    EXPECT_EQ(v4[0], 0x45);
    EXPECT_EQ(v4[9], 17) << "UDP, whatever it was";
    EXPECT_EQ(sum_of(v4.first(20)), 0xffff);
    EXPECT_EQ(sum_of(v4.subspan(12), 17 + 8 + static_cast<std::uint32_t>(text.size())), 0xffff);
    const auto payload = v4.subspan(28);
    EXPECT_EQ(std::string(payload.begin(), payload.end()), text);
    EXPECT_EQ(reader.u32(), 1'700'000'001u);
    reader.take(12);
    const auto v6 = reader.take(48 + text.size());
    EXPECT_EQ(v6[0], 0x60);
    EXPECT_EQ(sum_of(v6.subspan(8), 17 + 8 + static_cast<std::uint32_t>(text.size())), 0xffff);
    EXPECT_TRUE(reader.ok());
    EXPECT_EQ(reader.left(), 0u);
}

TEST(Capture, AMessageTooLongForADatagramIsCut) {
    const std::string text(80'000, 'a');
    const Captured message{at, sip::Transport::tcp, address("192.0.2.1", 1),
                           address("192.0.2.9", 2), text};
    EXPECT_EQ(pcap_of({&message, 1}).size(), 24u + 16 + 28 + 65'000);
    const auto hep = hep_of(message, 1, {});
    EXPECT_EQ(static_cast<std::size_t>(hep[4] << 8 | hep[5]), hep.size());
}

TEST(Capture, HepSaysWhoWhenAndWhatInChunks) {
    const Captured message{at, sip::Transport::tcp, address("192.0.2.1", 5061),
                           address("192.0.2.9", 5060), "BYE"};
    const auto packet = hep_of(message, 7, "call-1");
    ByteReader reader(packet);
    const auto magic = reader.take(4);
    EXPECT_EQ(std::string(magic.begin(), magic.end()), "HEP3");
    EXPECT_EQ(reader.u16(), packet.size());
    std::map<int, std::string> chunks;
    while (reader.left() > 0) {
        EXPECT_EQ(reader.u16(), 0u) << "of no vendor";
        const auto type = reader.u16();
        const auto value = reader.take(reader.u16() - 6u);
        ASSERT_TRUE(reader.ok());
        chunks[type] = std::string(value.begin(), value.end());
    }
    const std::map<int, std::string> expected{{1, "\x02"},
                                              {2, "\x06"},
                                              {3, std::string("\xc0\x00\x02\x01", 4)},
                                              {4, std::string("\xc0\x00\x02\x09", 4)},
                                              {7, "\x13\xc5"},
                                              {8, "\x13\xc4"},
                                              {9, std::string("\x65\x53\xf1\x00", 4)},
                                              {10, std::string("\x00\x03\xd0\x90", 4)},
                                              {11, "\x01"},
                                              {12, std::string("\x00\x00\x00\x07", 4)},
                                              {15, "BYE"},
                                              {17, "call-1"}};
    EXPECT_EQ(chunks.size(), expected.size());
    for (const auto& [type, value] : expected) EXPECT_EQ(chunks[type], value) << type;
    const auto v6 = hep_of(
        {at, sip::Transport::udp, address("2001:db8::1", 1), address("2001:db8::9", 2), ""}, 7, {});
    EXPECT_EQ(v6[6 + 6], 10) << "AF_INET6";
}

} // namespace
} // namespace lyceum::records
