// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/relays.hpp"
#include "tests/kit/trunk_calls.hpp"

namespace lyceum::b2bua {
namespace {

class InwardTest : public kit::TrunkCalls {
protected:
    /// What the focus says of a room that is not there.
    void no_such_room() {
        ASSERT_EQ(exchange.taken.size(), 1u);
        exchange.agent.reject(exchange.taken.front().session, 404, {}, exchange.now);
        exchange.taken.clear();
        exchange.turn();
    }
    sip::Message inward(const std::string& uri, const std::string& more = {},
                        const std::string& to = {}) {
        const auto number = std::to_string(++cseq);
        return kit::message("INVITE " + uri +
                                " SIP/2.0\nVia: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKin" +
                                number +
                                "\nMax-Forwards: 50\nFrom: \"Mum\" <sip:+46701@isp.test>;tag=g\n"
                                "To: <" +
                                (to.empty() ? uri : to) + ">\nCall-ID: in" + number +
                                "\nCSeq: 3 INVITE\n"
                                "Contact: <sip:mum@198.51.100.7>\nContent-Type: application/sdp\n" +
                                more,
                            kit::phone_sdp());
    }
    sip::Message after(const std::string& method, const sip::Message& answer,
                       const std::string& more = {}, const std::string& body = {}) {
        const auto contact = sip::NameAddr::parse(*answer.header(Header::contact));
        const auto number = method == "ACK" ? "3" : "4";
        return kit::message(
            method + " " + std::string(contact->uri_text) +
                " SIP/2.0\nVia: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKaf" + method +
                "\nMax-Forwards: 50\nFrom: " + std::string(*answer.header(Header::from)) +
                "\nTo: " + std::string(*answer.header(Header::to)) + "\nCall-ID: " +
                std::string(*answer.header(Header::call_id)) + "\nCSeq: " + number + " " + method +
                "\n" + more + (body.empty() ? "" : "Content-Type: application/sdp\n"),
            body);
    }
};

TEST_F(InwardTest, ANumberRingsTheMemberWhoseItIs) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    exchange.aliases["+498912345"] = "bob";
    start();
    exchange.hand_in(inward("sip:+498912345@192.0.2.1"), first);
    const auto rings = exchange.next("INVITE");
    ASSERT_TRUE(rings);
    EXPECT_EQ(rings->to, desk);
    EXPECT_TRUE(
        rings->message.header(Header::from)->starts_with("\"Mum\" <sip:+46701@school.test>"));
    EXPECT_EQ(rings->message.header(Header::contact), "<sip:+46701@school.test>");
    EXPECT_EQ(rings->message.body(), kit::phone_sdp());
    EXPECT_EQ(rings->message.bytes().find("198.51.100.7"), std::string::npos);
    exchange.hand_in(answer(*rings, 180, {.tag = "b"}), desk);
    EXPECT_EQ(sent_to("180"), first);
    auto writer = sip::MessageWriter::reply(rings->message, 200, {}, "b");
    writer.copy(rings->message, Header::record_route);
    writer.header(Header::contact, "<sip:bob@192.0.2.20:5060>");
    exchange.hand_in(writer.finish("application/sdp", "bob's"), desk);
    const auto connected = exchange.next("200");
    ASSERT_TRUE(connected);
    EXPECT_EQ(connected->to, first);
    EXPECT_EQ(connected->message.body(), "bob's");
    EXPECT_EQ(connected->message.header(Header::contact), "<sip:+498912345@192.0.2.1:5060>");
    EXPECT_FALSE(connected->message.has(Header::record_route));
    exchange.hand_in(after("ACK", connected->message), first);
    EXPECT_EQ(sent_to("ACK"), desk);

