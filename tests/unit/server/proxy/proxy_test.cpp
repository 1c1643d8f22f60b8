// SPDX-License-Identifier: Apache-2.0
#include "server/proxy/route_token.hpp"
#include "tests/kit/proxy_calls.hpp"

namespace lyceum::proxy {
namespace {

class ProxyTest : public kit::ProxyCalls {};

TEST_F(ProxyTest, ACallFindsTheMemberAndTheDialogItsWayBack) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    EXPECT_EQ(ask({.more = "X-Unheard-Of: stays\nP-Asserted-Identity: <sip:boss@school.test>\n"
                           "Content-Type: application/pkcs7-mime\n",
                   .body = "\x01\x02"}),
              0);
    const auto invite = exchange.next("INVITE");
    ASSERT_TRUE(invite);
    EXPECT_EQ(invite->to, desk);
    EXPECT_EQ(invite->message.request_uri(), "sip:bob@192.0.2.20:5060");
    EXPECT_EQ(invite->message.header(Header::max_forwards), "69");
    EXPECT_EQ(invite->message.header("X-Unheard-Of"), "stays");
    EXPECT_FALSE(invite->message.header("P-Asserted-Identity"));
    EXPECT_EQ(invite->message.body(), "\x01\x02");
    EXPECT_EQ(invite->message.values(Header::via).size(), 2u);
    ASSERT_EQ(invite->message.count(Header::record_route), 2u);

    exchange.hand_in(answer_to(invite->message, 180), desk);
    EXPECT_EQ(answered()->status(), 180);
    const auto ok = answer_to(invite->message, 200);
    exchange.hand_in(ok, desk);
    const auto heard = answered();
    ASSERT_TRUE(heard);
    EXPECT_EQ(heard->status(), 200);
    EXPECT_EQ(heard->values(Header::via).size(), 1u);

    // The caller's requests go by the route set, from its end; the callee's from its start.
    const auto routes = ok.values(Header::record_route);
    const std::string from_caller =
        "Route: " + std::string(routes[1]) + ", " + std::string(routes[0]) + "\n";
    exchange.hand_in(request({.method = "ACK",
                              .uri = "sip:bob@192.0.2.20:5060",
                              .more = from_caller,
                              .to_tag = "b"}),
                     outside);
    const auto ack = exchange.next("ACK");
    ASSERT_TRUE(ack);
    EXPECT_EQ(ack->to, desk);
    EXPECT_FALSE(ack->message.has(Header::route));
    const std::string from_callee = "Route: " + std::string(routes[0]) + ", " +
                                    std::string(routes[1]) + "\n" +
                                    "Via: SIP/2.0/UDP 192.0.2.20:5060;branch=z9hG4bKbye\n";
    exchange.hand_in(request({.method = "BYE",
                              .uri = "sip:eve@203.0.113.9:5060",
                              .more = from_callee,
                              .to_tag = "e"}),
                     desk);
    const auto bye = exchange.next("BYE");
    ASSERT_TRUE(bye);
    EXPECT_EQ(bye->to, outside);
    EXPECT_EQ(bye->message.request_uri(), "sip:eve@203.0.113.9:5060");
    exchange.hand_in(answer_to(bye->message, 200), outside);
    EXPECT_EQ(exchange.next("200")->to, desk);
    exchange.run(40s);
    EXPECT_EQ(exchange.proxy.size(), 0u);
    EXPECT_EQ(exchange.agent.transactions().size(), 0u);
}

TEST_F(ProxyTest, IsNoRelayForStrangers) {
    EXPECT_EQ(ask({.uri = "sip:anybody@elsewhere.test"}), 407);
    EXPECT_EQ(ask({.more = "Route: <sip:192.0.2.77;lr>\n"}), 407) << "by way of a route";
    EXPECT_EQ(ask({.more = "Route: <sip:192.0.2.1;lr>, <sip:192.0.2.77;lr>\n"}), 407);
    EXPECT_EQ(ask({.method = "BYE", .uri = "sip:x@elsewhere.test", .to_tag = "t"}), 481);
    EXPECT_TRUE(exchange.wanted.empty());
    EXPECT_FALSE(exchange.next("INVITE"));
}

TEST_F(ProxyTest, AMemberGetsOutByHisPassword) {
    exchange.hand_in(
        signed_by("alice", {.uri = "sip:x@elsewhere.test", .from = "sip:alice@school.test"}),
        outside);
    ASSERT_EQ(exchange.wanted.size(), 1u);
    EXPECT_EQ(exchange.wanted[0].uri, "sip:x@elsewhere.test");
    exchange.located({{sip::Transport::tcp, kit::address("198.51.100.7", 5060), {}}});
    const auto invite = exchange.next("INVITE");
    ASSERT_TRUE(invite);
    EXPECT_EQ(invite->to.transport, sip::Transport::tcp);
    EXPECT_FALSE(invite->message.has(Header::proxy_authorization)) << "it was for us";
    const auto record = invite->message.values(Header::record_route);
    EXPECT_NE(record[0].find(";transport=tcp"), std::string_view::npos);
    EXPECT_EQ(record[1].find(";transport"), std::string_view::npos);
}

TEST_F(ProxyTest, ANameThatIsNotFoundIs480AndTheCallerMayGiveUpBefore) {
    const Ask outward{.uri = "sip:x@elsewhere.test", .from = "sip:alice@school.test"};
    exchange.hand_in(signed_by("alice", outward), outside);
    exchange.located({});
    EXPECT_EQ(answered()->status(), 480);

    auto again = outward;
    again.call_id = "c2";
    const auto invite = signed_by("alice", again);
    exchange.hand_in(invite, outside);
    auto text = invite.bytes();
    const std::string cseq_line = std::to_string(cseq) + " INVITE";
    text.replace(text.find(cseq_line) + cseq_line.size() - 6, 6, "CANCEL");
    text.replace(0, 6, "CANCEL");
    exchange.hand_in(kit::parse(text), outside);
    EXPECT_EQ(exchange.next("200")->to, outside);
    EXPECT_EQ(answered()->status(), 487);
    exchange.located({desk});
    EXPECT_FALSE(exchange.next("INVITE")) << "it is not sent any more";
}

TEST_F(ProxyTest, NobodyUsesTheNameOfAnother) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    EXPECT_EQ(ask({.from = "sip:alice@school.test"}), 407);
    exchange.hand_in(signed_by("alice", {.from = "sip:carol@school.test", .call_id = "c2"}),
                     outside);
    EXPECT_EQ(answered()->status(), 403);
    EXPECT_FALSE(exchange.next("INVITE"));
    exchange.hand_in(signed_by("alice", {.from = "sip:alice@192.0.2.1", .call_id = "c3"}), outside);
    EXPECT_TRUE(exchange.next("INVITE"));
}

