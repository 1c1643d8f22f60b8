// SPDX-License-Identifier: Apache-2.0
#include "mixer/shared_port.hpp"
#include "tests/kit/address.hpp"

#include <gtest/gtest.h>

namespace lyceum::mixer {
namespace {

const LegId anna{1}, boris{2}, clara{3};
constexpr TimePoint start{};

SocketAddress at(const char* ip, std::uint16_t port) { return kit::address(ip, port); }

/// Announces RTP at `port` and RTCP behind it.
SharedPort::Expected phone(const char* ip, std::uint16_t port, std::string ufrag = {}) {
    return {{at(ip, port), at(ip, static_cast<std::uint16_t>(port + 1))},
            {kit::address(ip, 0).ip},
            std::move(ufrag)};
}

class SharedPortTest : public testing::Test {
protected:
    SharedPort port{SharedPort::Use::shared};
    static constexpr TimePoint later = start + SharedPort::grace;
};

TEST_F(SharedPortTest, WhatIsAnnouncedIsFollowed) {
    port.expect(anna, phone("192.0.2.1", 4000), start);
    port.expect(boris, phone("192.0.2.1", 4002), start);
    EXPECT_EQ(port.leg_of(at("192.0.2.1", 4000), start), anna);
    EXPECT_EQ(port.leg_of(at("192.0.2.1", 4002), start), boris);
    EXPECT_EQ(port.leg_of_rtcp(at("192.0.2.1", 4003)), boris);
    EXPECT_FALSE(port.leg_of(at("192.0.2.1", 4004), later)) << "both are heard from already";
    EXPECT_FALSE(port.leg_of(at("198.51.100.1", 4000), later)) << "a stranger";
}

TEST_F(SharedPortTest, WhoseOwnThePortIsGetsEverything) {
    SharedPort own(SharedPort::Use::own);
    EXPECT_FALSE(own.leg_of(at("198.51.100.7", 9), start));
    own.expect(anna, phone("192.0.2.1", 4000), start);
    EXPECT_EQ(own.leg_of(at("198.51.100.7", 9), start), anna) << "the leg itself refuses it";
    EXPECT_EQ(own.leg_of_rtcp(at("198.51.100.7", 9)), anna);
}

TEST_F(SharedPortTest, WhoSendsFromElsewhereIsLatchedWhenOnlyOneCanBeMeant) {
    port.expect(anna, phone("192.0.2.1", 4000), start);
    port.expect(boris, phone("192.0.2.2", 4000), start);
    EXPECT_EQ(port.leg_of(at("192.0.2.2", 5555), later), boris);
    EXPECT_EQ(port.leg_of(at("192.0.2.2", 5555), later + 1s), boris);
    EXPECT_FALSE(port.leg_of(at("192.0.2.2", 6666), later + 1s)) << "he is heard from 5555";
    EXPECT_EQ(port.leg_of(at("192.0.2.2", 6666), later + 1s + rtp::Latch::again_after), boris)
        << "he was silent, so he may have moved";
}

TEST_F(SharedPortTest, WhoComesBeforeThePortKnowsOfHimIsNotTakenForAnother) {
    port.expect(anna, phone("192.0.2.1", 4000), start);
    EXPECT_FALSE(port.leg_of(at("192.0.2.1", 4002), start)) << "Boris, a moment too early";
    port.expect(boris, phone("192.0.2.1", 4002), start);
    EXPECT_EQ(port.leg_of(at("192.0.2.1", 4002), start), boris);
    EXPECT_EQ(port.leg_of(at("192.0.2.1", 4000), start), anna);
}

TEST_F(SharedPortTest, WhereTwoMayBeMeantItIsNobodys) {
    port.expect(anna, phone("192.0.2.1", 4000), start);
    port.expect(boris, phone("192.0.2.1", 4002), start);
    EXPECT_FALSE(port.leg_of(at("192.0.2.1", 7777), later));
    EXPECT_FALSE(port.leg_of_rtcp(at("192.0.2.1", 7778)));
    EXPECT_EQ(port.leg_of(at("192.0.2.1", 4000), later), anna);
    EXPECT_EQ(port.leg_of(at("192.0.2.1", 7777), later), boris) << "only he was not heard yet";
}

TEST_F(SharedPortTest, AnAddressIsTheFirstOnes) {
    port.expect(anna, phone("192.0.2.1", 4000), start);
    port.expect(boris, phone("192.0.2.1", 4000), start);
    EXPECT_EQ(port.leg_of(at("192.0.2.1", 4000), start), anna);
    port.expect(anna, phone("192.0.2.1", 4400), start); // She moves; he would have to say it again.
    EXPECT_EQ(port.leg_of(at("192.0.2.1", 4400), start), anna);
    port.expect(boris, phone("192.0.2.1", 4600), start);
    port.expect(boris, phone("192.0.2.1", 4000), start);
    EXPECT_EQ(port.leg_of(at("192.0.2.1", 4000), start), boris);
}

TEST_F(SharedPortTest, IceSaysWhoItIsAndIsNeverLatched) {
    port.expect(anna, phone("192.0.2.1", 4000, "aaaa"), start);
    port.expect(boris, phone("192.0.2.1", 4002, "bbbb"), start);
    EXPECT_EQ(port.leg_of_ufrag("bbbb"), boris);
    EXPECT_FALSE(port.leg_of_ufrag("cccc"));
    EXPECT_FALSE(port.leg_of_ufrag(""));
    EXPECT_FALSE(port.leg_of(at("192.0.2.1", 5555), later));
    port.learn(boris, at("203.0.113.5", 5555), start);
    EXPECT_EQ(port.leg_of(at("203.0.113.5", 5555), start), boris);
    port.expect(boris, phone("192.0.2.1", 9, "bbbb"), start); // Another offer in the session.
    EXPECT_EQ(port.leg_of(at("203.0.113.5", 5555), start), boris);
    port.expect(boris, phone("192.0.2.1", 4002, "b2b2"), start); // ICE begins anew.
    EXPECT_FALSE(port.leg_of(at("203.0.113.5", 5555), start));
}

TEST_F(SharedPortTest, WhoLeavesLeavesNothingBehind) {
    port.expect(anna, phone("192.0.2.1", 4000), start);
    port.expect(boris, phone("192.0.2.1", 4002), start);
    port.expect(clara, phone("192.0.2.3", 4000), start);
    port.remove(boris);
    EXPECT_EQ(port.size(), 2u);
    port.leg_of(at("192.0.2.1", 4000), start);
    EXPECT_FALSE(port.leg_of(at("192.0.2.1", 4002), start));
}

TEST_F(SharedPortTest, OneLegHoldsSoManyAddressesAndNoMore) {
    port.expect(anna, phone("192.0.2.1", 4000, "aaaa"), start);
    port.expect(boris, phone("192.0.2.2", 4000, "bbbb"), start);
    for (std::uint16_t i = 0; i < 1000; ++i)
        port.learn(anna, at("203.0.113.5", static_cast<std::uint16_t>(10000 + i)), start);
    EXPECT_FALSE(port.leg_of(at("203.0.113.5", 10000), start));
    EXPECT_EQ(port.leg_of(at("203.0.113.5", 10999), start), anna);
}

} // namespace
} // namespace lyceum::mixer
