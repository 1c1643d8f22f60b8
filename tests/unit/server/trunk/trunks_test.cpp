// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/exchange.hpp"

#include <gtest/gtest.h>

namespace lyceum::trunk {
namespace {

using sip::Header;

class TrunksTest : public testing::Test {
protected:
    static sip::Endpoint at(const std::string& ip) {
        return {sip::Transport::udp, kit::address(ip, 5060), {}};
    }
    static Trunk trunk(std::vector<Gateway> gateways) {
        Trunk out;
        out.name = "isp";
        out.gateways = std::move(gateways);
        return out;
    }
    /// The oldest such request, answered.
    bool answer(const std::string& method, int status, const std::string& more = {}) {
        const auto sent = exchange.next(method);
        if (!sent) return false;
        auto writer = sip::MessageWriter::reply(sent->message, status, {}, "g");
        if (!more.empty()) {
            auto rest = std::string_view(more);
            const auto name = cut(rest, ':');
            writer.header(name, trim(rest));
        }
        exchange.hand_in(writer.finish(), sent->to);
        last_to = sent->to;
        return true;
    }
    std::vector<std::string> order() {
        std::vector<std::string> out;
        for (const auto& way : exchange.trunks.ways("isp", "+49"))
            out.push_back(way.where.address.ip.to_string());
        return out;
    }
    void forget_sent() { exchange.sent.clear(); }