TEST_F(ProxyTest, WhatCannotGoOnIsRefused) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    exchange.bind("bob", "sip:bob@192.0.2.21:5060");
    EXPECT_EQ(ask({.max_forwards = 0}), 483);
    EXPECT_EQ(ask({.more = "Proxy-Require: levitation\n", .call_id = "c2"}), 420);
    EXPECT_EQ(ask({.more = "Max-Breadth: 1\n", .call_id = "c3"}), 440);
    EXPECT_EQ(ask({.uri = "sip:nobody@school.test", .call_id = "c4"}), 0) << "the focus says 404";
    EXPECT_EQ(exchange.taken.size(), 1u);
    EXPECT_FALSE(exchange.next("INVITE"));
}

TEST_F(ProxyTest, WhatIsPublishedGoesToNoPhone) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    EXPECT_EQ(ask({.method = "PUBLISH", .more = "Event: presence\n"}), 401);
    EXPECT_FALSE(exchange.next("PUBLISH"));
}

TEST_F(ProxyTest, StrangersDoNotLearnWhoIsAMember) {
    EXPECT_EQ(ask({.uri = "sip:carol@school.test"}), 0);
    EXPECT_EQ(exchange.taken.size(), 1u) << "like a name that is nobody's";
    exchange.hand_in(signed_by("alice", {.uri = "sip:carol@school.test",
                                         .from = "sip:alice@school.test",
                                         .call_id = "c2"}),
                     outside);
    EXPECT_EQ(answered()->status(), 480);
}

