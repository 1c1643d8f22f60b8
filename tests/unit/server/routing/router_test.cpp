// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/exchange.hpp"

#include <gtest/gtest.h>

namespace lyceum::routing {
namespace {

/// "a+b 15s | c | busy: d | here: room": groups as a person would write them.
std::string text_of(const Plan& plan) {
    std::string out;
    for (const auto& group : plan.groups) {
        if (!out.empty()) out += " | ";
        switch (group.when) {
        case When::next: break;
        case When::busy: out += "busy: "; break;
        case When::no_answer: out += "no answer: "; break;
        case When::unreachable: out += "unreachable: "; break;
        }
        if (group.here) out += "here: " + *group.here;
        for (const auto& target : group.targets)
            out += (&target == &group.targets.front() ? "" : " + ") + target.uri.substr(4);
        if (group.ring_for) out += " " + std::to_string(*group.ring_for / 1s) + "s";
    }
    return (plan.outward ? "outward: " : "") + out;
}

class RouterTest : public testing::Test {
protected:
    std::string way(const std::string& uri) { return text_of(exchange.router.plan(uri)); }

    kit::Exchange exchange;
};

TEST_F(RouterTest, NamesLeadWhereTheyLead) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    exchange.bind("bob", "sip:bob@192.0.2.21:5060?Subject=x");
    exchange.bind("bob", "sip:bob@192.0.2.22:5060", 500);
    exchange.aliases = {{"1001", "bob"}, {"far", "sip:x@far.test"}, {"round", "round"}};
    const auto* bobs = "bob@192.0.2.20:5060 + bob@192.0.2.21:5060 15s | bob@192.0.2.22:5060";
    for (const auto& [uri, expected] : std::initializer_list<std::pair<const char*, const char*>>{
             {"sip:school.test", "here: "},
             {"sip:maths@school.test", "here: maths"},
             {"sips:ECHO@192.0.2.1:5099", "here: ECHO"},
             {"sip:bob@school.test", bobs},
             {"sip:%62ob@school.test", bobs},
             {"sip:1001@school.test", bobs},
             {"sip:far@school.test", "x@far.test"},
             {"sip:round@school.test", ""},
             {"sip:alice@school.test", ""},
             {"sip:nobody@school.test", ""},
             {"sip:bob@elsewhere.test", "outward: bob@elsewhere.test"},
             {"tel:+4930123", ""},
         })
        EXPECT_EQ(way(uri), expected) << uri;
    EXPECT_EQ(exchange.router.plan("sip:alice@school.test").member, "alice") << "known, but absent";
}

TEST_F(RouterTest, NumbersLeadWhereTheDialPlanSays) {
    exchange.bind("bob", "sip:bob@h1");
    exchange.aliases = {{"+49301001", "bob"}, {"2001", "maths"}};
    exchange.routes = {
        {"3xxx", "sip:{number}@gothenburg.test"},
        {"30xx", "sip:{number}@lund.test", 2},
        {"+4989.", "sip:{number}@gw.test;user=phone", 3, "0"},
        {"+.", "sip:{number}@far.test"},
        {"0xxx", "bob", 0, "", false, false},
        {"9.", "sip:{number}@other.test", 1, "", true},
        {"*1", "maths"},
    };
    for (const auto& [uri, expected] : std::initializer_list<std::pair<const char*, const char*>>{
             {"tel:2001", "here: maths"},
             {"tel:030-1001", "bob@h1"},
             {"sip:+49(30)1001@school.test;user=phone", "bob@h1"},
             {"tel:1001;phone-context=+4930", "bob@h1"},
             {"sip:3456@school.test", "outward: 3456@gothenburg.test"},
             {"sip:3056@school.test", "outward: 56@lund.test"},
             {"tel:+49-89-1234;postd=pp22", "outward: 0891234@gw.test;user=phone"},
             {"sip:0891234@school.test", "outward: 0891234@gw.test;user=phone"},
             {"sip:0046812345@school.test", "outward: +46812345@far.test"},
             {"sip:*1@school.test", "outward: here: maths"},
             {"sip:0123@school.test", "bob@h1"},
             {"sip:9777@school.test", "outward: 777@other.test"},
             {"sip:45@school.test", ""},
             {"tel:911", ""},
             {"sip:12345678901234567890123456789012345@school.test", ""},
         })
        EXPECT_EQ(way(uri), expected) << uri;
    EXPECT_TRUE(exchange.router.plan("sip:9777@school.test").redirects);
    EXPECT_TRUE(exchange.router.plan("tel:911").emergency) << "not just a number with a 9";
    exchange.routes.push_back({"911", "sip:911@help.test"});
    EXPECT_EQ(way("tel:911"), "outward: 911@help.test");
}

TEST_F(RouterTest, WhoWantsHisQuietHasIt) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    auto& bob = exchange.members["bob"];
    bob.do_not_disturb = true;
    bob.steps = {{"devices", 5s}};
    EXPECT_EQ(way("sip:bob@school.test"), "");
    EXPECT_EQ(explain(exchange.router.plan("sip:bob@school.test")),
              "  bob, who does not want to be disturbed\n");
    bob.forwarding.busy = "maths";
    EXPECT_EQ(way("sip:bob@school.test"), "here: maths");
    bob.forwarding.busy = "sip:carol@far.test";
    const auto plan = exchange.router.plan("sip:bob@school.test");
    EXPECT_EQ(plan.groups.at(0).targets.at(0).diversion,
              "<sip:bob@school.test>;reason=do-not-disturb");
    bob.forwarding.always = "echo";
    EXPECT_EQ(way("sip:bob@school.test"), "here: echo") << "what is sent on disturbs nobody";
}

