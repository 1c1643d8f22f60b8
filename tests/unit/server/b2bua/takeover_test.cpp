// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/transfers.hpp"

namespace lyceum::b2bua {
namespace {

class TakeoverTest : public kit::Takeovers {};

TEST_F(TakeoverTest, BobHasTheCallThatAliceHad) {
    talk();
    EXPECT_EQ(fetch(hers()), 0);
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->to, first);
    EXPECT_EQ(asked->message.body(), description("alice", 2)) << "Bob's, as if she had said it";
    exchange.hand_in(answer(*asked, 200, sdp("gateway", 8)), first);
    EXPECT_EQ(sent_to("ACK"), first);
    auto success = exchange.next("200");
    ASSERT_TRUE(success);
    EXPECT_EQ(success->to, desk);
    EXPECT_EQ(success->message.body(), description("gateway", 8));
    const auto bye = exchange.next("BYE");
    ASSERT_TRUE(bye);
    EXPECT_EQ(bye->to, phone);
    exchange.hand_in(answer(*bye, 200), phone);
    const auto tag_of_success = std::string(sip::tag_of(success->message, Header::to));
    const auto invited = count;
    EXPECT_EQ(fetch("c2;to-tag=" + tag_of_success + ";from-tag=bb"), 491)
        << "not before he is there";
    exchange.sent.clear();
    count = invited;
    exchange.run(600ms);
    success = exchange.next("200");
    ASSERT_TRUE(success) << "until its ACK comes";
    const auto contact = sip::NameAddr::parse(*success->message.header(Header::contact));
    const auto tag = ";tag=" + std::string(sip::tag_of(success->message, Header::to));
    exchange.hand_in(
        bob_says("ACK", count, routes_of(success->message), std::string(contact->uri_text), tag),
        desk);
    exchange.run(10s);
    EXPECT_FALSE(exchange.next("200"));
    EXPECT_EQ(exchange.b2bua.size(), 1u);
    expect_end_by_the_gateway();
}

TEST_F(TakeoverTest, AGatewayThatDoesNotWantToLeavesHerTheCall) {
    talk();
    EXPECT_EQ(fetch(hers()), 0);
    ASSERT_TRUE(asked);
    exchange.hand_in(answer(*asked, 488), first);
    exchange.next("ACK");
    EXPECT_TRUE(exchange.next("488"));
    EXPECT_FALSE(exchange.next("BYE"));
    exchange.hand_in(inside("BYE", *ok), phone);
    const auto bye = exchange.next("BYE");
    ASSERT_TRUE(bye);
    exchange.hand_in(answer(*bye, 200), first);
    expect_rest();
}

TEST_F(TakeoverTest, WithoutAnyAckItIsOver) {
    talk();
    EXPECT_EQ(fetch(hers()), 0);
    exchange.hand_in(answer(*asked, 200, sdp("gateway", 8)), first);
    const auto bye = exchange.next("BYE");
    ASSERT_TRUE(bye);
    exchange.hand_in(answer(*bye, 200), phone);
    exchange.sent.clear();
    exchange.run(40s);
    int byes = 0;
    while (const auto each = exchange.next("BYE")) {
        if (++byes > 2) continue; // Sent again until they are answered.
        exchange.hand_in(answer(*each, 200), each->to);
    }
    EXPECT_GE(byes, 2) << "to both";
    EXPECT_EQ(exchange.b2bua.size(), 0u);
}

TEST_F(TakeoverTest, WhatIsNotTheirsIsNotTaken) {
    talk();
    EXPECT_EQ(fetch("c1;to-tag=wrong;from-tag=p"), 481);
    exchange.sent.clear();
    EXPECT_EQ(fetch(hers() + ";early-only"), 486);
    exchange.sent.clear();
    const auto number_of_gateway =
        std::string(*invite->message.header(Header::call_id)) +
        ";to-tag=" + std::string(sip::tag_of(invite->message, Header::from)) + ";from-tag=g";
    EXPECT_EQ(fetch(number_of_gateway), 481);
    EXPECT_FALSE(asked);
    exchange.sent.clear();
    EXPECT_EQ(fetch(hers()), 0);
    exchange.sent.clear();
    EXPECT_EQ(fetch(hers()), 491) << "one after the other";
}

/// Alice has a browser, and Bob a desk phone: what each is told of media is about our relay, and
/// the gateway notices nothing but a new description.
TEST_F(TakeoverTest, WhoseMediaGoesByUsIsTakenOverWithIt) {
    talk_by_relay();
    bobs_offer = without_video(1, "192.0.2.20");
    EXPECT_EQ(fetch(hers()), 0);
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->to, first);
    EXPECT_EQ(medium(asked->message), medium(invite->message));
    EXPECT_NE(asked->message.body().find("c=IN IP4 192.0.2.1\r\n"), std::string::npos);
    exchange.hand_in(answer(*asked, 200, plain(2)), first);
    const auto success = exchange.next("200");
    ASSERT_TRUE(success);
    EXPECT_EQ(success->to, desk);
    EXPECT_NE(success->message.body().find("c=IN IP4 192.0.2.1\r\n"), std::string::npos);
    EXPECT_NE(success->message.body().find(" RTP/AVP 0"), std::string::npos);
    EXPECT_EQ(success->message.body().find("fingerprint"), std::string::npos);
    const auto& side = exchange.relays.side(rtp::Relay::first);
    EXPECT_EQ(side.settings.rtp, kit::address("192.0.2.20", 6000));
    EXPECT_FALSE(side.dtls);
    const auto bye = exchange.next("BYE");
    ASSERT_TRUE(bye);
    EXPECT_EQ(bye->to, phone);
    exchange.hand_in(answer(*bye, 200), phone);
    const auto contact = sip::NameAddr::parse(*success->message.header(Header::contact));
    exchange.hand_in(bob_says("ACK", count, routes_of(success->message),
                              std::string(contact->uri_text),
                              ";tag=" + std::string(sip::tag_of(success->message, Header::to))),
                     desk);
    expect_end_by_the_gateway();
    EXPECT_TRUE(exchange.relays.running.empty());
}