TEST_F(ProxyTest, WhatHasBeenHereBeforeIsALoopAndWithAnotherUriASpiral) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    const Ask what{};
    ask(what);
    const auto sent = exchange.next("INVITE");
    auto text = sent->message.bytes();
    const std::string again = "sip:bob@school.test";
    text.replace(text.find("sip:bob@192.0.2.20:5060"), 23, again);
    text.insert(text.find("Via:"), "Via: SIP/2.0/UDP 192.0.2.20;branch=z9hG4bKround\r\n");
    exchange.hand_in(kit::parse(text), desk);
    EXPECT_EQ(exchange.next("482")->to, desk);
    EXPECT_FALSE(exchange.next("INVITE"));

    exchange.bind("carol", "sip:carol@192.0.2.30:5060");
    text.replace(text.find(again), again.size(), "sip:carol@school.test");
    text.replace(text.find("z9hG4bKround"), 12, "z9hG4bKonward");
    exchange.hand_in(kit::parse(text), desk);
    EXPECT_TRUE(exchange.next("INVITE"));
}

TEST_F(ProxyTest, ATokenIsGoodForItsDialogOnly) {
    const sip::KeyedHash hash("key"), other("another key");
    const RouteToken token{
        sip::Endpoint{sip::Transport::tls, kit::address("2001:db8::7", 5061), sip::FlowId{77}}};
    const auto text = token.seal("c1", hash);
    EXPECT_EQ(RouteToken::open(text, "c1", hash)->where, token.where);
    EXPECT_FALSE(RouteToken::open(text, "c2", hash));
    EXPECT_FALSE(RouteToken::open(text, "c1", other));
    EXPECT_FALSE(RouteToken::open(text.substr(1), "c1", hash));
    EXPECT_EQ(RouteToken::open(RouteToken{}.seal("c1", hash), "c1", hash)->where, std::nullopt);
    const auto route = "Route: <sip:" + text + "@192.0.2.1;lr>\n";
    EXPECT_EQ(ask({.uri = "sip:x@198.51.100.7", .more = route, .to_tag = "t", .call_id = "c2"}),
              481);
    EXPECT_EQ(ask({.uri = "sip:x@198.51.100.7", .more = route}), 407) << "no dialog yet";
}

/// Who has called somebody here has seen our tokens, and gets nowhere else by them.
TEST_F(ProxyTest, TakingPartInACallOpensNoWayToOthers) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    ask({.more = "Via: SIP/2.0/UDP 203.0.113.9:5060;branch=z9hG4bKp\n"
                 "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKq\n"}); // Behind a proxy: an open side.
    const auto invite = exchange.next("INVITE");
    const auto routes = invite->message.values(Header::record_route);
    const auto callee = std::string(routes[0]), caller = std::string(routes[1]);
    const std::string victim = "sip:gold@198.51.100.99";
    struct Row {
        const char* what;
        std::string uri, route;
        sip::Endpoint from;
        const char* answer;
    };
    for (const auto& row : {
             Row{"beyond the callee", "sip:bob@192.0.2.20",
                 caller + ", " + callee + ", <" + victim + ";lr>", outside, "407"},
             Row{"as if she were the callee", victim, callee + ", " + caller, outside, "407"},
             Row{"one token alone", victim, caller, outside, "407"},
             Row{"to a port of the callee", "sip:bob@192.0.2.20:5999", caller + ", " + callee,
                 outside, "192.0.2.20:5999"},
             Row{"to another host", victim, caller + ", " + callee, outside, "192.0.2.20:5060"},
             Row{"the callee, by her proxies", "sip:eve@10.0.0.1",
                 callee + ", " + caller + ", <sip:203.0.113.50;lr>", desk, "203.0.113.50:5060"},
         }) {
        exchange.sent.clear();
        exchange.hand_in(request({.method = "BYE",
                                  .uri = row.uri,
                                  .more = "Route: " + row.route + "\n",
                                  .to_tag = "t"}),
                         row.from);
        const auto sent = exchange.next();
        ASSERT_TRUE(sent) << row.what;
        const auto& message = sent->message;
        EXPECT_EQ(message.is_request() ? sent->to.address.to_string()
                                       : std::to_string(message.status()),
                  row.answer)
            << row.what;
    }
}