    // Bob hangs up, by the route set that our proxy has given him.
    std::string routes;
    for (const auto each : rings->message.values(Header::record_route))
        routes.append("Route: ").append(each).append("\n");
    exchange.hand_in(
        kit::message("BYE sip:+46701@school.test SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.20:5060;branch="
                     "z9hG4bKbob\nMax-Forwards: 70\nFrom: " +
                     std::string(*rings->message.header(Header::to)) +
                     ";tag=b\nTo: " + std::string(*rings->message.header(Header::from)) +
                     "\nCall-ID: " + std::string(*rings->message.header(Header::call_id)) +
                     "\nCSeq: 1 BYE\n" + routes),
        desk);
    const auto bye = exchange.next("BYE");
    ASSERT_TRUE(bye);
    EXPECT_EQ(bye->to, first);
    exchange.hand_in(answer(*bye, 200), first);
    expect_rest();
}

TEST_F(InwardTest, ANumberOfNobodyGoesWhereTheTrunkSays) {
    exchange.bind("carol", "sip:carol@192.0.2.20:5060");
    provider.inbound = "carol";
    start();
    exchange.routes.clear();
    exchange.hand_in(inward("sip:+4989999@192.0.2.1"), first);
    no_such_room();
    const auto rings = exchange.next("INVITE");
    ASSERT_TRUE(rings);
    EXPECT_EQ(rings->message.request_uri(), "sip:carol@192.0.2.20:5060");
    EXPECT_FALSE(exchange.next("404"));
}

TEST_F(InwardTest, WithoutThatItIsNotFound) {
    start();
    exchange.hand_in(inward("sip:nobody@192.0.2.1"), first);
    no_such_room();
    EXPECT_EQ(sent_to("404"), first);
    expect_rest();
}

TEST_F(InwardTest, NobodyTelephonesAtOurExpense) {
    start();
    exchange.hand_in(inward("sip:+1900555@192.0.2.1"), first);
    EXPECT_FALSE(exchange.next("INVITE"));
    EXPECT_EQ(sent_to("404"), first);
}

TEST_F(InwardTest, ButAMemberMayHaveSentHisCallsToHisMobile) {
    exchange.members["bob"].forwarding.always = "sip:+4917@school.test";
    exchange.numbers["bob"] = "+498912345";
    provider.trusted = true;
    start();
    exchange.hand_in(inward("sip:bob@192.0.2.1"), first);
    const auto out = exchange.next("INVITE");
    ASSERT_TRUE(out);
    EXPECT_EQ(out->to, first);
    EXPECT_EQ(out->message.request_uri(), "sip:+4917@198.51.100.7;user=phone");
    EXPECT_TRUE(out->message.header(Header::from)->starts_with("\"Mum\" <sip:+46701@192.0.2.1>"));
    EXPECT_LT(*parse_number<int>(*out->message.header(Header::max_forwards)), 50);
}

TEST_F(InwardTest, ToTheNameThatWeRegisteredItIsForWhomToSays) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    exchange.aliases["+498912345"] = "bob";
    provider.login = {"school", "word"};
    start();
    exchange.hand_in(inward("sip:school@192.0.2.1", {}, "sip:+498912345@isp.test"), first);
    ASSERT_TRUE(exchange.next("INVITE"));
}

TEST_F(InwardTest, ARoomIsJoinedByTelephone) {
    start();
    exchange.hand_in(inward("sip:maths@192.0.2.1"), first);
    ASSERT_EQ(exchange.taken.size(), 1u);
    const auto& call = exchange.taken.front();
    exchange.agent.accept(call.session, "room", exchange.now);
    exchange.turn();
    const auto connected = exchange.next("200");
    ASSERT_TRUE(connected);
    EXPECT_EQ(connected->to, first);
    EXPECT_EQ(connected->message.body(), "room");
    exchange.hand_in(after("ACK", connected->message), first);
    EXPECT_EQ(exchange.agent.session_count(), 1u);
    exchange.hand_in(after("BYE", connected->message), first);
    EXPECT_EQ(sent_to("200"), first);
    EXPECT_EQ(exchange.agent.session_count(), 0u);
    expect_rest();
}

TEST_F(InwardTest, TheAssertedCallerCountsWhereItIsTrusted) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    start();
    const std::string asserted = "P-Asserted-Identity: \"Dad\" <tel:+46-702>\n";
    exchange.hand_in(inward("sip:bob@192.0.2.1", asserted), first);
    EXPECT_TRUE(exchange.next("INVITE")->message.header(Header::from)->starts_with("\"Mum\""));
    provider.trusted = true;
    start();
    exchange.hand_in(inward("sip:bob@192.0.2.1", asserted), first);
    const auto rings = exchange.next("INVITE");
    EXPECT_TRUE(
        rings->message.header(Header::from)->starts_with("\"Dad\" <sip:+46702@school.test>"));
    EXPECT_FALSE(rings->message.header("P-Asserted-Identity")) << "nor does bob need to know";
    exchange.hand_in(inward("sip:bob@192.0.2.1", asserted + "Privacy: id;critical\n"), first);
    EXPECT_TRUE(
        exchange.next("INVITE")->message.header(Header::from)->starts_with("\"Anonymous\""));
}