/// Alice talks to a telephone, and Bob joins them (RFC 3911).
class JoinTest : public TakeoverTest {
protected:
    int join(const std::string& dialog) {
        return call_about("Join: " + dialog + "\nRequire: join\n");
    }
    /// The room answers who has come last, if he has said this of his media.
    sip::SessionId room_answers(const std::string& uri, const std::string& offer, int version) {
        if (exchange.taken.empty()) return {};
        const auto call = std::move(exchange.taken.front());
        exchange.taken.erase(exchange.taken.begin());
        EXPECT_EQ(call.invite.request_uri(), uri);
        EXPECT_EQ(call.invite.body(), offer);
        exchange.agent.set_contact_user(call.session, "adhoc-1");
        exchange.agent.accept(call.session, description("room", version), exchange.now);
        exchange.turn();
        return call.session;
    }
    /// The end is asked to talk to the room, as if its peer had said so, and agrees.
    void agrees(const sip::Endpoint& who, const std::string& asked_as, const kit::Say& with) {
        const auto reinvite = exchange.next("INVITE");
        ASSERT_TRUE(reinvite);
        EXPECT_EQ(reinvite->to, who);
        EXPECT_EQ(reinvite->message.body(), asked_as);
        exchange.hand_in(answer(*reinvite, 200, with), who);
        EXPECT_EQ(sent_to("ACK"), who);
    }
    void bob_is_in_the_room() {
        talk();
        ASSERT_EQ(join(hers()), 0);
        ASSERT_TRUE(room_answers("sip:conference@school.test", description("bob", 1), 1));
        const auto success = exchange.next("200");
        ASSERT_TRUE(success);
        EXPECT_EQ(success->to, desk);
        EXPECT_EQ(success->message.body(), description("room", 1));
    }
    const std::string adhoc = "sip:adhoc-1@192.0.2.1:5060;transport=tcp";
};

TEST_F(JoinTest, ACallOfTwoBecomesAConferenceAndNobodyIsDropped) {
    bob_is_in_the_room();
    const auto hers_in_room = room_answers(adhoc, description("alice", 1), 2);
    ASSERT_TRUE(hers_in_room);
    agrees(phone, description("gateway", 8), sdp("alice", 2, {}, "p"));
    const auto its_in_room = room_answers(adhoc, description("gateway", 7), 3);
    ASSERT_TRUE(its_in_room);
    agrees(first, description("alice", 3), sdp("gateway", 8));
    EXPECT_FALSE(exchange.next("BYE"));
    EXPECT_EQ(exchange.b2bua.size(), 2u) << "the call that was, and Bob's";
    EXPECT_EQ(exchange.agent.session_count(), 3u) << "in the room";

    // Each is in the room by himself: Alice goes, and the others stay.
    exchange.hand_in(inside("BYE", *ok), phone);
    EXPECT_FALSE(exchange.next("BYE"));
    EXPECT_EQ(exchange.agent.session_count(), 2u);
    exchange.hand_in(back("BYE", *invite, 21), first);
    EXPECT_EQ(exchange.agent.session_count(), 1u);
    EXPECT_EQ(exchange.b2bua.size(), 1u);
}