TEST_F(ProxyTest, PhonesBehindNatsAndOnConnectionsAreFoundBothWays) {
    const sip::Endpoint nat{sip::Transport::udp, kit::address("198.51.100.5", 40000), {}};
    const sip::Endpoint tcp{sip::Transport::tcp, kit::address("198.51.100.6", 50000),
                            sip::FlowId{9}};
    exchange.bind("bob", "sip:bob@10.0.0.4:5060", 1000, nat);
    // What is sealed is led across nobody.
    exchange.hand_in(request({.more = "Via: SIP/2.0/TCP 10.0.0.9;branch=z9hG4bKn\n"
                                      "Content-Type: application/pkcs7-mime\n",
                              .body = "sealed"}),
                     tcp);
    const auto invite = exchange.next("INVITE");
    ASSERT_TRUE(invite);
    EXPECT_EQ(invite->to, nat);
    const auto routes = invite->message.values(Header::record_route);
    EXPECT_EQ(routes[0].find(";transport"), std::string_view::npos);
    EXPECT_NE(routes[1].find(";transport=tcp"), std::string_view::npos);
    const std::string from_callee = "Route: " + std::string(routes[0]) +
                                    "\nRoute: " + std::string(routes[1]) +
                                    "\nVia: SIP/2.0/UDP 10.0.0.4;branch=z9hG4bKb;rport\n";
    exchange.hand_in(request({.method = "UPDATE",
                              .uri = "sip:eve@10.0.0.9;transport=tcp",
                              .more = from_callee,
                              .to_tag = "e"}),
                     nat);
    EXPECT_EQ(exchange.next("UPDATE")->to, tcp);
    const std::string from_caller = "Route: " + std::string(routes[1]) +
                                    "\nRoute: " + std::string(routes[0]) +
                                    "\nVia: SIP/2.0/TCP 10.0.0.9;branch=z9hG4bKu\n";
    exchange.hand_in(
        request(
            {.method = "BYE", .uri = "sip:bob@10.0.0.4:5060", .more = from_caller, .to_tag = "b"}),
        tcp);
    EXPECT_EQ(exchange.next("BYE")->to, nat);
}

TEST_F(ProxyTest, WhenAFlowFailsTheOtherOneOfTheDeviceIsTaken) {
    registrar::Binding one;
    one.contact = "sip:bob@192.0.2.20;transport=tcp";
    one.instance = "<urn:uuid:desk>";
    one.expires = WallTime(1h);
    one.reg_id = 1;
    one.source = {sip::Transport::tcp, kit::address("192.0.2.20", 40001), sip::FlowId{1}};
    auto two = one;
    two.reg_id = 2;
    two.source = {sip::Transport::tcp, kit::address("192.0.2.20", 40002), sip::FlowId{2}};
    exchange.registrar.restore({{"bob", {one, two}}}, {});
    ask({});
    EXPECT_EQ(exchange.next("INVITE")->to, two.source);
    exchange.fail_last();
    const auto again = exchange.next("INVITE");
    ASSERT_TRUE(again);
    EXPECT_EQ(again->to, one.source);
    exchange.fail_last();
    EXPECT_EQ(answered()->status(), 480);
}

TEST_F(ProxyTest, AStrictRouterInFrontOfUsIsUnderstood) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    ask({});
    const auto invite = exchange.next("INVITE");
    const auto routes = invite->message.values(Header::record_route);
    const auto first = sip::NameAddr::parse(routes[1])->uri_text;
    exchange.hand_in(
        request({.method = "BYE",
                 .uri = std::string(first),
                 .more = "Route: " + std::string(routes[0]) + ", <sip:bob@192.0.2.20:5060>\n",
                 .to_tag = "b"}),
        outside);
    const auto bye = exchange.next("BYE");
    ASSERT_TRUE(bye);
    EXPECT_EQ(bye->message.request_uri(), "sip:bob@192.0.2.20:5060");
    EXPECT_EQ(bye->to, desk);
}

TEST_F(ProxyTest, APathIsGoneBy) {
    registrar::Binding binding;
    binding.contact = "sip:bob@10.0.0.4";
    binding.path = "<sip:edge@192.0.2.50;lr>, <sip:core@192.0.2.51;lr>";
    binding.expires = WallTime(1h);
    exchange.registrar.restore({{"bob", {binding}}}, exchange.now);
    ask({});
    const auto invite = exchange.next("INVITE");
    ASSERT_TRUE(invite);
    EXPECT_EQ(invite->to.address, kit::address("192.0.2.50", 5060));
    EXPECT_EQ(invite->message.values(Header::route).size(), 2u);
    EXPECT_EQ(invite->message.request_uri(), "sip:bob@10.0.0.4");
}

