// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/transfers.hpp"

namespace lyceum::b2bua {
namespace {

class TransferTest : public kit::Transfers {};

TEST_F(TransferTest, TheTelephoneTalksToBobAndAliceIsFree) {
    talk();
    // She has it on hold, as one does.
    exchange.hand_in(inside("INVITE", *ok, "Content-Type: application/sdp\n",
                            description("alice", 2, "a=sendonly\r\n")),
                     phone);
    exchange.hand_in(answer(*exchange.next("INVITE"), 200, sdp("gateway", 8, "a=recvonly\r\n")),
                     first);
    ASSERT_TRUE(heard(200));
    exchange.hand_in(inside("ACK", *ok, {}, {}, cseq), phone);
    ASSERT_TRUE(exchange.next("ACK"));

    refer("Referred-By: <sip:alice@school.test>\n");
    EXPECT_TRUE(heard(202));
    EXPECT_EQ(told(), "SIP/2.0 100 Trying");
    ASSERT_TRUE(onward);
    EXPECT_EQ(onward->to, desk);
    EXPECT_EQ(onward->message.body(), description("gateway", 8)) << "and nobody is on hold";
    EXPECT_EQ(onward->message.header(Header::referred_by), "<sip:alice@school.test>");
    EXPECT_TRUE(onward->message.header(Header::from)->starts_with("<sip:+4930123@school.test>"));
    EXPECT_FALSE(onward->message.header("P-Served-User"));
    exchange.hand_in(bobs(180), desk);
    EXPECT_EQ(told(), "SIP/2.0 180 Ringing");
    EXPECT_TRUE(state.starts_with("active"));
    bob_answers();
    EXPECT_EQ(asked->message.body(), description("alice", 3)) << "Bob's, as if she had said it";
    exchange.hand_in(answer(*asked, 200, sdp("gateway", 9)), first);
    EXPECT_EQ(exchange.next("ACK")->message.header(Header::cseq), "3 ACK");
    EXPECT_EQ(told(), "SIP/2.0 200 OK");
    EXPECT_TRUE(state.starts_with("terminated"));
    const auto bye = exchange.next("BYE");
    ASSERT_TRUE(bye);
    EXPECT_EQ(bye->to, phone);
    exchange.hand_in(answer(*bye, 200), phone);
    EXPECT_EQ(exchange.b2bua.size(), 1u);

    // From here on it is Bob's call: what the gateway asks is asked of him, until it hangs up.
    exchange.hand_in(
        back("UPDATE", *invite, 20, "Content-Type: application/sdp\n", description("gateway", 10)),
        first);
    const auto update = exchange.next("UPDATE");
    ASSERT_TRUE(update);
    EXPECT_EQ(update->to, desk);
    exchange.hand_in(answer(*update, 200, sdp("bob", 41)), desk);
    const auto said = exchange.next("200");
    ASSERT_TRUE(said);
    EXPECT_EQ(said->message.body(), description("alice", 4));
    expect_end_by_the_gateway();
}

TEST_F(TransferTest, ThatHerPhoneHasDiedIsNoMatterForTheTwoOthers) {
    talk();
    refer(); // She does not even answer the NOTIFYs.
    bob_answers();
    exchange.hand_in(answer(*asked, 200, sdp("gateway", 9)), first);
    exchange.run(40s);
    EXPECT_EQ(exchange.b2bua.size(), 1u);
    exchange.hand_in(back("BYE", *invite, 21), first);
    EXPECT_EQ(sent_to("BYE"), phone) << "the one that she did not answer";
    std::optional<Sent> last;
    while (auto each = exchange.next("BYE"))
        if (each->to == desk) last = std::move(each);
    ASSERT_TRUE(last);
    exchange.hand_in(answer(*last, 200), desk);
    expect_rest();
}

TEST_F(TransferTest, BusyBobLeavesHerTheCall) {
    talk();
    refer();
    EXPECT_EQ(told(), "SIP/2.0 100 Trying");
    exchange.hand_in(bobs(486), desk);
    EXPECT_EQ(told(), "SIP/2.0 486 Busy Here");
    EXPECT_TRUE(state.starts_with("terminated"));
    EXPECT_FALSE(exchange.next("BYE"));
    refer(); // And she may try again.
    EXPECT_TRUE(onward);
}

TEST_F(TransferTest, WhoHangsUpAtOnceHasPassedItOnAllTheSame) {
    talk();
    refer();
    told();
    exchange.hand_in(inside("BYE", *ok), phone);
    EXPECT_TRUE(heard(200));
    EXPECT_FALSE(exchange.next("BYE")) << "the telephone waits";
    exchange.hand_in(back("INFO", *invite, 20), first);
    EXPECT_EQ(sent_to("491"), first) << "nobody is there to be asked";
    bob_answers();
    exchange.hand_in(answer(*asked, 200, sdp("gateway", 9)), first);
    EXPECT_FALSE(exchange.next("NOTIFY"));
    EXPECT_FALSE(exchange.next("BYE"));
    EXPECT_EQ(exchange.b2bua.size(), 1u);
}

TEST_F(TransferTest, AndIfBobIsBusyItIsOver) {
    talk();
    refer();
    told();
    exchange.hand_in(inside("BYE", *ok), phone);
    exchange.hand_in(bobs(486), desk);
    const auto bye = exchange.next("BYE");
    ASSERT_TRUE(bye);
    EXPECT_EQ(bye->to, first);
    exchange.hand_in(answer(*bye, 200), first);
    expect_rest();
}

TEST_F(TransferTest, WhenTheTelephoneHangsUpNobodyRingsAnyMore) {
    talk();
    refer();
    told();
    exchange.hand_in(bobs(180), desk);
    told();
    exchange.hand_in(back("BYE", *invite, 20), first);
    EXPECT_EQ(sent_to("BYE"), phone);
    EXPECT_EQ(sent_to("CANCEL"), desk);
    exchange.hand_in(bobs(200, sdp("bob", 40, {}, "b")), desk); // Just then.
    EXPECT_EQ(sent_to("ACK"), desk);
    const auto bye = exchange.next("BYE");
    ASSERT_TRUE(bye);
    EXPECT_EQ(bye->to, desk);
    exchange.hand_in(answer(*bye, 200), desk);
    expect_rest();
}

TEST_F(TransferTest, AGatewayThatDoesNotWantToLeavesThingsAsTheyWere) {
    talk();
    refer();
    told();
    bob_answers();
    exchange.hand_in(answer(*asked, 488), first);
    EXPECT_EQ(told(), "SIP/2.0 488 Not Acceptable Here");
    EXPECT_EQ(sent_to("BYE"), desk);
    EXPECT_EQ(exchange.b2bua.size(), 1u);
}

TEST_F(TransferTest, AnAttendedOneReplacesTheCallThatSheHasWithBob) {
    talk();
    refer({}, "sip:bob@192.0.2.20:5060?Replaces=c9%40h%3Bto-tag%3Db9%3Bfrom-tag%3Da9");
    ASSERT_TRUE(onward);
    EXPECT_EQ(onward->to, desk);
    EXPECT_EQ(onward->message.request_uri(), "sip:bob@192.0.2.20:5060");
    EXPECT_EQ(onward->message.header(Header::replaces), "c9@h;to-tag=b9;from-tag=a9");
    EXPECT_EQ(onward->message.header(Header::require), "replaces");
}

TEST_F(TransferTest, WhoWantsToHearNothingHearsNothing) {
    talk();
    refer("Refer-Sub: false\n");
    EXPECT_EQ(heard(202)->header("Refer-Sub"), "false");
    EXPECT_FALSE(exchange.next("NOTIFY"));
    bob_answers();
    exchange.hand_in(answer(*asked, 200, sdp("gateway", 9)), first);
    EXPECT_FALSE(exchange.next("NOTIFY"));
    EXPECT_EQ(sent_to("BYE"), phone);
}

/// Alice has a browser, Bob a desk phone: the gateway notices nothing but a re-INVITE.
TEST_F(TransferTest, WhoseMediaGoesByUsIsPassedOnWithIt) {
    talk_by_relay();
    refer();
    ASSERT_TRUE(onward);
    EXPECT_NE(onward->message.body().find("c=IN IP4 192.0.2.1\r\n"), std::string::npos);
    const auto bobs_own = without_video(1, "192.0.2.20");
    exchange.hand_in(bobs(200, {"Content-Type: application/sdp", bobs_own, "b"}), desk);
    asked = exchange.next("INVITE");
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->to, first);
    EXPECT_EQ(medium(asked->message), medium(invite->message));
    exchange.hand_in(answer(*asked, 200, plain(2)), first);
    const auto& side = exchange.relays.side(rtp::Relay::first);
    EXPECT_EQ(side.settings.rtp, kit::address("192.0.2.20", 6000));
    EXPECT_FALSE(side.dtls);
    EXPECT_EQ(sent_to("BYE"), phone);
    exchange.hand_in(answer(*exchange.next("NOTIFY"), 200), phone);
    expect_end_by_the_gateway();
    EXPECT_TRUE(exchange.relays.running.empty());
}

/// She talks to Carol, too, who has a browser, and connects the two: Carol's browser knows the call
/// that is replaced by the names that it has on her side.
TEST_F(TransferTest, AnAttendedOneReplacesACallThatCrossesUs) {
    const sip::Endpoint browser{sip::Transport::wss, kit::address("192.0.2.30", 40'000),
                                sip::FlowId{7}};
    exchange.bind("carol", "sip:x@browser.invalid;transport=ws", 1000, browser);
    auto browsers_own = kit::browser_offer();
    browsers_own.resize(browsers_own.find("m=video"));
    const auto from_alice = [&](const std::string& method, int number, const std::string& more,
                                const std::string& body) {
        return kit::message(method +
                                " sip:carol@school.test SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9:5060;"
                                "branch=z9hG4bKc" +
                                std::to_string(number) +
                                "\nMax-Forwards: 70\nFrom: <sip:alice@school.test>;tag=p9\n"
                                "To: <sip:carol@school.test>\nCall-ID: c9\nCSeq: " +
                                std::to_string(number) + " " + method +
                                "\nContact: <sip:alice@192.0.2.9:5060>\n"
                                "Content-Type: application/sdp\n" +
                                more,
                            body);
    };
    talk();
    const auto hers = kit::plain_description({}, 1, "192.0.2.9");
    exchange.hand_in(from_alice("INVITE", 1, {}, hers), phone);
    const auto challenge = heard(407);
    ASSERT_TRUE(challenge);
    const auto credentials = sip::answer_challenge(*challenge, {"alice", "secret"}, "INVITE",
                                                   "sip:carol@school.test", "cn");
    exchange.hand_in(
        from_alice("INVITE", 2, "Proxy-Authorization: " + credentials->value + "\n", hers), phone);
    const auto consulted = exchange.next("INVITE");
    ASSERT_TRUE(consulted);
    EXPECT_EQ(consulted->to, browser);
    exchange.hand_in(
        answer(*consulted, 200, {"Content-Type: application/sdp", browsers_own, "carols"}),
        browser);
    const auto success = heard(200);
    ASSERT_TRUE(success);
    refer({}, "sip:carol@school.test?Replaces=c9%3Bto-tag%3D" +
                  std::string(sip::tag_of(*success, Header::to)) + "%3Bfrom-tag%3Dp9");
    ASSERT_TRUE(onward);
    EXPECT_EQ(onward->to, browser);
    EXPECT_EQ(onward->message.header(Header::replaces),
              std::string(*consulted->message.header(Header::call_id)) +
                  ";to-tag=carols;from-tag=" +
                  std::string(sip::tag_of(consulted->message, Header::from)));
}

TEST_F(TransferTest, NonsenseIsRefused) {
    talk();
    struct Row {
        const char* refer_to;
        int status;
    };
    for (const auto& row : {Row{"<mailto:bob@school.test>", 416}, Row{"<sip:", 400},
                            Row{"<sip:bob@school.test;method=BYE>", 403}}) {
        exchange.hand_in(inside("REFER", *ok, std::string("Refer-To: ") + row.refer_to + "\n"),
                         phone);
        EXPECT_TRUE(heard(row.status)) << row.refer_to;
    }
    refer();
    EXPECT_TRUE(heard(202));
    exchange.hand_in(inside("REFER", *ok, "Refer-To: <sip:carol@school.test>\n"), phone);
    EXPECT_TRUE(heard(491)) << "one after the other";
}

TEST_F(TransferTest, NobodyIsPassedOnAtOurExpense) {
    talk();
    refer({}, "sip:+1900@school.test");
    EXPECT_FALSE(onward);
    EXPECT_EQ(told(), "SIP/2.0 100 Trying");
    EXPECT_EQ(told(), "SIP/2.0 404 Not Found");
}

} // namespace
} // namespace lyceum::b2bua