/// She has a browser. She goes on by the relay, which leads to the room now; the gateway goes there
/// straight.
class RelayedJoinTest : public JoinTest {
protected:
    /// What the room is offered for who has come last; it answers as a telephone would.
    std::string room_is_offered(int version) {
        if (exchange.taken.empty()) return {};
        const auto call = std::move(exchange.taken.front());
        exchange.taken.erase(exchange.taken.begin());
        exchange.agent.set_contact_user(call.session, "adhoc-1");
        auto answer = kit::plain_description({}, version, "192.0.2.1");
        if (call.invite.body().find("m=video") != std::string_view::npos)
            answer += "m=video 0 RTP/AVP 96\r\n";
        exchange.agent.accept(call.session, answer, exchange.now);
        exchange.turn();
        return std::string(call.invite.body());
    }
    void she_is_in_the_room() {
        talk_by_relay();
        ASSERT_EQ(join(hers()), 0);
        EXPECT_EQ(room_is_offered(1), description("bob", 1));
        EXPECT_EQ(sent_to("200"), desk);
        const auto offer = room_is_offered(2);
        EXPECT_NE(offer.find(" RTP/AVP "), std::string::npos) << offer;
        EXPECT_NE(offer.find("c=IN IP4 192.0.2.1\r\n"), std::string::npos) << "by us";
        const auto reinvite = exchange.next("INVITE");
        ASSERT_TRUE(reinvite);
        EXPECT_EQ(reinvite->to, phone);
        EXPECT_NE(reinvite->message.body().find("UDP/TLS/RTP/SAVPF"), std::string::npos);
        EXPECT_EQ(medium(reinvite->message), medium(*ok)) << "the same way as before";
        exchange.hand_in(answer(*reinvite, 200, browser_says()), phone);
        ASSERT_EQ(sent_to("ACK"), phone);
        EXPECT_EQ(room_is_offered(3), without_video()) << "what the gateway has said itself";
        asked = exchange.next("INVITE");
        ASSERT_TRUE(asked);
        EXPECT_EQ(asked->to, first);
    }
    static kit::Say browser_says() {
        auto body = kit::browser_offer();
        for (auto at = body.find("actpass"); at != std::string::npos; at = body.find("actpass"))
            body.replace(at, 7, "active");
        return {"Content-Type: application/sdp", body, "p"};
    }
};

TEST_F(RelayedJoinTest, WhoHasABrowserIsInTheRoomByTheRelay) {
    she_is_in_the_room();
    EXPECT_NE(asked->message.body().find("m=audio 6000 "), std::string::npos) << "the room's own";
    const auto known = Origin::in(invite->message.body()),
               further = Origin::in(asked->message.body());
    EXPECT_EQ(known->head, further->head) << "for the gateway it is who it was";
    EXPECT_EQ(known->version + 1, further->version);
    exchange.hand_in(answer(*asked, 200, plain(2)), first);
    EXPECT_EQ(sent_to("ACK"), first);
    EXPECT_FALSE(exchange.next("BYE"));
    EXPECT_EQ(exchange.agent.session_count(), 3u);
    EXPECT_EQ(exchange.relays.side(rtp::Relay::second).settings.rtp,
              kit::address("192.0.2.1", 6000));

    // When her browser is gone, only she is.
    exchange.b2bua.handle_media_lost(exchange.relays.running.begin()->first, exchange.now);
    exchange.turn();
    const auto bye = exchange.next("BYE");
    ASSERT_TRUE(bye);
    EXPECT_EQ(bye->to, phone);
    exchange.hand_in(answer(*bye, 200), phone);
    EXPECT_FALSE(exchange.next("BYE"));
    EXPECT_EQ(exchange.agent.session_count(), 2u);
    EXPECT_TRUE(exchange.relays.running.empty());
    exchange.hand_in(back("BYE", *invite, 21), first);
    EXPECT_EQ(exchange.agent.session_count(), 1u);
}