    kit::Exchange exchange;
    sip::Endpoint last_to;
};

TEST_F(TrunksTest, WaysGoByPriority) {
    exchange.set_trunks({trunk({{"sip:192.0.2.72", 2}, {"sip:192.0.2.71;transport=tcp", 1}})});
    EXPECT_EQ(order(), (std::vector<std::string>{"192.0.2.71", "192.0.2.72"}));
    const auto ways = exchange.trunks.ways("isp", "+49");
    EXPECT_EQ(ways[0].uri, "sip:+49@192.0.2.71;transport=tcp;user=phone");
    EXPECT_EQ(ways[0].where.transport, sip::Transport::tcp);
    EXPECT_EQ(exchange.trunks.ways("isp", "echo")[1].uri, "sip:echo@192.0.2.72");
    EXPECT_TRUE(exchange.trunks.ways("other", "+49").empty());
}

TEST_F(TrunksTest, EqualsShareByWeight) {
    exchange.set_trunks(
        {trunk({{"sip:192.0.2.71", 1, 3}, {"sip:192.0.2.72", 1, 1}, {"sip:192.0.2.73", 1, 0}})});
    std::map<std::string, int> firsts;
    for (int i = 0; i < 4000; ++i) {
        const auto ways = order();
        ASSERT_EQ(std::set(ways.begin(), ways.end()).size(), 3u);
        ++firsts[ways.front()];
    }
    EXPECT_NEAR(firsts["192.0.2.71"], 3000, 150);
    EXPECT_NEAR(firsts["192.0.2.72"], 1000, 150);
    EXPECT_EQ(firsts["192.0.2.73"], 0);
}

TEST_F(TrunksTest, TheDeadAreTriedLastAndComeBack) {
    exchange.set_trunks({trunk({{"sip:192.0.2.71", 1}, {"sip:192.0.2.72", 2}})});
    const auto up_first = order();
    EXPECT_TRUE(answer("OPTIONS", 503));
    EXPECT_TRUE(answer("OPTIONS", 404)) << "whatever it says, it lives";
    EXPECT_EQ(order().front(), "192.0.2.72");
    forget_sent();
    exchange.run(10s);
    EXPECT_TRUE(answer("OPTIONS", 200));
    EXPECT_EQ(last_to, at("192.0.2.71"));
    EXPECT_EQ(order(), up_first);
    EXPECT_EQ(exchange.states.size(), 3u);
}

TEST_F(TrunksTest, SilenceIsDeathAfterFiveSeconds) {
    exchange.set_trunks({trunk({{"sip:192.0.2.71", 1}, {"sip:192.0.2.72", 2}})});
    const auto asked = exchange.next("OPTIONS");
    EXPECT_TRUE(answer("OPTIONS", 200));
    exchange.run(4900ms);
    EXPECT_EQ(order().front(), "192.0.2.71");
    exchange.run(200ms);
    EXPECT_EQ(order().front(), "192.0.2.72");
    // What comes late still says that it lives.
    exchange.hand_in(sip::MessageWriter::reply(asked->message, 200, {}, "g").finish(), asked->to);
    EXPECT_EQ(order().front(), "192.0.2.71");
}

TEST_F(TrunksTest, ALookIsRepeated) {
    exchange.set_trunks({trunk({{"sip:192.0.2.71", 1}})});
    EXPECT_TRUE(answer("OPTIONS", 200));
    exchange.run(29s);
    EXPECT_FALSE(exchange.next("OPTIONS"));
    exchange.run(1s);
    EXPECT_TRUE(answer("OPTIONS", 200));
}

TEST_F(TrunksTest, NamesAreLookedUpAndKept) {
    exchange.set_trunks({trunk({{"sip:gw.isp.test", 1}})});
    ASSERT_EQ(exchange.trunk_wanted.size(), 1u);
    EXPECT_TRUE(order().empty());
    EXPECT_EQ(exchange.trunks.at(at("192.0.2.71").address.ip), nullptr);
    exchange.trunk_located({at("192.0.2.71"), at("192.0.2.72")});
    EXPECT_EQ(order(), (std::vector<std::string>{"192.0.2.71", "192.0.2.72"}));
    EXPECT_NE(exchange.trunks.at(at("192.0.2.72").address.ip), nullptr);
    EXPECT_TRUE(answer("OPTIONS", 200));
    exchange.run(30s);
    exchange.trunk_located({});
    EXPECT_EQ(order().size(), 2u) << "a DNS that fails is no failed call";
}

TEST_F(TrunksTest, ANameThatDoesNotResolveIsSaid) {
    exchange.set_trunks({trunk({{"sip:gw.isp.test", 1}})});
    exchange.trunk_located({});
    EXPECT_EQ(exchange.states.at(0).state, "name does not resolve");
    exchange.run(10s);
    exchange.trunk_located({at("192.0.2.71")});
    EXPECT_TRUE(answer("OPTIONS", 200));
    EXPECT_EQ(exchange.states.back().state, "up");
}

TEST_F(TrunksTest, KnowsWhoCallsIn) {
    auto isp = trunk({{"sip:192.0.2.71", 1}});
    isp.sources = {at("192.0.2.80").address.ip};
    exchange.set_trunks({isp});
    for (const auto* ip : {"192.0.2.71", "192.0.2.80"})
        EXPECT_NE(exchange.trunks.at(at(ip).address.ip), nullptr) << ip;
    EXPECT_EQ(exchange.trunks.at(at("192.0.2.81").address.ip), nullptr);
}

TEST_F(TrunksTest, RegistersAgainAndAgain) {
    auto isp = trunk({{"sip:192.0.2.71", 1}, {"sip:192.0.2.72", 2}});
    isp.registers = true;
    isp.login = {"school", "word"};
    exchange.set_trunks({isp});
    exchange.run(1ms);
    EXPECT_TRUE(answer("REGISTER", 401, "WWW-Authenticate: Digest realm=\"isp\", nonce=\"n\""));
    EXPECT_TRUE(answer("REGISTER", 200, "Expires: 600"));
    EXPECT_EQ(exchange.states.back().state, "registered");
    forget_sent();
    exchange.run(539s);
    EXPECT_FALSE(exchange.next("REGISTER"));
    exchange.run(2s);
    EXPECT_TRUE(answer("REGISTER", 403));
    EXPECT_EQ(exchange.states.back().state, "403 Forbidden");
}

TEST_F(TrunksTest, WhereNobodyAnswersTheNextMachineIsAsked) {
    auto isp = trunk({{"sip:192.0.2.71", 1}, {"sip:192.0.2.72", 2}});
    isp.registers = true;
    isp.login = {"school", "word"};
    exchange.set_trunks({isp});
    exchange.run(33s); // Timer F.
    forget_sent();
    exchange.run(30s);
    EXPECT_TRUE(answer("REGISTER", 200));
    EXPECT_EQ(last_to, at("192.0.2.72"));
}

TEST_F(TrunksTest, WhatHasNotChangedGoesOn) {
    auto isp = trunk({{"sip:192.0.2.71", 1}, {"sip:192.0.2.72", 2}});
    auto other = trunk({{"sip:192.0.2.79", 1}});
    other.name = "other";
    exchange.set_trunks({isp, other});
    EXPECT_TRUE(answer("OPTIONS", 503));
    EXPECT_EQ(order().front(), "192.0.2.72");
    forget_sent();
    exchange.set_trunks({isp});
    EXPECT_EQ(order().front(), "192.0.2.72");
    EXPECT_FALSE(exchange.next("OPTIONS"));
    EXPECT_EQ(exchange.trunks.find("other"), nullptr);
    isp.caller = "+49";
    exchange.set_trunks({isp});
    EXPECT_EQ(order().front(), "192.0.2.71") << "another trunk, of which nothing is known yet";
    EXPECT_TRUE(exchange.next("OPTIONS"));
    exchange.set_trunks({});
    exchange.run(60s); // What is still under way for those that are gone does no harm.
    EXPECT_EQ(exchange.trunks.deadline(), std::nullopt);
}

} // namespace
} // namespace lyceum::trunk