TEST_F(ProxyTest, ACallIsCancelledWithTheReasonThatItWasAnsweredElsewhere) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    exchange.bind("bob", "sip:bob@192.0.2.21:5060");
    ask({});
    const auto first = exchange.next("INVITE"), second = exchange.next("INVITE");
    ASSERT_TRUE(first && second);
    const sip::Endpoint mobile{sip::Transport::udp, kit::address("192.0.2.21", 5060), {}};
    exchange.hand_in(answer_to(first->message, 180), first->to);
    exchange.hand_in(answer_to(second->message, 200), mobile);
    const auto cancel = exchange.next("CANCEL");
    ASSERT_TRUE(cancel);
    EXPECT_EQ(cancel->to, first->to);
    EXPECT_EQ(cancel->message.header(Header::reason),
              "SIP;cause=200;text=\"Call completed elsewhere\"");
    EXPECT_EQ(cancel->message.values(Header::via).size(), 1u);
    exchange.hand_in(answer_to(first->message, 487), first->to);
    EXPECT_EQ(exchange.next("ACK")->to, first->to) << "hop by hop";
    EXPECT_EQ(answered()->status(), 200);
}

TEST_F(ProxyTest, WhoDialsSipsIsHeardOverTlsOrNotAtAll) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    ask({.uri = "sips:bob@school.test"});
    EXPECT_FALSE(exchange.next("INVITE"));
    const sip::Endpoint tls{sip::Transport::tls, kit::address("192.0.2.21", 40000), sip::FlowId{3}};
    exchange.bind("bob", "sip:bob@192.0.2.21;transport=tls", 1000, tls);
    ask({.uri = "sips:bob@school.test", .call_id = "c2"});
    const auto invite = exchange.next("INVITE");
    ASSERT_TRUE(invite);
    EXPECT_EQ(invite->to, tls);
    EXPECT_FALSE(exchange.next("INVITE"));
}

TEST_F(ProxyTest, BranchesShareTheBreadth) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    exchange.bind("bob", "sip:bob@192.0.2.21:5060");
    ask({.more = "Max-Breadth: 7\n"});
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(exchange.next("INVITE")->message.header("Max-Breadth"), "3");
    ask({.call_id = "c2"});
    EXPECT_EQ(exchange.next("INVITE")->message.header("Max-Breadth"), "30");
}

TEST_F(ProxyTest, AliasesAndForwardingsLeadOn) {
    exchange.aliases["1001"] = "maths";
    exchange.aliases["help"] = "sip:desk@elsewhere.test";
    EXPECT_EQ(ask({.uri = "sip:1001@school.test"}), 0);
    ASSERT_EQ(exchange.taken.size(), 1u);
    EXPECT_EQ(exchange.taken[0].invite.request_uri(), "sip:maths@school.test");
    ask({.uri = "sip:help@school.test", .call_id = "c2"});
    ASSERT_EQ(exchange.wanted.size(), 1u) << "an administrator has let everybody out here";
    EXPECT_EQ(exchange.wanted[0].uri, "sip:desk@elsewhere.test");

    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    exchange.bind("carol", "sip:carol@192.0.2.30:5060");
    exchange.members["bob"].forwarding.busy = "carol";
    ask({.call_id = "c3"});
    exchange.hand_in(answer_to(exchange.next("INVITE")->message, 486), desk);
    const auto diverted = exchange.next("INVITE");
    ASSERT_TRUE(diverted);
    EXPECT_EQ(diverted->message.request_uri(), "sip:carol@192.0.2.30:5060");
    EXPECT_EQ(diverted->message.header("Diversion"), "<sip:bob@school.test>;reason=user-busy");
    EXPECT_EQ(history(diverted->message),
              (std::vector<std::string>{"<sip:bob@school.test>;index=1",
                                        "<sip:carol@192.0.2.30:5060>;index=1.2;mp=1"}));
    ask({.more = "History-Info: <sip:a@x.test>;index=1, <sip:b@x.test>;index=1.1\n",
         .call_id = "c4"});
    const auto straight = exchange.next("INVITE");
    EXPECT_EQ(history(straight->message).size(), 1u) << "nobody is diverted yet";
    exchange.hand_in(answer_to(straight->message, 486), desk);
    EXPECT_EQ(history(exchange.next("INVITE")->message).back(),
              "<sip:carol@192.0.2.30:5060>;index=1.1.2;mp=1.1");
}

