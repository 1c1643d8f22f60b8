// SPDX-License-Identifier: Apache-2.0
#include "server/protection/guard.hpp"
#include "tests/kit/recording_log.hpp"
#include "tests/kit/sip.hpp"

#include <gtest/gtest.h>

namespace lyceum::protection {
namespace {

class GuardTest : public testing::Test {
protected:
    static sip::Endpoint at(std::string_view ip) {
        return {sip::Transport::udp, kit::address(ip, 5060), {}};
    }
    bool admits(std::string_view ip, std::string_view more = {}) {
        return guard.judge(kit::request("OPTIONS", "z9hG4bK1", more), at(ip), now) ==
               Verdict::admit;
    }
    void fail(std::string_view ip, int times) {
        for (int i = 0; i < times; ++i) guard.handle_failed_login(*IpAddress::parse(ip), now);
    }
    std::vector<Ban> banned() {
        std::vector<Ban> out;
        while (const auto output = guard.poll())
            if (const auto* said = std::get_if<Guard::Banned>(&*output)) out.push_back(said->ban);
        return out;
    }

    kit::RecordingLog log;
    const WallTime start{1'700'000'000s};
    Guard guard{{.addresses_max = 50, .wall_at_zero = start}, log};
    TimePoint now{};
};

TEST_F(GuardTest, WhoGuessesIsBannedForATime) {
    fail("192.0.2.9", 9);
    EXPECT_TRUE(admits("192.0.2.9"));
    fail("192.0.2.9", 1);
    EXPECT_FALSE(admits("192.0.2.9"));
    EXPECT_EQ(guard.judge(sip::MessageWriter::reply(kit::request("OPTIONS"), 200).finish(),
                          at("192.0.2.9"), now),
              Verdict::admit)
        << "an answer to what we asked";
    EXPECT_TRUE(admits("192.0.2.10")) << "his neighbour has done nothing";
    EXPECT_EQ(banned(),
              (std::vector<Ban>{{*IpAddress::parse("192.0.2.9"), start + 600s, "failed logins"}}));
    EXPECT_FALSE(log.has("192.0.2.9")) << "addresses are personal";
    ASSERT_EQ(guard.deadline(), TimePoint(600s));
    now = TimePoint(600s);
    guard.handle_timeout(now);
    EXPECT_TRUE(std::holds_alternative<Guard::Released>(*guard.poll()));
    EXPECT_TRUE(admits("192.0.2.9"));
}

TEST_F(GuardTest, NowAndThenIsNotAgainAndAgain) {
    for (int i = 0; i < 100; ++i, now += 7s) fail("192.0.2.9", 1);
    EXPECT_TRUE(admits("192.0.2.9")) << "a phone with an old password tries every few seconds";
}

TEST_F(GuardTest, ASchoolIsNotLockedOutByOneOfItsPhones) {
    guard.handle_login(*IpAddress::parse("192.0.2.9"), now);
    fail("192.0.2.9", 99);
    EXPECT_TRUE(admits("192.0.2.9"));
    fail("192.0.2.9", 1);
    EXPECT_FALSE(admits("192.0.2.9"));
    guard.handle_login(*IpAddress::parse("192.0.2.10"), now);
    now += 3600s;
    fail("192.0.2.10", 10);
    EXPECT_FALSE(admits("192.0.2.10")) << "that was long ago";
}

TEST_F(GuardTest, OneCustomerOfIpv6IsOneNetwork) {
    for (int i = 0; i < 10; ++i) fail("2001:db8::" + std::to_string(i + 1), 1);
    EXPECT_FALSE(admits("2001:db8::ffff"));
    EXPECT_TRUE(admits("2001:db8:0:1::1"));
    EXPECT_EQ(banned().at(0).address.to_string(), "2001:db8::");
}

TEST_F(GuardTest, LoopbackIsNeverBanned) {
    fail("127.0.0.1", 1000);
    fail("::1", 1000);
    EXPECT_TRUE(admits("127.0.0.1"));
    EXPECT_TRUE(admits("::1"));
}

TEST_F(GuardTest, ScannersAreDroppedAndNobodyIsBannedForThem) {
    for (int i = 0; i < 100; ++i)
        EXPECT_FALSE(admits("192.0.2.9", "User-Agent: Friendly-Scanner\n"));
    EXPECT_TRUE(admits("192.0.2.9", "User-Agent: baresip\n")) << "somebody else may have sent that";
    EXPECT_EQ(guard.counters().scanners, 100u);
    EXPECT_TRUE(admits("192.0.2.9", "User-Agent: Kiwari 2.1\n")) << "not all that begins so within";
    Guard open({.drops_scanners = false}, log);
    EXPECT_EQ(open.judge(kit::request("OPTIONS", "z9hG4bK1", "User-Agent: sipvicious\n"),
                         at("192.0.2.9"), now),
              Verdict::admit);
}

TEST_F(GuardTest, WhoAsksTooOftenIsTurnedAwayAndHisDialogsGoOn) {
    Guard small({.requests_per_s = 10, .requests_burst = 20}, log);
    const auto ask = [&](std::string_view ip, const sip::Message& message) {
        return small.judge(message, at(ip), now);
    };
    const auto options = kit::request("OPTIONS");
    for (int i = 0; i < 20; ++i) EXPECT_EQ(ask("192.0.2.9", options), Verdict::admit);
    EXPECT_EQ(ask("192.0.2.9", options), Verdict::turn_away);
    EXPECT_EQ(ask("192.0.2.10", options), Verdict::admit);
    auto text = kit::request("BYE").bytes();
    text.replace(text.find("To: <sip:demo@192.0.2.1>"), 24, "To: <sip:demo@192.0.2.1>;tag=x");
    EXPECT_EQ(ask("192.0.2.9", kit::parse(text)), Verdict::admit) << "inside a dialog";
    EXPECT_EQ(ask("192.0.2.9", kit::request("CANCEL")), Verdict::admit);
    now += 1s;
    for (int i = 0; i < 10; ++i) EXPECT_EQ(ask("192.0.2.9", options), Verdict::admit);
    EXPECT_EQ(ask("192.0.2.9", options), Verdict::turn_away);
    small.handle_login(*IpAddress::parse("192.0.2.9"), now);
    now += 1s;
    int admitted = 0;
    for (int i = 0; i < 300; ++i) admitted += ask("192.0.2.9", options) == Verdict::admit;
    EXPECT_GT(admitted, 90) << "a school has many phones";
    EXPECT_LT(admitted, 300);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(ask("127.0.0.1", options), Verdict::admit);
}

TEST_F(GuardTest, WhenTheQueueFillsAShareOfWhatBeginsIsTurnedAway) {
    const auto share = [&] {
        int away = 0;
        for (int i = 0; i < 1000; ++i) away += !admits("127.0.0.1");
        return away;
    };
    guard.handle_backlog(0.2, now);
    EXPECT_EQ(share(), 0);
    guard.handle_backlog(0.5, now);
    EXPECT_NEAR(share(), 500, 1);
    EXPECT_TRUE(log.has("guard.overload.begins"));
    EXPECT_EQ(guard.judge(kit::request("ACK"), at("127.0.0.1"), now), Verdict::admit);
    guard.handle_backlog(0.9, now);
    EXPECT_EQ(share(), 1000);
    for (int i = 0; i < 100; ++i) guard.handle_backlog(0, now);
    EXPECT_EQ(share(), 0);
    EXPECT_FALSE(log.has("guard.overload.ends")) << "it may come again";
    now += 5s;
    guard.handle_backlog(0, now);
    EXPECT_TRUE(log.has("guard.overload.ends"));
}

TEST_F(GuardTest, WhatIsOnDiskIsWhatCounts) {
    const Ban old{*IpAddress::parse("192.0.2.1"), start - 1s, "failed logins"};
    const Ban fresh{*IpAddress::parse("192.0.2.2"), start + 100s, "failed logins"};
    guard.restore({old, fresh}, now);
    EXPECT_TRUE(admits("192.0.2.1"));
    EXPECT_FALSE(admits("192.0.2.2"));
    guard.restore({}, now);
    EXPECT_TRUE(admits("192.0.2.2")) << "an administrator has released him";
    EXPECT_EQ(guard.deadline(), std::nullopt);
}

TEST_F(GuardTest, ManyAddressesFillNoMemory) {
    for (int i = 0; i < 200; ++i) fail("198.51.100." + std::to_string(i), 9);
    fail("198.51.100.0", 1);
    EXPECT_TRUE(admits("198.51.100.0")) << "the oldest are forgotten";
    fail("198.51.100.199", 1);
    EXPECT_FALSE(admits("198.51.100.199"));
}

} // namespace
} // namespace lyceum::protection