TEST_F(RouterTest, ATemporaryAddressLeadsToOneDeviceAsLongAsItIsRegistered) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    exchange.bind("bob", "sip:bob@192.0.2.21:5060");
    auto& device = exchange.bindings["bob"].back();
    device.instance = "<urn:uuid:1>";
    device.call_id = "first";
    const auto restore = [&] {
        exchange.registrar.restore({{"bob", exchange.bindings["bob"]}}, exchange.now);
    };
    restore();
    const auto uri = "sip:" + exchange.gruus->make("bob", "urn:uuid:1", "first", exchange.entropy) +
                     "@school.test;gr";
    EXPECT_EQ(way(uri), way("sip:bob@school.test;gr=urn:uuid:1"));
    EXPECT_NE(way(uri), "");
    exchange.members["bob"].do_not_disturb = true;
    EXPECT_NE(way(uri), "") << "whoever has it has it from him";
    device.call_id = "second";
    restore();
    EXPECT_EQ(way(uri), "");
    EXPECT_FALSE(exchange.router.named(uri)) << "it says nothing of whose it is";
}

TEST_F(RouterTest, ATrunkStandsWhereTheHostIs) {
    exchange.routes = {{"+46.", "trunk:isp", 3, "00"}, {"112", "trunk:isp", 0, "", false, false}};
    const auto plan = exchange.router.plan("sip:+46701@school.test");
    ASSERT_EQ(plan.groups.size(), 1u);
    EXPECT_EQ(plan.groups[0].targets[0].uri, "sip:00701@isp");
    EXPECT_EQ(plan.groups[0].targets[0].where, sip::inside(sip::Inside::b2bua));
    EXPECT_TRUE(plan.outward) << "for members only";
    EXPECT_EQ(explain(plan), "  only for members\n  00701 by the trunk isp\n");
    const auto help = exchange.router.plan("sip:112@school.test");
    EXPECT_TRUE(help.emergency && !help.outward);
    EXPECT_EQ(explain(help), "an emergency number\n  112 by the trunk isp\n");
    EXPECT_EQ(way("sip:+46701@isp"), "outward: +46701@isp") << "nobody names one from outside";
    EXPECT_FALSE(exchange.router.plan("sip:+46701@isp").groups[0].targets[0].where);
}

TEST_F(RouterTest, WithEnumTheDnsIsAskedFirst) {
    routing::Router router(
        {.domains = {"school.test"}, .numbers = {.country_code = "49", .asks_dns = true}}, exchange,
        routing::location_of(exchange.registrar));
    exchange.aliases = {{"+4930123", "bob"}};
    exchange.routes = {{"+46.", "trunk:isp"}, {"+47.", "maths"}};
    const auto asked = [&](const std::string& number) {
        const auto plan = router.plan("sip:" + number + "@school.test");
        const bool to = !plan.groups.empty() && !plan.groups[0].targets.empty();
        return to ? plan.groups[0].targets[0].number : "";
    };
    EXPECT_EQ(asked("+46701"), "+46701");
    EXPECT_EQ(asked("0046701"), "+46701");
    EXPECT_EQ(asked("+33123"), "+33123") << "no route, but perhaps the DNS knows";
    EXPECT_EQ(asked("+4930123"), "") << "ours";
    EXPECT_EQ(asked("+47701"), "") << "ours by the dial plan";
    EXPECT_EQ(asked("110"), "");
    EXPECT_EQ(
        explain(router.plan("sip:+46701@school.test")),
        "  only for members\n  where the DNS says that +46701 is, else +46701 by the trunk isp\n");
}