TEST_F(InwardTest, ExpectsAContact) {
    start();
    auto text = inward("sip:bob@192.0.2.1").bytes();
    const std::string contact = "Contact: <sip:mum@198.51.100.7>\r\n";
    text.erase(text.find(contact), contact.size());
    exchange.hand_in(kit::parse(std::move(text)), first);
    EXPECT_EQ(sent_to("400"), first);
}

/// It rings at Bob's, and Alice takes it from her desk.
class PickupTest : public InwardTest {
protected:
    void ring(const std::string& contact = "sip:bob@192.0.2.20:5060",
              const sip::Endpoint& device = desk) {
        exchange.bind("bob", contact, 1000, device);
        exchange.aliases["+498912345"] = "bob";
        start();
        exchange.hand_in(inward("sip:+498912345@192.0.2.1"), first);
        rings = exchange.next("INVITE");
        ASSERT_TRUE(rings);
        ASSERT_EQ(rings->to, device);
        exchange.hand_in(answer(*rings, 180, {.tag = "b"}), device);
        ASSERT_EQ(sent_to("180"), first);
        named = std::string(*rings->message.header(Header::call_id)) +
                ";from-tag=b;to-tag=" + std::string(sip::tag_of(rings->message, Header::from));
    }
    static std::string offer(const std::string& codecs) {
        return "v=0\r\no=alice 5 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
               "m=audio 4000 RTP/AVP " +
               codecs + "\r\na=rtpmap:98 opus/48000/2\r\n";
    }
    /// So that the call is led across to him.
    void ring_in_browser() {
        ring("sip:x@browser.invalid;transport=ws", browser);
        EXPECT_NE(rings->message.body().find("UDP/TLS/RTP/SAVPF"), std::string::npos);
    }
    static inline const sip::Endpoint browser{sip::Transport::wss,
                                              kit::address("192.0.2.30", 40'000), sip::FlowId{7}};
    std::optional<Sent> rings;
    std::string named; ///< The dialog of Bob's phone.
};

TEST_F(PickupTest, ACallThatRingsIsTakenFromAnotherPhone) {
    ring();
    dial("Replaces: " + named + "\nRequire: replaces\nContent-Type: application/sdp\n",
         offer("98 0"));
    EXPECT_FALSE(exchange.next("INVITE")) << "the gateway has called already";
    auto connected = exchange.next("200"), hers = exchange.next("200");
    ASSERT_TRUE(connected && hers);
    if (hers->to != phone) std::swap(connected, hers);
    ok = hers->message;
    EXPECT_EQ(ok->body().find("opus"), std::string::npos);
    EXPECT_NE(ok->body().find("RTP/AVP 0"), std::string::npos) << "what the gateway has offered";
    EXPECT_EQ(connected->to, first);
    EXPECT_EQ(connected->message.body(),
              "v=0\r\no=alice 5 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
              "m=audio 4000 RTP/AVP 0\r\n")
        << "and hers, as far as it fits";
    // Bob's phone falls silent, and says who has it.
    const auto cancel = exchange.next("CANCEL");
    ASSERT_TRUE(cancel);
    EXPECT_EQ(cancel->to, desk);
    EXPECT_NE(cancel->message.header(Header::reason)->find("cause=200"), std::string_view::npos);
    exchange.hand_in(answer(*cancel, 200), desk);
    exchange.hand_in(answer(*rings, 487, {.tag = "b"}), desk);

    // Both answers are repeated until they are acknowledged.
    exchange.sent.clear();
    exchange.run(600ms);
    EXPECT_TRUE(exchange.next("200") && exchange.next("200"));
    exchange.hand_in(after("ACK", connected->message), first);
    exchange.hand_in(inside("ACK", *ok, {}, {}, invite_cseq), phone);
    exchange.sent.clear();
    exchange.run(10s);
    EXPECT_FALSE(exchange.next("200"));
    EXPECT_FALSE(exchange.next("ACK")) << "each is acknowledged to us";

    exchange.hand_in(inside("BYE", *ok), phone);
    const auto bye = exchange.next("BYE");
    ASSERT_TRUE(bye);
    EXPECT_EQ(bye->to, first);
    exchange.hand_in(answer(*bye, 200), first);
    expect_rest();
}

TEST_F(PickupTest, ItIsTakenFromABrowserTheSameWay) {
    ring_in_browser();
    dial("Replaces: " + named + "\nContent-Type: application/sdp\n", offer("0"));
    auto connected = exchange.next("200"), hers = exchange.next("200");
    ASSERT_TRUE(connected && hers);
    if (hers->to != phone) std::swap(connected, hers);
    EXPECT_EQ(connected->to, first);
    EXPECT_NE(connected->message.body().find("o=alice"), std::string::npos);
    const auto cancel = exchange.next("CANCEL");
    ASSERT_TRUE(cancel);
    EXPECT_EQ(cancel->to, browser);
    exchange.hand_in(answer(*cancel, 200), browser);
    exchange.hand_in(answer(*rings, 487, {.tag = "b"}), browser);
    EXPECT_TRUE(exchange.relays.running.empty());
    EXPECT_EQ(exchange.b2bua.size(), 3u) << "the call, and two answers without an ACK";
}

/// Each is answered in the words of its own offer, and what they send goes by us.
TEST_F(PickupTest, ABrowserTakesItByTheRelay) {
    ring();
    auto hers = kit::browser_offer();
    hers.resize(hers.find("m=video"));
    dial("Replaces: " + named + "\nContent-Type: application/sdp\n", hers);
    auto connected = exchange.next("200"), taken = exchange.next("200");
    ASSERT_TRUE(connected && taken);
    if (taken->to != phone) std::swap(connected, taken);
    ok = taken->message;
    for (const auto* each : {"UDP/TLS/RTP/SAVPF 0\r\n", "a=mid:0", "a=setup:passive", "a=ice-lite",
                             "a=group:BUNDLE 0", "a=rtcp-mux"})
        EXPECT_NE(ok->body().find(each), std::string::npos) << each << "\n" << ok->body();
    EXPECT_EQ(ok->body().find("wXyZ"), std::string::npos);
    const auto& for_gateway = connected->message.body();
    EXPECT_NE(for_gateway.find(" RTP/AVP 0\r\n"), std::string::npos) << for_gateway;
    EXPECT_EQ(for_gateway.find("fingerprint"), std::string::npos);
    EXPECT_EQ(for_gateway.find("203.0.113.9"), std::string::npos) << "hers";
    ASSERT_EQ(exchange.relays.running.size(), 1u);
    EXPECT_TRUE(exchange.relays.side(rtp::Relay::second).dtls);
    EXPECT_TRUE(exchange.relays.side(rtp::Relay::second).settings.ice);
    EXPECT_FALSE(exchange.relays.side(rtp::Relay::first).dtls);

    const auto cancel = exchange.next("CANCEL");
    exchange.hand_in(answer(*cancel, 200), desk);
    exchange.hand_in(answer(*rings, 487, {.tag = "b"}), desk);
    exchange.hand_in(after("ACK", connected->message), first);
    exchange.hand_in(inside("ACK", *ok, {}, {}, invite_cseq), phone);
    // The gateway holds her, in its own words.
    auto held = after("INVITE", connected->message, "Contact: <sip:mum@198.51.100.7>\n",
                      kit::phone_sdp() + "a=sendonly\r\n");
    exchange.hand_in(held, first);
    const auto asked = exchange.next("INVITE");
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->to, phone);
    EXPECT_NE(asked->message.body().find("a=sendonly"), std::string::npos);
    EXPECT_NE(asked->message.body().find("a=mid:0"), std::string::npos);
    exchange.hand_in(answer(*asked, 488), phone);
    exchange.hand_in(inside("BYE", *ok), phone);
    exchange.hand_in(answer(*exchange.next("BYE"), 200), first);
    EXPECT_TRUE(exchange.relays.running.empty());
    expect_rest();
}

/// Hers is an address of her network, and she has a picture to show besides.
TEST_F(PickupTest, WhatCannotBeCarriedButUnderstoodGoesStraight) {
    ring();
    auto hers = offer("0");
    hers.replace(hers.find("c=IN IP4 192.0.2.9"), 18, "c=IN IP4 10.0.0.9") +=
        "m=video 4002 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n";
    dial("Replaces: " + named + "\nContent-Type: application/sdp\n", hers);
    const auto taken = heard(200);
    ASSERT_TRUE(taken);
    EXPECT_NE(taken->body().find("m=video 0 "), std::string::npos);
    EXPECT_TRUE(exchange.relays.running.empty());
}

TEST_F(PickupTest, WhatCannotBeCarriedIsNotTaken) {
    ring();
    const auto with_pictures = kit::browser_offer();
    auto opus_alone = with_pictures.substr(0, with_pictures.find("m=video"));
    opus_alone.replace(opus_alone.find(" 111 0\r\n"), 6, " 111");
    auto no_keys = offer("0");
    no_keys.replace(no_keys.find("RTP/AVP"), 7, "RTP/SAVP") += "a=ice-ufrag:abcd\r\n"
                                                               "a=fingerprint:x\r\n";
    for (const auto& each : {with_pictures, opus_alone, no_keys, std::string("v=0\r\n")}) {
        dial("Replaces: " + named + "\nContent-Type: application/sdp\n", each);
        EXPECT_TRUE(heard(488)) << each;
        EXPECT_TRUE(exchange.relays.running.empty()) << each;
    }
    exchange.relays.full = true;
    dial("Replaces: " + named + "\nContent-Type: application/sdp\n",
         with_pictures.substr(0, with_pictures.find("m=video")));
    EXPECT_TRUE(heard(488));
    EXPECT_TRUE(exchange.relays.running.empty());
    EXPECT_FALSE(exchange.next("CANCEL")) << "it rings on";
}

/// Whose media goes by a relay is brought to the room with it (RFC 3911).
TEST_F(PickupTest, WhoHasABrowserIsJoinedLikeOthers) {
    ring_in_browser();
    auto picture_of_nothing = kit::browser_offer();
    picture_of_nothing.resize(picture_of_nothing.find("m=video"));
    const auto bobs_answer =
        picture_of_nothing.replace(picture_of_nothing.find("actpass"), 7, "active");
    const kit::Say says{"Contact: <sip:x@browser.invalid;transport=ws>\n"
                        "Content-Type: application/sdp",
                        bobs_answer, "b"};
    exchange.hand_in(answer(*rings, 200, says), browser);
    const auto connected = exchange.next("200");
    ASSERT_TRUE(connected);
    exchange.hand_in(after("ACK", connected->message), first);
    ASSERT_EQ(sent_to("ACK"), browser);

    dial("Join: " + named + "\nContent-Type: application/sdp\n", offer("0"));
    const auto room_answers = [&](int version) {
        ASSERT_EQ(exchange.taken.size(), 1u);
        const auto session = exchange.taken.front().session;
        exchange.taken.clear();
        exchange.agent.set_contact_user(session, "adhoc-1");
        exchange.agent.accept(session, kit::plain_description({}, version, "192.0.2.1"),
                              exchange.now);
        exchange.turn();
    };
    room_answers(1); // To her.
    EXPECT_TRUE(heard(200));
    room_answers(2); // For the gateway, which follows.
    auto asked = exchange.next("INVITE");
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->to, first);
    exchange.hand_in(answer(*asked, 200, {"Content-Type: application/sdp", kit::phone_sdp()}),
                     first);
    ASSERT_EQ(sent_to("ACK"), first);
    room_answers(3); // And for Bob, whose browser is asked in its own words.
    asked = exchange.next("INVITE");
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->to, browser);
    EXPECT_NE(asked->message.body().find("UDP/TLS/RTP/SAVPF"), std::string::npos);
    exchange.hand_in(answer(*asked, 200, says), browser);
    EXPECT_EQ(sent_to("ACK"), browser);
    EXPECT_EQ(exchange.agent.session_count(), 3u) << "all are in the room";
    EXPECT_FALSE(exchange.next("BYE")) << "and nobody was dropped";
    EXPECT_EQ(exchange.relays.running.size(), 1u);
}

TEST_F(PickupTest, WithNothingInCommonItRingsOn) {
    ring();
    dial("Replaces: " + named + "\nContent-Type: application/sdp\n", offer("98"));
    EXPECT_TRUE(heard(488));
    EXPECT_FALSE(exchange.next("CANCEL"));
    exchange.hand_in(answer(*rings, 486, {.tag = "b"}), desk);
    EXPECT_EQ(sent_to("486"), first);
    expect_rest();
}

TEST_F(PickupTest, WhoNeverAcknowledgesHasNoCall) {
    ring();
    dial("Replaces: " + named + "\nContent-Type: application/sdp\n", offer("0"));
    ok = heard(200);
    ASSERT_TRUE(ok);
    const auto cancel = exchange.next("CANCEL");
    exchange.hand_in(answer(*cancel, 200), desk);
    exchange.hand_in(answer(*rings, 487, {.tag = "b"}), desk);
    exchange.run(40s);
    std::set<IpAddress> told;
    while (const auto bye = exchange.next("BYE")) told.insert(bye->to.address.ip);
    EXPECT_EQ(told, (std::set{first.address.ip, phone.address.ip}));
    EXPECT_EQ(exchange.b2bua.size(), 0u);
}

} // namespace
} // namespace lyceum::b2bua
