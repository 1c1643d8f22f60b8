// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"
#include "rtp/packet.hpp"
#include "rtp/relay.hpp"
#include "tests/kit/address.hpp"
#include "tests/kit/stun.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace lyceum::rtp {
namespace {

using kit::address;
using Port = Relay::Port;

using kit::octets;
const auto& check = kit::sample_check;
const auto& ice = kit::sample_ice;

Bytes packet(std::uint16_t sequence, std::uint32_t ssrc = 7) {
    Bytes out;
    write_packet(out, {0, false, sequence, sequence * 160u, ssrc}, Bytes(160, 0x55));
    return out;
}
const Bytes report = octets("80c90001000000070000000000000000"); // RTCP of source 7.

SrtpKey key(std::uint8_t first) {
    SrtpKey out{SrtpSuite::aead_aes_128_gcm, Bytes(srtp_key_bytes(SrtpSuite::aead_aes_128_gcm))};
    std::iota(out.key.begin(), out.key.end(), first);
    return out;
}

/// A gateway that is where it says, and Alice, who says something else in each test.
class RelayTest : public testing::Test {
protected:
    RelayTest() { relay.update(Relay::second, {gateway, gateway_rtcp}); }

    struct Out {
        Relay::Side toward;
        Port port;
        SocketAddress to;
        Bytes datagram;
        bool operator==(const Out&) const = default;
    };
    /// What one datagram leads to; none: nothing is sent.
    std::optional<Out> hand_in(Relay::Side side, const Bytes& datagram, const SocketAddress& from,
                               Port port = Port::rtp) {
        const auto output = relay.handle_datagram(side, port, datagram, from, now);
        const auto* send = output ? std::get_if<Relay::Send>(&*output) : nullptr;
        handshake = output && !send;
        if (!send) return std::nullopt;
        return Out{
            send->toward, send->port, send->to, {send->datagram.begin(), send->datagram.end()}};
    }