TEST_F(ProxyTest, TheRoomComesLastOnAFindMeList) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    exchange.members["bob"].steps = {{"devices", 10s}, {"maths", 10s}};
    ask({});
    const auto invite = exchange.next("INVITE");
    exchange.hand_in(answer_to(invite->message, 180), desk);
    exchange.run(10s);
    EXPECT_TRUE(exchange.next("CANCEL"));
    EXPECT_TRUE(exchange.taken.empty());
    exchange.hand_in(answer_to(invite->message, 487), desk);
    ASSERT_EQ(exchange.taken.size(), 1u);
    EXPECT_EQ(exchange.taken[0].invite.request_uri(), "sip:maths@school.test");
    exchange.agent.accept(exchange.taken[0].session, kit::phone_sdp(), exchange.now);
    exchange.run(0s);
    EXPECT_EQ(exchange.proxy.size(), 0u);
}

TEST_F(ProxyTest, ARouteMayRedirectAndHelpIsNotCalledJustAnywhere) {
    exchange.routes = {{"5.", "sip:{number}@there.test", 0, "", true, false}};
    exchange.hand_in(request({.uri = "sip:55@school.test"}), outside);
    const auto moved = answered();
    EXPECT_EQ(moved->status(), 302);
    EXPECT_EQ(moved->header(Header::contact), "<sip:55@there.test>;q=1");
    exchange.routes.push_back({"6.", "maths", 0, "", true, false});
    exchange.hand_in(request({.uri = "sip:66@school.test", .call_id = "c3"}), outside);
    EXPECT_EQ(exchange.taken.size(), 1u) << "a room answers itself";
    EXPECT_EQ(ask({.uri = "sip:112@school.test", .call_id = "c2"}), 503);
    EXPECT_TRUE(exchange.log.has("emergency.call.refused from=~"));
}

TEST_F(ProxyTest, APhoneThatSaysWhereHeIsIsFollowed) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    exchange.bind("carol", "sip:carol@192.0.2.30:5060");
    ask({});
    exchange.hand_in(answer_to(exchange.next("INVITE")->message, 302, "sip:carol@school.test"),
                     desk);
    const auto onward = exchange.next("INVITE");
    ASSERT_TRUE(onward);
    EXPECT_EQ(onward->message.request_uri(), "sip:carol@192.0.2.30:5060");
    EXPECT_EQ(onward->message.header("Diversion"), "<sip:bob@school.test>;reason=deflection");
    EXPECT_FALSE(answered());
}

TEST_F(ProxyTest, OnlyMembersAreToldWhereDevicesAre) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    const std::string wish = "Request-Disposition: redirect\n";
    EXPECT_EQ(ask({.more = wish}), 0);
    EXPECT_TRUE(exchange.next("INVITE"));
    exchange.hand_in(
        signed_by("alice", {.from = "sip:alice@school.test", .more = wish, .call_id = "c2"}),
        outside);
    const auto told = answered();
    ASSERT_TRUE(told);
    EXPECT_EQ(told->status(), 302);
    EXPECT_EQ(told->header(Header::contact), "<sip:bob@192.0.2.20:5060>;q=1");
}

TEST_F(ProxyTest, AMemberCallsSoOftenAndNotMoreOften) {
    kit::Exchange strict({.calls_per_minute = 2});
    std::swap(strict.bindings, exchange.bindings);
    int calls = 0;
    for (int i = 0; i < 3; ++i) {
        const Ask what{.from = "sip:alice@school.test", .call_id = "c" + std::to_string(i)};
        strict.hand_in(request(what), outside);
        const auto challenge = strict.next("407");
        ASSERT_TRUE(challenge);
        strict.hand_in(signed_with(challenge->message, "alice", what), outside);
        if (const auto refused = strict.next("503")) {
            EXPECT_EQ(refused->message.header(Header::retry_after), "60");
        } else {
            ++calls;
        }
    }
    EXPECT_EQ(calls, 2);
}

TEST_F(ProxyTest, BeyondItsLimitItSaysWhenToComeAgain) {
    kit::Exchange small({.forks_max = 0});
    small.bind("bob", "sip:bob@192.0.2.20:5060");
    small.hand_in(request({}), outside);
    const auto refused = small.next("503");
    ASSERT_TRUE(refused);
    EXPECT_TRUE(refused->message.has(Header::retry_after));
}

} // namespace
} // namespace lyceum::proxy