TEST_F(RelayedJoinTest, WhenTheGatewayDoesNotWantToAllIsAsItWas) {
    she_is_in_the_room();
    exchange.hand_in(answer(*asked, 488), first);
    EXPECT_EQ(sent_to("ACK"), first);
    const auto reinvite = exchange.next("INVITE");
    ASSERT_TRUE(reinvite);
    EXPECT_EQ(reinvite->to, phone);
    EXPECT_EQ(medium(reinvite->message), medium(*ok));
    exchange.hand_in(answer(*reinvite, 200, browser_says()), phone);
    EXPECT_EQ(sent_to("ACK"), phone);
    EXPECT_EQ(exchange.relays.side(rtp::Relay::second).settings.rtp,
              kit::address("198.51.100.7", 6000));
    EXPECT_EQ(exchange.agent.session_count(), 1u) << "Bob waits alone";
    exchange.hand_in(inside("BYE", *ok), phone);
    EXPECT_EQ(sent_to("BYE"), first);
    EXPECT_TRUE(exchange.relays.running.empty());
}

TEST_F(RelayedJoinTest, WhoAsksMeanwhileAsksAgain) {
    she_is_in_the_room();
    exchange.hand_in(
        back("INVITE", *invite, 21, "Content-Type: application/sdp\n", without_video(2)), first);
    EXPECT_EQ(sent_to("491"), first);
    exchange.hand_in(back("BYE", *invite, 22), first);
    EXPECT_EQ(sent_to("BYE"), phone);
    EXPECT_TRUE(exchange.relays.running.empty());
}

TEST_F(JoinTest, WhatOneDoesNotWantLeavesThemAsTheyWere) {
    bob_is_in_the_room();
    ASSERT_TRUE(room_answers(adhoc, description("alice", 1), 2));
    agrees(phone, description("gateway", 8), sdp("alice", 2, {}, "p"));
    ASSERT_TRUE(room_answers(adhoc, description("gateway", 7), 3));
    const auto reinvite = exchange.next("INVITE");
    ASSERT_TRUE(reinvite);
    exchange.hand_in(answer(*reinvite, 488), first);
    EXPECT_EQ(sent_to("ACK"), first);
    // She is asked to talk to the gateway again.
    agrees(phone, description("gateway", 9), sdp("alice", 3, {}, "p"));
    EXPECT_EQ(exchange.agent.session_count(), 1u) << "Bob waits alone";
    exchange.hand_in(inside("BYE", *ok), phone);
    const auto bye = exchange.next("BYE");
    ASSERT_TRUE(bye);
    EXPECT_EQ(bye->to, first);
}

TEST_F(JoinTest, WhoHangsUpMeanwhileEndsIt) {
    bob_is_in_the_room();
    ASSERT_TRUE(room_answers(adhoc, description("alice", 1), 2));
    exchange.hand_in(back("BYE", *invite, 21), first);
    const auto bye = exchange.next("BYE");
    ASSERT_TRUE(bye);
    EXPECT_EQ(bye->to, phone);
    exchange.hand_in(answer(*bye, 200), phone);
    EXPECT_EQ(exchange.agent.session_count(), 1u);
    EXPECT_EQ(exchange.b2bua.size(), 1u);
}

TEST_F(JoinTest, WhoComesTooLateIsInTheRoomAlone) {
    talk();
    ASSERT_EQ(join(hers()), 0);
    exchange.hand_in(back("BYE", *invite, 21), first);
    exchange.hand_in(answer(*exchange.next("BYE"), 200), phone);
    ASSERT_TRUE(room_answers("sip:conference@school.test", description("bob", 1), 1));
    EXPECT_TRUE(exchange.next("200"));
    EXPECT_TRUE(exchange.taken.empty()) << "there is nobody to be brought";
    EXPECT_EQ(exchange.b2bua.size(), 1u);
}

TEST_F(JoinTest, WhatIsNotTheirsIsNotJoined) {
    talk();
    EXPECT_EQ(join("c1;to-tag=wrong;from-tag=p"), 481);
    exchange.sent.clear();
    EXPECT_EQ(join("nonsense"), 400);
    EXPECT_TRUE(exchange.taken.empty());
}

} // namespace
} // namespace lyceum::b2bua