    const SocketAddress alice = address("192.0.2.9", 4000), alice_rtcp = address("192.0.2.9", 4001);
    const SocketAddress gateway = address("198.51.100.7", 6000),
                        gateway_rtcp = address("198.51.100.7", 6001);
    const SocketAddress stranger = address("203.0.113.66", 4000);
    TimePoint now{1s};
    Relay relay;
    bool handshake = false;
};

TEST_F(RelayTest, WhatComesFromOneSideGoesToTheOther) {
    EXPECT_FALSE(hand_in(Relay::first, packet(1), alice)) << "nothing is agreed with her";
    EXPECT_FALSE(hand_in(Relay::second, packet(1), gateway)) << "and nobody knows where she is";
    relay.update(Relay::first, {alice, alice_rtcp});
    EXPECT_EQ(hand_in(Relay::first, packet(1), alice),
              (Out{Relay::second, Port::rtp, gateway, packet(1)}));
    EXPECT_EQ(hand_in(Relay::second, packet(9), gateway),
              (Out{Relay::first, Port::rtp, alice, packet(9)}));
    EXPECT_EQ(hand_in(Relay::first, report, alice_rtcp, Port::rtcp),
              (Out{Relay::second, Port::rtcp, gateway_rtcp, report}));
    for (const auto port : {Port::rtp, Port::rtcp}) {
        EXPECT_FALSE(hand_in(Relay::first, packet(2), stranger, port));
        EXPECT_FALSE(hand_in(Relay::second, report, stranger, port));
    }
    EXPECT_EQ(relay.counters(Relay::first).foreign, 2u);
    EXPECT_EQ(relay.counters(Relay::first).passed, 2u);
}

TEST_F(RelayTest, WhoSendsReportsByThePortOfPacketsGetsThemThere) {
    relay.update(Relay::first, {alice, alice, true});
    EXPECT_EQ(hand_in(Relay::first, report, alice),
              (Out{Relay::second, Port::rtcp, gateway_rtcp, report}));
    EXPECT_EQ(hand_in(Relay::second, report, gateway_rtcp, Port::rtcp),
              (Out{Relay::first, Port::rtp, alice, report}));
}

TEST_F(RelayTest, WhoIsBehindANatIsFoundWhereSheSendsFrom) {
    const auto outside = address("203.0.113.9", 40'000), other = address("203.0.113.9", 40'002);
    relay.update(Relay::first,
                 {address("10.0.0.5", 4000), address("10.0.0.5", 4001), false, {outside.ip}});
    EXPECT_FALSE(hand_in(Relay::first, packet(1), stranger));
    EXPECT_TRUE(hand_in(Relay::first, packet(1), outside));
    EXPECT_EQ(hand_in(Relay::second, packet(1), gateway)->to, outside);
    now += 1s;
    EXPECT_FALSE(hand_in(Relay::first, packet(2), other)) << "she still sends from there";
    now += Latch::again_after;
    EXPECT_TRUE(hand_in(Relay::first, packet(3), other)) << "the NAT has forgotten her";
    EXPECT_EQ(hand_in(Relay::second, packet(2), gateway)->to, other);
    // A description that says the same moves nothing; one that says something else does.
    relay.update(Relay::first,
                 {address("10.0.0.5", 4000), address("10.0.0.5", 4001), false, {outside.ip}});
    EXPECT_EQ(hand_in(Relay::second, packet(3), gateway)->to, other);
    relay.update(Relay::first, {alice, alice_rtcp});
    EXPECT_EQ(hand_in(Relay::second, packet(4), gateway)->to, alice);
}

TEST_F(RelayTest, EachSideIsProtectedByItself) {
    Relay::Settings hers{alice, alice, true};
    hers.send_key = key(1), hers.receive_key = key(2);
    relay.update(Relay::first, hers);
    SrtpContext her_out(key(2), SrtpContext::Direction::outbound),
        her_in(key(1), SrtpContext::Direction::inbound);
    Bytes sealed;
    ASSERT_TRUE(her_out.protect_foreign_rtp(packet(1), sealed));
    EXPECT_EQ(hand_in(Relay::first, sealed, alice)->datagram, packet(1));
    EXPECT_FALSE(hand_in(Relay::first, sealed, alice));
    EXPECT_EQ(relay.counters(Relay::first).replayed, 1u);
    EXPECT_FALSE(hand_in(Relay::first, packet(2), alice)) << "in clear";
    EXPECT_EQ(relay.counters(Relay::first).unauthentic, 1u);

    const auto back = hand_in(Relay::second, packet(9), gateway);
    ASSERT_TRUE(back);
    EXPECT_NE(back->datagram, packet(9));
    const auto opened = her_in.unprotect_rtp(back->datagram);
    ASSERT_TRUE(opened);
    EXPECT_EQ(Bytes(opened->begin(), opened->end()), packet(9));
    ASSERT_TRUE(her_out.protect_foreign_rtcp(report, sealed));
    EXPECT_EQ(hand_in(Relay::first, sealed, alice)->datagram, report);

    // The same keys once more: the streams go on.
    relay.update(Relay::first, hers);
    ASSERT_TRUE(her_out.protect_foreign_rtp(packet(2), sealed));
    EXPECT_TRUE(hand_in(Relay::first, sealed, alice));
    EXPECT_FALSE(hand_in(Relay::first, sealed, alice));
}

/// Two packets of one number under one key would say what is in them (RFC 3711 §9.1).
TEST_F(RelayTest, NothingIsProtectedTwiceUnderOneNumber) {
    Relay::Settings hers{alice, alice, true};
    hers.send_key = key(1), hers.receive_key = key(2);
    relay.update(Relay::first, hers);
    EXPECT_TRUE(hand_in(Relay::second, packet(2), gateway));
    EXPECT_TRUE(hand_in(Relay::second, packet(1), gateway)) << "late";
    for (const std::uint16_t again : std::initializer_list<std::uint16_t>{1, 2})
        EXPECT_FALSE(hand_in(Relay::second, packet(again), gateway)) << again;
    std::size_t passed = 0;
    for (std::uint32_t source = 100; source < 200; ++source)
        passed += hand_in(Relay::second, packet(1, source), gateway).has_value();
    EXPECT_EQ(passed, Relay::sources_max - 1) << "and nobody has us keep ever more streams";
}

TEST_F(RelayTest, UntilTheHandshakeIsDoneNothingPassesInClear) {
    relay.update(Relay::first, {alice, alice, true, {}, {}, {}, {}, true});
    EXPECT_FALSE(hand_in(Relay::first, packet(1), alice));
    EXPECT_FALSE(hand_in(Relay::second, packet(1), gateway));
    EXPECT_FALSE(hand_in(Relay::first, Bytes{22, 254, 253, 0}, alice));
    EXPECT_TRUE(handshake);
    EXPECT_FALSE(hand_in(Relay::first, Bytes{22, 254, 253, 0}, stranger));
    EXPECT_FALSE(handshake);
    relay.set_keys(Relay::first, key(1), key(2));
    EXPECT_TRUE(hand_in(Relay::second, packet(1), gateway));
    // What was agreed once more, as in a re-INVITE, is no new handshake.
    relay.update(Relay::first, {alice, alice, true, {}, {}, {}, {}, true});
    EXPECT_TRUE(hand_in(Relay::second, packet(2), gateway));
    EXPECT_FALSE(hand_in(Relay::second, packet(2), gateway));
}

/// Keys of the ends' own, and a handshake that is theirs: all is passed as it is.
TEST_F(RelayTest, WhatIsBetweenTheEndsStaysBetweenThem) {
    relay.update(Relay::first, {alice, alice_rtcp});
    const Bytes theirs{22, 254, 253, 0, 1, 2, 3};
    EXPECT_EQ(hand_in(Relay::first, theirs, alice)->datagram, theirs);
    EXPECT_FALSE(handshake);
    EXPECT_EQ(hand_in(Relay::first, check, alice)->datagram, check) << "ICE, too";
}

TEST_F(RelayTest, WithIceWhoKnowsThePasswordSaysWhereSheIs) {
    const auto path = address("203.0.113.9", 40'000), better = address("203.0.113.10", 40'000);
    Relay::Settings hers{alice, alice, true, {alice.ip}};
    hers.ice = ice;
    relay.update(Relay::first, hers);
    EXPECT_FALSE(hand_in(Relay::first, packet(1), alice)) << "what SDP says is not believed";
    const auto reply = hand_in(Relay::first, check, path);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->toward, Relay::first);
    EXPECT_EQ(reply->to, path);
    EXPECT_EQ(reply->datagram[0] << 8 | reply->datagram[1], 0x0101);
    EXPECT_TRUE(hand_in(Relay::first, packet(1), path));
    EXPECT_EQ(hand_in(Relay::second, packet(1), gateway)->to, path);
    EXPECT_TRUE(hand_in(Relay::first, check, better)) << "answered, but it is not nominated";
    EXPECT_EQ(hand_in(Relay::second, packet(2), gateway)->to, path);
    auto forged = check;
    forged[45] ^= 1;
    hand_in(Relay::first, forged, stranger);
    EXPECT_FALSE(hand_in(Relay::first, packet(2), stranger));
    // Consent (RFC 7675) is asked for again and again by who is still there.
    now += 20s;
    hand_in(Relay::first, check, path);
    now += 20s;
    EXPECT_FALSE(relay.has_lapsed(now));
    now += 11s;
    EXPECT_TRUE(relay.has_lapsed(now));
}

TEST_F(RelayTest, WhoDoesNoIceMaySayNothingForAsLongAsHeLikes) {
    relay.update(Relay::first, {alice, alice_rtcp});
    hand_in(Relay::first, packet(1), alice);
    EXPECT_FALSE(relay.has_lapsed(now + 1h));
}

TEST_F(RelayTest, RubbishIsNotPassedToWhoIsEncrypted) {
    Relay::Settings hers{alice, alice, true};
    hers.send_key = key(1), hers.receive_key = key(2);
    relay.update(Relay::first, hers);
    Random random(5);
    for (int i = 0; i < 20'000; ++i) {
        Bytes datagram(random.below(100));
        for (auto& octet : datagram) octet = static_cast<std::uint8_t>(random.below(256));
        if (i % 2 == 0 && !datagram.empty()) datagram[0] = 0x80 | (datagram[0] & 0x3f);
        const auto port = random.below(2) == 0 ? Port::rtp : Port::rtcp;
        EXPECT_FALSE(hand_in(Relay::first, datagram, alice, port));
        hand_in(Relay::second, datagram, gateway, port);
    }
    EXPECT_EQ(relay.counters(Relay::first).passed, 0u);
}

} // namespace
} // namespace lyceum::rtp