TEST_F(RouterTest, PatternsAreChecked) {
    for (const auto* pattern : {"3xxx", "+4989.", "112", "*21", "#", "x."})
        EXPECT_EQ((NumberRoute{pattern, "bob"}.fault()), "") << pattern;
    for (const auto* pattern :
         {"", ".", "3.4", "4+9", "abc", "3XXX", "123456789012345678901234567890123"})
        EXPECT_NE((NumberRoute{pattern, "bob"}.fault()), "") << pattern;
}

TEST_F(RouterTest, WhatAMemberHasSetDecides) {
    exchange.bind("bob", "sip:bob@h1");
    exchange.bind("carol", "sip:carol@h2");
    struct Row {
        Member set;
        const char* way;
    };
    for (const auto& row : {
             Row{{{"carol", "", "", ""}, {}}, "carol@h2"},
             Row{{{"", "carol", "", ""}, {}}, "bob@h1 | busy: carol@h2"},
             Row{{{"", "", "maths", "", 30s}, {}}, "bob@h1 30s | no answer: here: maths"},
             Row{{{"", "", "", "sip:x@far.test"}, {}}, "bob@h1 | unreachable: x@far.test"},
             Row{{{"", "nobody", "", ""}, {}}, "bob@h1"},
             Row{{{"bob", "", "", ""}, {}}, ""},
             Row{{{}, {{"devices", 10s}, {"sip:x@far.test", 20s}, {"maths", 5s}}},
                 "bob@h1 10s | x@far.test 20s | here: maths 5s"},
         }) {
        exchange.members["bob"] = row.set;
        EXPECT_EQ(way("sip:bob@school.test"), row.way);
    }
    exchange.members["bob"].forwarding = {"carol", "", "", ""};
    exchange.members["carol"].forwarding = {"bob", "", "", ""};
    EXPECT_EQ(way("sip:bob@school.test"), "") << "each to the other is nowhere";
}

TEST_F(RouterTest, FlowsOfADeviceStandInForEachOtherAndItCanBeCalledAlone) {
    const auto flow = [](std::uint32_t number, const std::string& instance) {
        registrar::Binding out;
        out.contact = "sip:bob@192.0.2.20:5060;transport=tcp";
        out.instance = "<urn:uuid:" + instance + ">";
        out.reg_id = number;
        out.expires = WallTime(1h);
        out.source = {sip::Transport::tcp, kit::address("192.0.2.20", 5060), sip::FlowId{number}};
        return out;
    };
    exchange.registrar.restore({{"bob", {flow(1, "desk"), flow(2, "desk"), flow(3, "car")}}}, {});
    auto plan = exchange.router.plan("sip:bob@school.test");
    ASSERT_EQ(plan.groups.at(0).targets.size(), 2u);
    const auto& desk = plan.groups[0].targets[0];
    EXPECT_EQ(desk.where->flow.value, 2u) << "the newest";
    ASSERT_EQ(desk.or_there.size(), 1u);
    EXPECT_EQ(desk.or_there[0].flow.value, 1u);
    exchange.members["bob"].forwarding.always = "maths";
    plan = exchange.router.plan("sip:bob@school.test;gr=urn:uuid:car");
    ASSERT_EQ(plan.groups.at(0).targets.size(), 1u);
    EXPECT_EQ(plan.groups[0].targets[0].where->flow.value, 3u);
    plan = exchange.router.plan("sip:bob@school.test;gr=urn:uuid:other");
    EXPECT_TRUE(plan.groups.empty());
    EXPECT_EQ(plan.member, "bob");
}

TEST_F(RouterTest, ADeviceIsSentToWhereItCanBeReached) {
    const auto udp = *sip::parse_endpoint("UDP 198.51.100.5:40000");
    const sip::Endpoint tcp{sip::Transport::tcp, kit::address("198.51.100.5", 40000),
                            sip::FlowId{7}};
    struct Row {
        const char* contact;
        sip::Endpoint source;
        std::string where;
    };
    for (const auto& row : {
             Row{"sip:b@198.51.100.5:5070", udp, "UDP 198.51.100.5:5070"},
             Row{"sip:b@10.0.0.4:5060", udp, "UDP 198.51.100.5:40000"},
             Row{"sip:b@phone.test", udp, "by name"},
             Row{"sip:b@x7.invalid", udp, "UDP 198.51.100.5:40000"},
             Row{"sip:b@10.0.0.4:5060;transport=tcp", tcp, "TCP 198.51.100.5:40000"},
         }) {
        exchange.bindings.clear();
        exchange.bind("bob", row.contact, 1000, row.source);
        const auto plan = exchange.router.plan("sip:bob@school.test");
        const auto& where = plan.groups.at(0).targets.at(0).where;
        EXPECT_EQ(where ? to_string(*where) : "by name", row.where) << row.contact;
    }
}

} // namespace
} // namespace lyceum::routing
