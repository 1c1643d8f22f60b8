// SPDX-License-Identifier: Apache-2.0
#include "rtp/packet.hpp"
#include "rtp/rtcp.hpp"
#include "rtp/srtp.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace lyceum::rtp {
namespace {

SrtpKey key_for(SrtpSuite suite, std::uint8_t first = 1) {
    SrtpKey out{suite, Bytes(srtp_key_bytes(suite))};
    std::iota(out.key.begin(), out.key.end(), first);
    return out;
}

Bytes packet(std::uint16_t sequence, std::uint32_t ssrc = 7, std::size_t payload = 80) {
    Bytes out;
    write_packet(out, {96, false, sequence, sequence * 960u, ssrc}, Bytes(payload, 0x55));
    return out;
}

Bytes copy(ByteView view) { return {view.begin(), view.end()}; }

class EachSuite : public testing::TestWithParam<SrtpSuite> {
protected:
    Bytes protect(const Bytes& wire) {
        Bytes sealed;
        out.protect_rtp(ByteView(wire).first(header_bytes), ByteView(wire).subspan(header_bytes),
                        sealed);
        return sealed;
    }
    SrtpContext out{key_for(GetParam()), SrtpContext::Direction::outbound};
    SrtpContext in{key_for(GetParam()), SrtpContext::Direction::inbound};
};

TEST_P(EachSuite, WhatIsProtectedComesBackAndCannotBeReadOnTheWay) {
    for (std::uint16_t sequence = 65'000; sequence != 500; ++sequence) { // Rolls over.
        const auto wire = packet(sequence);
        const auto sealed = protect(wire);
        ASSERT_GT(sealed.size(), wire.size());
        EXPECT_TRUE(std::equal(wire.begin(), wire.begin() + header_bytes, sealed.begin()));
        EXPECT_FALSE(
            std::equal(wire.begin() + header_bytes, wire.end(), sealed.begin() + header_bytes));
        const auto opened = in.unprotect_rtp(sealed);
        ASSERT_TRUE(opened) << sequence;
        EXPECT_EQ(copy(*opened), wire);
    }
}

TEST_P(EachSuite, OneFlippedBitAnywhereIsRefused) {
    const auto sealed = protect(packet(1));
    for (std::size_t bit = 0; bit < sealed.size() * 8; bit += 7) {
        auto broken = sealed;
        broken[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        SrtpContext fresh(key_for(GetParam()), SrtpContext::Direction::inbound);
        EXPECT_FALSE(fresh.unprotect_rtp(broken)) << "bit " << bit;
    }
    EXPECT_TRUE(in.unprotect_rtp(sealed));
}

TEST_P(EachSuite, AReplayIsRefusedAndReorderingIsNot) {
    std::vector<Bytes> sealed;
    for (std::uint16_t sequence = 1; sequence <= 20; ++sequence)
        sealed.push_back(protect(packet(sequence)));
    for (const auto i : {0, 5, 2, 19, 7}) EXPECT_TRUE(in.unprotect_rtp(sealed[i]));
    for (const auto i : {0, 5, 2, 19, 7}) {
        const auto again = in.unprotect_rtp(sealed[i]);
        ASSERT_FALSE(again);
        EXPECT_EQ(again.error(), SrtpContext::Refusal::replayed);
    }
}

TEST_P(EachSuite, AnotherKeyOpensNothing) {
    SrtpContext other(key_for(GetParam(), 9), SrtpContext::Direction::inbound);
    const auto refused = other.unprotect_rtp(protect(packet(1)));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), SrtpContext::Refusal::authentication);
}

TEST_P(EachSuite, ASourceThatChangesItsSsrcStaysUnderTheKey) {
    EXPECT_TRUE(in.unprotect_rtp(protect(packet(1, 7))));
    EXPECT_TRUE(in.unprotect_rtp(protect(packet(40'000, 8))));
    EXPECT_TRUE(in.unprotect_rtp(protect(packet(2, 7))));
}

TEST_P(EachSuite, RtcpIsSealedToo) {
    Rtcp report;
    report.ssrc = 7;
    report.cname = "someone";
    const auto wire = write_rtcp(report);
    Bytes sealed;
    out.protect_rtcp(wire, sealed);
    EXPECT_GT(sealed.size(), wire.size());
    const auto opened = in.unprotect_rtcp(sealed);
    ASSERT_TRUE(opened);
    EXPECT_EQ(copy(*opened), wire);
    EXPECT_FALSE(in.unprotect_rtcp(sealed)) << "replayed";
    EXPECT_FALSE(in.unprotect_rtcp(wire)) << "in clear";
}

TEST_P(EachSuite, RubbishIsRefused) {
    for (std::size_t size = 0; size < 60; ++size) {
        EXPECT_FALSE(in.unprotect_rtp(Bytes(size, 0x80)));
        EXPECT_FALSE(in.unprotect_rtcp(Bytes(size, 0x80)));
    }
    EXPECT_FALSE(in.unprotect_rtp(Bytes(SrtpContext::datagram_bytes_max + 1, 0x80)));
}

INSTANTIATE_TEST_SUITE_P(Srtp, EachSuite, testing::ValuesIn(srtp_suites),
                         [](const auto& suite) { return std::string(name_of(suite.param)); });

TEST(Srtp, NamesAreThoseOfSdp) {
    for (const auto suite : srtp_suites) EXPECT_EQ(srtp_suite_of(name_of(suite)), suite);
    EXPECT_FALSE(srtp_suite_of("F8_128_HMAC_SHA1_80"));
}

/// The packet of libsrtp's own validation: RFC 3711 with the key of its §B.3.
TEST(Srtp, AKnownPacketIsSealedAsElsewhere) {
    const SrtpKey key{SrtpSuite::aes_cm_128_sha1_80,
                      {0xe1, 0xf9, 0x7a, 0x0d, 0x3e, 0x01, 0x8b, 0xe0, 0xd6, 0x4f,
                       0xa3, 0x2c, 0x06, 0xde, 0x41, 0x39, 0x0e, 0xc6, 0x75, 0xad,
                       0x49, 0x8a, 0xfe, 0xeb, 0xb6, 0x96, 0x0b, 0x3a, 0xab, 0xe6}};
    const Bytes plain{0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe,
                      0xba, 0xbe, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab,
                      0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab};
    const Bytes sealed{0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe, 0xba, 0xbe, 0x4e,
                       0x55, 0xdc, 0x4c, 0xe7, 0x99, 0x78, 0xd8, 0x8c, 0xa4, 0xd2, 0x15, 0x94, 0x9d,
                       0x24, 0x02, 0xb7, 0x8d, 0x6a, 0xcc, 0x99, 0xea, 0x17, 0x9b, 0x8d, 0xbb};
    SrtpContext out(key, SrtpContext::Direction::outbound);
    Bytes got;
    out.protect_rtp(ByteView(plain).first(12), ByteView(plain).subspan(12), got);
    EXPECT_EQ(got, sealed);
}

} // namespace
} // namespace lyceum::rtp
