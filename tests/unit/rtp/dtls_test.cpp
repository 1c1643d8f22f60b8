// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"
#include "rtp/dtls.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace lyceum::rtp {
namespace {

class DtlsTest : public testing::Test {
protected:
    using State = DtlsHandshake::State;
    DtlsHandshake side(bool begins, const DtlsIdentity& own, const DtlsIdentity& other) {
        return {own, {begins, other.fingerprint()}, now, 5ms};
    }
    /// Carries datagrams to and fro until nothing moves and nothing waits.
    void run(DtlsHandshake& a, DtlsHandshake& b, unsigned loss_percent = 0) {
        for (int i = 0; i < 4000; ++i) {
            bool moved = false;
            for (auto [from, to] : {std::pair{&a, &b}, std::pair{&b, &a}})
                while (auto datagram = from->poll()) {
                    EXPECT_TRUE(is_dtls(*datagram));
                    EXPECT_LE(datagram->size(), DtlsHandshake::mtu);
                    moved = true;
                    if (!random.chance(loss_percent)) to->handle_datagram(*datagram, now);
                }
            if (moved) continue;
            if (!a.deadline() && !b.deadline()) return;
            std::this_thread::sleep_for(1ms); // OpenSSL looks at the clock itself.
            now += 1ms;
            a.handle_timeout(now);
            b.handle_timeout(now);
        }
    }

    DtlsIdentity alice, bob, mallory;
    Random random{1};
    TimePoint now{};
};

TEST_F(DtlsTest, BothSidesComeToTheSameKeys) {
    auto client = side(true, alice, bob), server = side(false, bob, alice);
    run(client, server);
    ASSERT_EQ(client.state(), State::done);
    ASSERT_EQ(server.state(), State::done);
    EXPECT_EQ(client.keys().send, server.keys().receive);
    EXPECT_EQ(client.keys().receive, server.keys().send);
    EXPECT_NE(client.keys().send.key, client.keys().receive.key);
    EXPECT_EQ(client.keys().send.suite, SrtpSuite::aead_aes_256_gcm);
    EXPECT_EQ(client.keys().send.key.size(), srtp_key_bytes(client.keys().send.suite));
}

TEST_F(DtlsTest, LossIsMadeUpFor) {
    for (int i = 0; i < 10; ++i) {
        auto client = side(true, alice, bob), server = side(false, bob, alice);
        run(client, server, 30);
        EXPECT_EQ(client.state(), State::done) << client.fault();
        EXPECT_EQ(server.state(), State::done) << server.fault();
    }
}

TEST_F(DtlsTest, AnotherCertificateThanSdpPromisedIsRefusedByBothRoles) {
    for (const bool begins : {true, false}) {
        auto victim = side(begins, alice, bob), man_in_the_middle = side(!begins, mallory, alice);
        run(victim, man_in_the_middle);
        EXPECT_EQ(victim.state(), State::failed);
        EXPECT_EQ(victim.fault(), "certificate does not have the fingerprint");
    }
}

TEST_F(DtlsTest, RubbishDoesNotEndAHandshake) {
    auto client = side(true, alice, bob), server = side(false, bob, alice);
    for (std::size_t size = 0; size < 300; size += 7) {
        Bytes rubbish(size);
        for (auto& octet : rubbish) octet = static_cast<std::uint8_t>(random.below(256));
        if (size > 0) rubbish[0] = 22;
        server.handle_datagram(rubbish, now);
    }
    server.handle_datagram(Bytes(5000, 22), now);
    run(client, server);
    EXPECT_EQ(server.state(), State::done) << server.fault();
}

TEST_F(DtlsTest, NobodyAnsweringIsAFailureAfterItsTime) {
    auto client = side(true, alice, bob);
    now += DtlsHandshake::time_max;
    client.handle_timeout(now);
    EXPECT_EQ(client.state(), State::failed);
    EXPECT_FALSE(client.deadline());
}

TEST(Fingerprint, IsReadAndWritten) {
    const DtlsIdentity identity;
    const auto text = identity.fingerprint().to_string();
    EXPECT_EQ(text.size(), 8 + 32 * 3 - 1u);
    EXPECT_EQ(Fingerprint::parse(text), identity.fingerprint());
    EXPECT_EQ(Fingerprint::parse("SHA-256" + text.substr(7)), identity.fingerprint());
    for (const auto& broken :
         {std::string(), std::string("sha-256"), text + ":00", "sha-1 " + text.substr(8, 59),
          "md5 " + text.substr(8), text.substr(0, 40), "sha-256 zz" + text.substr(10)})
        EXPECT_FALSE(Fingerprint::parse(broken)) << broken;
}

} // namespace
} // namespace lyceum::rtp
