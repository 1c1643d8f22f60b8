// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/trunk_calls.hpp"

namespace lyceum::b2bua {
namespace {

class B2buaTest : public kit::TrunkCalls {};

TEST_F(B2buaTest, ACallGoesOutAndNeitherSideSeesTheOther) {
    start();
    const std::string sealed("\x30\x82\x00\x01 not text \r\n\r\n", 18);
    dial("Content-Type: application/pkcs7-mime\nX-Unheard-Of: stays\nUser-Agent: Desk 7\n"
         "Session-Expires: 1800\nSupported: timer, 100rel\n",
         sealed);
    const auto out = exchange.next("INVITE");
    ASSERT_TRUE(out);
    EXPECT_EQ(out->to, first);
    const auto& message = out->message;
    EXPECT_EQ(message.request_uri(), "sip:+4930123@198.51.100.7;user=phone");
    EXPECT_EQ(message.body(), sealed);
    EXPECT_EQ(message.header("X-Unheard-Of"), "stays");
    EXPECT_EQ(message.header(Header::session_expires), "1800");
    EXPECT_EQ(message.header(Header::contact), "<sip:+4989100@192.0.2.1:5060>");
    EXPECT_TRUE(message.header(Header::from)->starts_with("\"Alice\" <sip:+4989100@192.0.2.1>"));
    EXPECT_EQ(message.values(Header::via).size(), 1u);
    EXPECT_LT(*parse_number<int>(*message.header(Header::max_forwards)), 70);
    for (const auto* theirs : {"192.0.2.9", "Desk 7", "Call-ID: c1\r", "Proxy-Authorization",
                               "Record-Route", "P-Asserted-Identity", "school.test"})
        EXPECT_EQ(message.bytes().find(theirs), std::string::npos) << theirs;

    exchange.hand_in(answer(*out, 183, {"Server: GW 1\nContent-Type: application/sdp", "early"}),
                     first);
    const auto early = heard(183);
    ASSERT_TRUE(early);
    EXPECT_EQ(early->body(), "early");
    EXPECT_EQ(early->header(Header::contact), "<sip:+4930123@school.test>");
    EXPECT_EQ(early->bytes().find("198.51.100.7"), std::string::npos);
    EXPECT_EQ(early->bytes().find("GW 1"), std::string::npos);
    exchange.hand_in(answer(*out, 200, {"Content-Type: application/sdp", "answer"}), first);
    ok = heard(200);
    ASSERT_TRUE(ok);
    EXPECT_EQ(ok->body(), "answer");
    exchange.hand_in(inside("ACK", *ok, "Content-Type: application/sdp\n", "late", invite_cseq),
                     phone);
    const auto ack = exchange.next("ACK");
    ASSERT_TRUE(ack);
    EXPECT_EQ(ack->to, first);
    EXPECT_EQ(ack->message.request_uri(), "sip:gw@198.51.100.7:5060");
    EXPECT_EQ(ack->message.header(Header::cseq), "1 ACK");
    EXPECT_EQ(ack->message.body(), "late");

    exchange.hand_in(inside("BYE", *ok, "Reason: Q.850;cause=16\n"), phone);
    EXPECT_TRUE(heard(200));
    const auto bye = exchange.next("BYE");
    ASSERT_TRUE(bye);
    EXPECT_EQ(bye->to, first);
    EXPECT_EQ(bye->message.header(Header::reason), "Q.850;cause=16");
    exchange.hand_in(answer(*bye, 200), first);
    expect_rest();
}

TEST_F(B2buaTest, APhoneHearsTheLostAnswerAgain) {
    start();
    dial();
    const auto out = exchange.next("INVITE");
    exchange.hand_in(answer(*out, 200), first);
    EXPECT_TRUE(heard(200));
    exchange.hand_in(answer(*out, 200), first);
    EXPECT_TRUE(heard(200));
}

TEST_F(B2buaTest, AnAnswerThatComesLateOnceMoreChangesNothing) {
    connect();
    exchange.hand_in(inside("INVITE", *ok), phone);
    const auto there = exchange.next("INVITE");
    ASSERT_TRUE(there);
    exchange.hand_in(answer(*invite, 200), first); // The network had kept a copy.
    exchange.hand_in(answer(*there, 200), first);
    ASSERT_TRUE(heard(200));
    exchange.hand_in(inside("ACK", *ok, {}, {}, cseq), phone);
    EXPECT_EQ(exchange.next("ACK")->message.header(Header::cseq), "2 ACK");
}

TEST_F(B2buaTest, ForksAreBounded) {
    start();
    dial();
    const auto out = exchange.next("INVITE");
    for (int i = 0; i < 100; ++i)
        exchange.hand_in(answer(*out, 180, {.tag = std::to_string(i)}), first);
    int passed_on = 0;
    while (exchange.next("180")) ++passed_on;
    EXPECT_EQ(passed_on, 16);
    exchange.hand_in(answer(*out, 486), first);
    expect_rest();
}

TEST_F(B2buaTest, WhatIsAskedInOneDialogIsAskedInTheOther) {
    connect();
    // From the phone: hold, digits; from the gateway: resume, a question for a session that lives.
    exchange.hand_in(inside("INVITE", *ok, "Content-Type: application/sdp\n", "hold"), phone);
    auto there = exchange.next("INVITE");
    ASSERT_TRUE(there);
    EXPECT_EQ(there->message.body(), "hold");
    EXPECT_EQ(there->message.header(Header::cseq), "2 INVITE");
    exchange.hand_in(answer(*there, 200, {"Content-Type: application/sdp", "held"}), first);
    const auto held = heard(200);
    ASSERT_TRUE(held);
    EXPECT_EQ(held->body(), "held");
    exchange.hand_in(inside("ACK", *ok, {}, {}, cseq), phone);
    EXPECT_EQ(exchange.next("ACK")->message.header(Header::cseq), "2 ACK");

    exchange.hand_in(inside("INFO", *ok, "Content-Type: application/dtmf-relay\n", "Signal=5"),
                     phone);
    there = exchange.next("INFO");
    ASSERT_TRUE(there);
    EXPECT_EQ(there->message.body(), "Signal=5");
    exchange.hand_in(answer(*there, 415, {"Accept: text/plain"}), first);
    EXPECT_EQ(heard(415)->header(Header::accept), "text/plain");

    exchange.hand_in(back("UPDATE", *invite, 7, "Session-Expires: 90;refresher=uac\n"), first);
    auto here = exchange.next("UPDATE");
    ASSERT_TRUE(here);
    EXPECT_EQ(here->to, phone);
    EXPECT_EQ(here->message.header(Header::session_expires), "90;refresher=uac");
    EXPECT_EQ(here->message.header(Header::contact), "<sip:+4930123@school.test>");
    exchange.hand_in(answer(*here, 200), phone);
    here = exchange.next("200");
    ASSERT_TRUE(here);
    EXPECT_EQ(here->to, first);

    exchange.hand_in(back("INVITE", *invite, 8, "Content-Type: application/sdp\n", "again"), first);
    here = exchange.next("INVITE");
    ASSERT_TRUE(here);
    exchange.hand_in(back("CANCEL", *invite, 8), first);
    EXPECT_EQ(sent_to("200"), first);
    exchange.hand_in(answer(*here, 100), phone);
    exchange.run(300ms); // No CANCEL before a provisional response (§9.1); our proxy's comes now.
    ASSERT_TRUE(exchange.next("CANCEL"));
    exchange.hand_in(answer(*here, 487), phone);
    EXPECT_EQ(sent_to("487"), first);

    exchange.hand_in(back("BYE", *invite, 9), first);
    here = exchange.next("BYE");
    ASSERT_TRUE(here);
    EXPECT_EQ(here->to, phone);
    exchange.hand_in(answer(*here, 200), phone);
    expect_rest();
}

TEST_F(B2buaTest, AReliableResponseIsAcknowledgedByTheNumberThatItsSideKnows) {
    start();
    dial("Supported: 100rel\n");
    const auto out = exchange.next("INVITE");
    exchange.hand_in(answer(*out, 183, {"Require: 100rel\nRSeq: 77", {}}), first);
    const auto early = heard(183);
    ASSERT_TRUE(early);
    EXPECT_EQ(early->header(Header::rseq), "77");
    exchange.hand_in(
        inside("PRACK", *early, "RAck: 77 " + std::to_string(invite_cseq) + " INVITE\n"), phone);
    const auto prack = exchange.next("PRACK");
    ASSERT_TRUE(prack);
    EXPECT_EQ(prack->message.header(Header::rack), "77 1 INVITE");
    exchange.hand_in(answer(*prack, 200), first);
    EXPECT_TRUE(heard(200));
}

TEST_F(B2buaTest, AnswersWhoAsksForAPassword) {
    provider.login = {"school", "word"};
    connect();
    // Not asked so far: as the row above. Now it is.
    exchange.hand_in(inside("BYE", *ok), phone);
    auto bye = exchange.next("BYE");
    const std::string challenge = "WWW-Authenticate: Digest realm=\"isp\", nonce=\"n1\", "
                                  "qop=\"auth\"";
    exchange.hand_in(answer(*bye, 401, {challenge}), first);
    bye = exchange.next("BYE");
    ASSERT_TRUE(bye);
    EXPECT_EQ(bye->message.header(Header::cseq), "3 BYE");
    EXPECT_TRUE(bye->message.header(Header::authorization)
                    ->starts_with("Digest username=\"school\", realm=\"isp\", nonce=\"n1\""));
    exchange.hand_in(answer(*bye, 200), first);
    expect_rest();

    dial();
    auto out = exchange.next("INVITE");
    EXPECT_TRUE(out->message.header(Header::from)->starts_with("\"Alice\" <sip:+4989100@198.51"));
    EXPECT_EQ(out->message.header(Header::contact), "<sip:school@192.0.2.1:5060>");
    exchange.hand_in(answer(*out, 407, {"Proxy-Authenticate: Digest realm=\"isp\", nonce=\"n2\""}),
                     first);
    EXPECT_TRUE(exchange.next("ACK"));
    out = exchange.next("INVITE");
    ASSERT_TRUE(out);
    EXPECT_EQ(out->message.header(Header::cseq), "2 INVITE");
    const auto credentials = out->message.header(Header::proxy_authorization);
    ASSERT_TRUE(credentials);
    exchange.hand_in(answer(*out, 200), first);
    ok = heard(200);
    exchange.hand_in(inside("ACK", *ok, {}, {}, invite_cseq), phone);
    const auto ack = exchange.next("ACK");
    EXPECT_EQ(ack->message.header(Header::cseq), "2 ACK");
    EXPECT_EQ(ack->message.header(Header::proxy_authorization), credentials);
}

TEST_F(B2buaTest, APasswordThatIsNotTakenTriesTheNextGatewayAndSaysNothingOfIt) {
    provider.login = {"school", "wrong"};
    start();
    dial();
    const std::string challenge = "WWW-Authenticate: Digest realm=\"isp\", nonce=\"n\"";
    for (const auto& gateway : {first, second})
        for (int i = 0; i < 2; ++i) {
            const auto out = exchange.next("INVITE");
            ASSERT_TRUE(out);
            EXPECT_EQ(out->to, gateway);
            exchange.hand_in(answer(*out, 401, {challenge}), gateway);
        }
    EXPECT_FALSE(exchange.next("INVITE"));
    const auto refused = heard(500); // RFC 3261 §16.7, 6: a 503 is not passed on.
    ASSERT_TRUE(refused);
    EXPECT_FALSE(refused->has(Header::www_authenticate));
    expect_rest();
}

struct Outcome {
    const char* what;
    int status;
    bool next;     ///< The other gateway is tried.
    int heard = 0; ///< If not, by the caller.
};
class GatewaySays : public B2buaTest, public testing::WithParamInterface<Outcome> {};

TEST_P(GatewaySays, AndTheCallGoesOnOrNot) {
    start();
    dial();
    exchange.hand_in(answer(*exchange.next("INVITE"), GetParam().status), first);
    const auto other = exchange.next("INVITE");
    EXPECT_EQ(other.has_value(), GetParam().next) << GetParam().what;
    if (other) exchange.hand_in(answer(*other, 486), second);
    EXPECT_TRUE(heard(other ? 486 : GetParam().heard)) << GetParam().what;
    expect_rest();
}

INSTANTIATE_TEST_SUITE_P(
    All, GatewaySays,
    testing::Values(Outcome{"broken", 500, true}, Outcome{"cannot do it", 501, false, 501},
                    Outcome{"its far side is broken", 502, true}, Outcome{"overloaded", 503, true},
                    Outcome{"its far side is slow", 504, true}, Outcome{"busy", 486, false, 486},
                    Outcome{"no such number", 404, false, 404},
                    Outcome{"not allowed", 403, false, 403}, Outcome{"nowhere", 603, false, 603},
                    Outcome{"elsewhere, which is not ours to know", 302, false, 500}));

TEST_F(B2buaTest, AGatewayThatIsSilentIsLeftForTheNext) {
    start();
    dial();
    const auto lost = exchange.next("INVITE");
    exchange.run(4100ms);
    std::optional<Sent> out;
    while (auto each = exchange.next("INVITE"))
        if (each->to == second) out = std::move(each);
    ASSERT_TRUE(out);
    exchange.hand_in(answer(*out, 200), second);
    EXPECT_TRUE(heard(200));
    // It wakes up: somebody has answered there, whom nobody hears.
    exchange.hand_in(answer(*lost, 180), first);
    EXPECT_EQ(sent_to("CANCEL"), first);
    exchange.hand_in(answer(*lost, 200, {.tag = "late"}), first);
    EXPECT_EQ(sent_to("ACK"), first);
    const auto bye = exchange.next("BYE");
    ASSERT_TRUE(bye);
    EXPECT_EQ(bye->to, first);
    EXPECT_FALSE(heard(200));
    // And the next call does not wait for it.
    exchange.hand_in(answer(*exchange.next("OPTIONS"), 200), second);
}

TEST_F(B2buaTest, WithNoGatewayLeftTheCallIsRefused) {
    start();
    dial();
    exchange.run(9s);
    EXPECT_TRUE(heard(500));
    EXPECT_EQ(exchange.b2bua.size(), 0u);
    EXPECT_FALSE(exchange.log.lines().empty());
}

TEST_F(B2buaTest, WhoHangsUpBeforeTheAnswerCancels) {
    start();
    dial();
    const auto out = exchange.next("INVITE");
    exchange.hand_in(answer(*out, 180), first);
    EXPECT_TRUE(heard(180));
    const auto branch = "z9hG4bKp" + std::to_string(invite_cseq);
    auto cancel = request("CANCEL");
    std::string text(cancel.bytes());
    for (const auto& [from, to] :
         {std::pair("z9hG4bKp" + std::to_string(cseq), branch),
          std::pair(std::to_string(cseq) + " CANCEL", std::to_string(invite_cseq) + " CANCEL")})
        text.replace(text.find(from), from.size(), to);
    exchange.hand_in(kit::parse(std::move(text)), phone);
    EXPECT_TRUE(heard(200));
    const auto there = exchange.next("CANCEL");
    ASSERT_TRUE(there);
    exchange.hand_in(answer(*there, 200), first);
    exchange.hand_in(answer(*out, 487), first);
    EXPECT_TRUE(heard(487));
    EXPECT_FALSE(exchange.next("INVITE")) << "the next gateway is not tried";
    expect_rest();
}

TEST_F(B2buaTest, BothSidesEndOrNeither) {
    connect();
    exchange.hand_in(back("UPDATE", *invite, 7), first);
    exchange.hand_in(answer(*exchange.next("UPDATE"), 481), phone);
    EXPECT_EQ(sent_to("481"), first);
    auto bye = exchange.next("BYE");
    ASSERT_TRUE(bye);
    auto other = exchange.next("BYE");
    ASSERT_TRUE(other);
    EXPECT_NE(bye->to, other->to);
    exchange.run(64s); // Nobody answers these either.
    EXPECT_EQ(exchange.b2bua.size(), 0u);
    exchange.hand_in(back("UPDATE", *invite, 8), first);
    EXPECT_EQ(sent_to("481"), first);
}

TEST_F(B2buaTest, NoCallLastsForEver) {
    connect();
    exchange.run(12h + 1min);
    EXPECT_EQ(exchange.b2bua.size(), 0u);
}

TEST_F(B2buaTest, ASideThatMayNotSendsNobodyElsewhere) {
    connect();
    exchange.hand_in(back("REFER", *invite, 7, "Refer-To: <sip:900@premium.test>\n"), first);
    EXPECT_EQ(sent_to("403"), first);
    EXPECT_FALSE(exchange.next("REFER"));
}

TEST_F(B2buaTest, AFullTrunkTakesNoMore) {
    provider.calls_max = 1;
    connect();
    dial();
    EXPECT_TRUE(heard(500));
    EXPECT_EQ(exchange.b2bua.size(), 1u);
}

// ── Who calls ────────────────────────────────────────────────────────────────────────────────────

TEST_F(B2buaTest, AMemberShowsHisOwnNumber) {
    exchange.numbers["alice"] = "+498912345";
    provider.trusted = true;
    start();
    dial();
    const auto out = exchange.next("INVITE")->message;
    EXPECT_TRUE(out.header(Header::from)->starts_with("\"Alice\" <sip:+498912345@192.0.2.1>"));
    EXPECT_EQ(out.header("P-Asserted-Identity"), "\"Alice\" <sip:+498912345@192.0.2.1>");
    EXPECT_FALSE(out.header("Privacy"));
}

TEST_F(B2buaTest, WhoHidesIsHiddenAndTheTrunkKnows) {
    exchange.numbers["alice"] = "+498912345";
    provider.trusted = true;
    start();
    dial("Privacy: id\n");
    const auto out = exchange.next("INVITE")->message;
    EXPECT_TRUE(
        out.header(Header::from)->starts_with("\"Anonymous\" <sip:anonymous@anonymous.invalid>"));
    EXPECT_EQ(out.header("Privacy"), "id");
    EXPECT_EQ(out.header("P-Asserted-Identity"), "\"Alice\" <sip:+498912345@192.0.2.1>");
}

TEST_F(B2buaTest, NobodyVouchesForAStranger) {
    exchange.routes.back().for_members = false;
    provider.trusted = true;
    start();
    exchange.hand_in(
        request("INVITE", "P-Asserted-Identity: <sip:+491@far.test>\n", {}, "+491@far.test"),
        phone);
    const auto out = exchange.next("INVITE");
    ASSERT_TRUE(out);
    EXPECT_TRUE(out->message.header(Header::from)->starts_with("<sip:+4989100@192.0.2.1>"));
    EXPECT_EQ(out->message.bytes().find("+491"), std::string::npos);
}

} // namespace
} // namespace lyceum::b2bua
