// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/proxy_calls.hpp"

namespace lyceum::proxy {
namespace {

class EnumTest : public kit::ProxyCalls {
protected:
    EnumTest()
        : ProxyCalls({.domains = {"school.test", "192.0.2.1"},
                      .numbers = {.country_code = "49", .asks_dns = true}}) {}
    void dial(const std::string& number) {
        exchange.hand_in(signed_by("alice", {.uri = "sip:" + number + "@school.test",
                                             .from = "sip:alice@school.test"}),
                         outside);
    }
};

TEST_F(EnumTest, ANumberInTheDnsIsCalledThere) {
    dial("030123");
    ASSERT_EQ(exchange.numbers_wanted.size(), 1u);
    EXPECT_EQ(exchange.numbers_wanted[0].number, "+4930123");
    EXPECT_FALSE(exchange.next("INVITE"));
    exchange.numbered({"sip:mine@school.test", "sip:carol@192.0.2.99"});
    const auto invite = exchange.next("INVITE");
    ASSERT_TRUE(invite);
    EXPECT_EQ(invite->message.request_uri(), "sip:carol@192.0.2.99");
    EXPECT_EQ(invite->to.address, kit::address("192.0.2.99", 5060));
}

TEST_F(EnumTest, OneThatIsNotGoesAsTheDialPlanSays) {
    exchange.routes = {{"+4930.", "sip:{number}@192.0.2.98"}, {"+46.", "trunk:isp"}};
    dial("030123");
    EXPECT_TRUE(exchange.numbers_wanted.empty()) << "a place of ours is ours to know";
    EXPECT_TRUE(exchange.next("INVITE"));
    trunk::Trunk isp;
    isp.name = "isp";
    isp.gateways = {{"sip:198.51.100.7"}};
    exchange.set_trunks({isp});
    dial("+46701");
    exchange.numbered({});
    const auto invite = exchange.next("INVITE");
    ASSERT_TRUE(invite);
    EXPECT_EQ(invite->message.request_uri(), "sip:+46701@198.51.100.7;user=phone");
}

TEST_F(EnumTest, WithoutEitherItIsNotFound) {
    dial("+46701");
    exchange.numbered({});
    EXPECT_EQ(answered()->status(), 404);
    EXPECT_EQ(ask({.uri = "sip:112@school.test"}), 503);
    EXPECT_TRUE(exchange.numbers_wanted.empty()) << "help is not looked for in the DNS";
    EXPECT_EQ(ask({.uri = "sip:+46702@school.test"}), 407) << "nor for strangers";
}

TEST_F(EnumTest, WhoGivesUpWhileTheDnsIsAskedIsNotCalledBack) {
    dial("+46701");
    --cseq; // The CANCEL has the number and the branch of its INVITE.
    exchange.hand_in(
        request(
            {.method = "CANCEL", .uri = "sip:+46701@school.test", .from = "sip:alice@school.test"}),
        outside);
    exchange.run(1s);
    exchange.numbered({"sip:carol@192.0.2.99"});
    exchange.run(40s);
    EXPECT_EQ(exchange.proxy.size(), 0u);
}

} // namespace
} // namespace lyceum::proxy
