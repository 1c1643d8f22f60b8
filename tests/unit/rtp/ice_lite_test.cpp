// SPDX-License-Identifier: Apache-2.0
#include "rtp/ice_lite.hpp"
#include "tests/kit/address.hpp"
#include "tests/kit/stun.hpp"

#include <gtest/gtest.h>

namespace lyceum::rtp {
namespace {

using kit::octets;
const auto& sample = kit::sample_check;
const auto &ours = kit::sample_ice.local, &theirs = kit::sample_ice.remote;
const auto peer = kit::address("192.0.2.1", 32853);

TEST(IceLite, TheSampleOfRfc5769IsAnswered) {
    const IceLite ice(ours, theirs);
    const auto reply = ice.handle_datagram(sample, peer);
    ASSERT_TRUE(reply);
    EXPECT_TRUE(reply->authentic);
    EXPECT_FALSE(reply->nominated);
    const auto& wire = reply->datagram;
    ASSERT_EQ(wire.size(), 20 + 12 + 24 + 8u);
    EXPECT_EQ(wire[0] << 8 | wire[1], 0x0101);
    EXPECT_TRUE(std::equal(sample.begin() + 4, sample.begin() + 20, wire.begin() + 4));
    // XOR-MAPPED-ADDRESS of RFC 5769 §2.2: the same address and port.
    const auto mapped = octets("002000080001a147e112a643");
    EXPECT_TRUE(std::equal(mapped.begin(), mapped.end(), wire.begin() + 20));
}

/// RFC 5626 §8: no credentials on either side.
TEST(IceLite, AKeepAliveIsToldWhereItCameFrom) {
    const auto bare = octets("000100002112a442b7e7a701bc34d686fa87dfae");
    const auto answer = answer_keep_alive(bare, peer);
    ASSERT_TRUE(answer);
    EXPECT_EQ((*answer)[0] << 8 | (*answer)[1], 0x0101);
    const auto mapped = octets("002000080001a147e112a643");
    EXPECT_TRUE(std::equal(mapped.begin(), mapped.end(), answer->begin() + 20));
    EXPECT_FALSE(answer_keep_alive(sample, peer)) << "that is a check of ICE";
    EXPECT_FALSE(answer_keep_alive(*answer, peer)) << "that is an answer";
    for (std::size_t size = 0; size < bare.size(); ++size)
        EXPECT_FALSE(answer_keep_alive(ByteView(bare).first(size), peer)) << size;
}

TEST(IceLite, ACheckSaysWhomItIsFor) {
    EXPECT_EQ(checked_ufrag(sample), "evtj");
    auto damaged = sample;
    damaged[40] ^= 1;
    EXPECT_FALSE(checked_ufrag(damaged));
    EXPECT_FALSE(checked_ufrag({}));
}

TEST(IceLite, AnIpv6AddressIsMappedWithTheTransaction) {
    const IceLite ice(ours, theirs);
    const auto reply =
        ice.handle_datagram(sample, kit::address("2001:db8:1234:5678:11:2233:4455:6677", 32853));
    ASSERT_TRUE(reply);
    // RFC 5769 §2.3.
    const auto mapped = octets("002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9");
    EXPECT_TRUE(std::equal(mapped.begin(), mapped.end(), reply->datagram.begin() + 20));
}

TEST(IceLite, AWrongPasswordOrNameIs401AndTrustsNobody) {
    for (const auto& [local, remote] :
         {std::pair{IceCredentials{"evtj", "another-password-here"}, theirs},
          std::pair{IceCredentials{"zzzz", ours.password}, theirs},
          std::pair{ours, IceCredentials{"other", ""}}}) {
        const auto reply = IceLite(local, remote).handle_datagram(sample, peer);
        ASSERT_TRUE(reply);
        EXPECT_FALSE(reply->authentic);
        EXPECT_EQ(reply->datagram[0] << 8 | reply->datagram[1], 0x0111);
        EXPECT_EQ(reply->datagram[26] * 100 + reply->datagram[27], 401);
    }
}

TEST(IceLite, AnyFlippedBitAndAnyShorterOneIsNotTaken) {
    const IceLite ice(ours, theirs);
    for (std::size_t bit = 0; bit < sample.size() * 8; ++bit) {
        auto broken = sample;
        broken[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        const auto reply = ice.handle_datagram(broken, peer);
        EXPECT_FALSE(reply && reply->authentic) << bit;
    }
    for (std::size_t size = 0; size < sample.size(); ++size)
        EXPECT_FALSE(ice.handle_datagram(ByteView(sample).first(size), peer));
}

TEST(IceLite, StunDtlsAndRtpAreToldApart) {
    EXPECT_TRUE(is_stun(sample));
    EXPECT_FALSE(is_stun(Bytes{0x80, 0}));
    EXPECT_FALSE(is_stun(Bytes{22}));
    EXPECT_FALSE(is_stun({}));
}

} // namespace
} // namespace lyceum::rtp
