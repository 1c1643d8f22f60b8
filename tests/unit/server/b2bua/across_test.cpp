// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/proxy_calls.hpp"
#include "tests/kit/relays.hpp"

namespace lyceum::b2bua {
namespace {

using kit::address;
using kit::browser_offer;
using kit::plain_description;

/// Eve's telephone calls Bob, who has a browser.
class AcrossTest : public kit::ProxyCalls {
protected:
    static inline const sip::Endpoint browser{sip::Transport::wss, address("192.0.2.30", 40'000),
                                              sip::FlowId{7}};

    void bind_browser() {
        exchange.bind("bob", "sip:x@browser.invalid;transport=ws", 1000, browser);
    }
    static constexpr auto sdp_type = "Content-Type: application/sdp\n";
    static Ask with(const std::string& description) {
        return {.more = sdp_type, .body = description};
    }
    /// What a device gets, if it gets anything.
    std::optional<kit::Exchange::Sent> rings(const Ask& what = with(plain_description())) {
        ask(what);
        return exchange.next("INVITE");
    }
    static sip::Message says(const kit::Exchange::Sent& to, int status,
                             const std::string& body = {}) {
        auto writer = sip::MessageWriter::reply(to.message, status, {}, "b");
        writer.copy(to.message, Header::record_route);
        writer.header(Header::contact, "<sip:x@browser.invalid;transport=ws>");
        return writer.finish(body.empty() ? "" : "application/sdp", body);
    }
    static std::string browser_answer() {
        auto out = browser_offer();
        out.resize(out.find("m=video"));
        return out.replace(out.find("actpass"), 7, "active");
    }
    /// In the dialog of this answer, from Eve.
    sip::Message inside(const std::string& method, const sip::Message& answer, int number,
                        const std::string& more = {}, const std::string& body = {}) {
        const auto contact = sip::NameAddr::parse(*answer.header(Header::contact));
        std::string text = method + " " + std::string(contact->uri_text) +
                           " SIP/2.0\nVia: SIP/2.0/UDP 203.0.113.9:5060;branch=z9hG4bKi" + method +
                           std::to_string(number) + "\nMax-Forwards: 70\nFrom: " +
                           std::string(*answer.header(Header::from)) +
                           "\nTo: " + std::string(*answer.header(Header::to)) +
                           "\nCall-ID: c1\nCSeq: " + std::to_string(number) + " " + method +
                           "\nContact: <sip:eve@203.0.113.9:5060>\n";
        const auto routes = answer.values(Header::record_route);
        for (auto each = routes.rbegin(); each != routes.rend(); ++each)
            text.append("Route: ").append(*each).append("\n");
        return kit::message(text + more + (body.empty() ? "" : sdp_type), body);
    }
    /// A call of Eve and Bob by the relay, which has got so far.
    sip::Message call_by_us(int status) {
        bind_browser();
        bobs = rings();
        exchange.hand_in(says(*bobs, status, status < 200 ? "" : browser_answer()), browser);
        auto answer = answered();
        if (status >= 200) {
            exchange.hand_in(inside("ACK", *answer, cseq), outside);
            exchange.next("ACK");
        }
        return std::move(*answer);
    }
    /// Another who has a browser calls Bob, and knows of the dialog that Eve has.
    std::optional<sip::Message> asks_for(const std::string& header, const sip::Message& answer,
                                         const std::string& more = {}) {
        auto what = with(browser_offer());
        what.call_id = "c2";
        what.more += header + ": c1;to-tag=" + std::string(sip::tag_of(answer, Header::to)) +
                     ";from-tag=e" + more + "\n";
        const auto sent = rings(what);
        EXPECT_TRUE(sent && sent->to == browser);
        return sent ? std::optional(sent->message) : std::nullopt;
    }
    /// That dialog, as Bob knows it.
    [[nodiscard]] std::string as_bob_knows_it() const {
        return std::string(*bobs->message.header(Header::call_id)) +
               ";to-tag=b;from-tag=" + std::string(sip::tag_of(bobs->message, Header::from));
    }
    void expect_rest() {
        exchange.run(70s);
        EXPECT_EQ(exchange.b2bua.size(), 0u);
        EXPECT_EQ(exchange.b2bua.deadline(), std::nullopt);
        EXPECT_TRUE(exchange.relays.running.empty());
    }

    std::optional<kit::Exchange::Sent> bobs;
};

TEST_F(AcrossTest, ATelephoneCallsABrowser) {
    bind_browser();
    const auto ringing = rings();
    ASSERT_TRUE(ringing);
    EXPECT_EQ(ringing->to, browser);
    const auto& invite = ringing->message;
    EXPECT_EQ(invite.request_uri(), "sip:x@browser.invalid;transport=ws");
    EXPECT_TRUE(invite.header(Header::from)->starts_with("<sip:eve@far.test>;tag="));
    EXPECT_EQ(invite.header(Header::to), "<sip:bob@school.test>");
    EXPECT_NE(invite.header(Header::call_id), "c1") << "two dialogs";
    EXPECT_FALSE(invite.header(Header::route) || invite.header(Header::record_route));
    EXPECT_NE(invite.body().find("UDP/TLS/RTP/SAVPF"), std::string::npos);

    exchange.hand_in(says(*ringing, 180), browser);
    exchange.hand_in(says(*ringing, 200, browser_answer()), browser);
    const auto ok = answered();
    ASSERT_TRUE(ok);
    EXPECT_EQ(ok->status(), 200);
    EXPECT_NE(ok->body().find(" RTP/AVP "), std::string::npos);
    EXPECT_EQ(ok->body().find("fingerprint"), std::string::npos);
    EXPECT_TRUE(exchange.relays.side(rtp::Relay::second).dtls);
    exchange.hand_in(inside("ACK", *ok, cseq), outside);
    EXPECT_EQ(exchange.next("ACK")->to, browser);

    exchange.hand_in(inside("BYE", *ok, cseq + 1), outside);
    const auto bye = exchange.next("BYE");
    ASSERT_TRUE(bye);
    EXPECT_EQ(bye->to, browser);
    exchange.hand_in(says(*bye, 200), browser);
    EXPECT_TRUE(exchange.relays.running.empty());
    expect_rest();
}

TEST_F(AcrossTest, AReInviteIsTranslatedToo) {
    bind_browser();
    const auto ringing = rings();
    exchange.hand_in(says(*ringing, 200, browser_answer()), browser);
    const auto ok = answered();
    exchange.hand_in(inside("ACK", *ok, cseq), outside);
    exchange.next("ACK");
    exchange.hand_in(inside("INVITE", *ok, cseq + 1, {}, plain_description("a=sendonly\r\n", 2)),
                     outside);
    const auto asked = exchange.next("INVITE");
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->to, browser);
    EXPECT_NE(asked->message.body().find("a=sendonly"), std::string::npos);
    EXPECT_NE(asked->message.body().find("a=mid:0"), std::string::npos);
    // She cannot: what was agreed on holds.
    exchange.hand_in(says(*asked, 488), browser);
    EXPECT_EQ(answered()->status(), 488);
    EXPECT_EQ(exchange.b2bua.size(), 1u);
}

/// Who leaves the offer to who is called gets it in his own words (RFC 3264, RFC 3261 §13.2.1).
TEST_F(AcrossTest, ATelephoneLeavesTheOfferToABrowser) {
    bind_browser();
    const auto ringing = rings({});
    ASSERT_TRUE(ringing);
    EXPECT_EQ(ringing->to, browser);
    EXPECT_NE(ringing->message.header(Header::call_id), "c1");
    EXPECT_EQ(ringing->message.body(), "");
    // It comes twice, since the first ACK is on its way still.
    for (int i = 0; i < 2; ++i) exchange.hand_in(says(*ringing, 200, browser_offer()), browser);
    const auto ok = answered();
    ASSERT_TRUE(ok);
    EXPECT_EQ(ok->status(), 200);
    EXPECT_NE(ok->body().find(" RTP/AVP "), std::string::npos) << "a telephone can read it";
    EXPECT_NE(ok->body().find("a=setup:actpass"), std::string::npos);
    EXPECT_EQ(ok->body().find("wXyZ"), std::string::npos);
    const auto agreed = plain_description("m=video 0 RTP/AVP 96\r\n");
    exchange.hand_in(inside("ACK", *ok, cseq, {}, agreed), outside);
    const auto ack = exchange.next("ACK");
    ASSERT_TRUE(ack);
    EXPECT_EQ(ack->to, browser);
    EXPECT_NE(ack->message.body().find("UDP/TLS/RTP/SAVPF"), std::string::npos);
    EXPECT_NE(ack->message.body().find("a=mid:0"), std::string::npos);
    EXPECT_EQ(ack->message.body().find("actpass"), std::string::npos) << "an answer";
    EXPECT_TRUE(exchange.relays.side(rtp::Relay::second).dtls);
    EXPECT_FALSE(exchange.relays.side(rtp::Relay::first).dtls);
    EXPECT_EQ(exchange.relays.side(rtp::Relay::first).settings.rtp, address("198.51.100.7", 6000));

    exchange.hand_in(inside("BYE", *ok, cseq + 1), outside);
    exchange.hand_in(says(*exchange.next("BYE"), 200), browser);
    expect_rest();
}

TEST_F(AcrossTest, ABrowserLeavesTheOfferToATelephone) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    const auto ringing = rings({.more = "Via: SIP/2.0/WSS browser.invalid;branch=z9hG4bKws\n"});
    ASSERT_TRUE(ringing);
    EXPECT_EQ(ringing->to, desk);
    EXPECT_NE(ringing->message.header(Header::call_id), "c1");
    exchange.hand_in(says(*ringing, 200, plain_description()), desk);
    const auto ok = answered();
    ASSERT_TRUE(ok);
    for (const auto* each : {"UDP/TLS/RTP/SAVPF", "a=setup:actpass", "a=group:BUNDLE 0",
                             "a=rtcp-mux", "a=ice-ufrag:", "a=fingerprint:"})
        EXPECT_NE(ok->body().find(each), std::string::npos) << each << "\n" << ok->body();
    exchange.hand_in(inside("ACK", *ok, cseq, {}, browser_answer()), outside);
    EXPECT_NE(exchange.next("ACK")->message.body().find(" RTP/AVP "), std::string::npos);
    EXPECT_TRUE(exchange.relays.side(rtp::Relay::first).dtls);
}

/// RFC 3262 §5: the offer is in a provisional response, the answer in its PRACK.
TEST_F(AcrossTest, AnOfferBeforeTheAnswerIsTranslatedToo) {
    bind_browser();
    const auto ringing = rings({.more = "Supported: 100rel\n"});
    ASSERT_TRUE(ringing);
    auto writer = sip::MessageWriter::reply(ringing->message, 183, {}, "b");
    writer.header(Header::contact, "<sip:x@browser.invalid;transport=ws>");
    writer.header(Header::require, "100rel").header(Header::rseq, "7");
    exchange.hand_in(writer.finish("application/sdp", browser_offer()), browser);
    const auto early = answered();
    ASSERT_TRUE(early);
    EXPECT_EQ(early->status(), 183);
    EXPECT_NE(early->body().find(" RTP/AVP "), std::string::npos);
    exchange.hand_in(inside("PRACK", *early, cseq + 1,
                            "RAck: 7 " + std::to_string(cseq) + " INVITE\n",
                            plain_description("m=video 0 RTP/AVP 96\r\n")),
                     outside);
    const auto prack = exchange.next("PRACK");
    ASSERT_TRUE(prack);
    EXPECT_EQ(prack->to, browser);
    EXPECT_NE(prack->message.body().find("UDP/TLS/RTP/SAVPF"), std::string::npos);
    EXPECT_TRUE(exchange.relays.side(rtp::Relay::second).dtls);
    exchange.hand_in(says(*prack, 200), browser);
    exchange.hand_in(says(*ringing, 200), browser);
    EXPECT_EQ(answered()->status(), 200);
    exchange.hand_in(inside("ACK", *early, cseq), outside);
    EXPECT_EQ(exchange.next("ACK")->message.body(), "");
    EXPECT_EQ(exchange.b2bua.size(), 1u);
}

TEST_F(AcrossTest, AnAnswerThatIsRubbishEndsTheCall) {
    bind_browser();
    const auto ringing = rings({});
    exchange.hand_in(says(*ringing, 200, browser_offer()), browser);
    const auto ok = answered();
    exchange.hand_in(inside("ACK", *ok, cseq, {}, "v=0\r\n"), outside);
    EXPECT_EQ(exchange.next("ACK")->to, browser);
    int told = 0;
    while (const auto bye = exchange.next("BYE")) {
        ++told;
        EXPECT_NE(bye->message.header(Header::reason)->find("488"), std::string_view::npos);
        exchange.hand_in(says(*bye, 200), bye->to);
    }
    EXPECT_EQ(told, 2);
    expect_rest();
}

/// Only the two ends can read it, so it passes between them.
TEST_F(AcrossTest, WhatNobodyHereUnderstandsGoesStraight) {
    bind_browser();
    const auto sent = rings({.more = "Content-Type: application/pkcs7-mime\n", .body = "sealed"});
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->message.header(Header::call_id), "c1");
    EXPECT_EQ(sent->message.body(), "sealed");
}

TEST_F(AcrossTest, AllDevicesRingEachInItsWay) {
    bind_browser();
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    auto at_desk = rings(), in_browser = exchange.next("INVITE");
    ASSERT_TRUE(at_desk && in_browser);
    if (at_desk->to == browser) std::swap(at_desk, in_browser);
    EXPECT_EQ(at_desk->to, desk);
    EXPECT_EQ(at_desk->message.header(Header::call_id), "c1") << "straight";
    EXPECT_EQ(in_browser->to, browser);
    exchange.hand_in(says(*in_browser, 180), browser);
    exchange.hand_in(answer_to(at_desk->message, 200), desk);
    EXPECT_EQ(answered()->status(), 200);
    const auto cancel = exchange.next("CANCEL");
    ASSERT_TRUE(cancel);
    EXPECT_EQ(cancel->to, browser);
    EXPECT_NE(cancel->message.header(Header::reason)->find("200"), std::string_view::npos);
    exchange.hand_in(says(*cancel, 200), browser);
    exchange.hand_in(says(*in_browser, 487), browser);
    EXPECT_TRUE(exchange.relays.running.empty());
    expect_rest();
}

TEST_F(AcrossTest, WhatItRefusesIsRefused) {
    bind_browser();
    const auto ringing = rings();
    exchange.hand_in(says(*ringing, 486), browser);
    EXPECT_EQ(answered()->status(), 486);
    expect_rest();
}

TEST_F(AcrossTest, WhoAnswersWithRubbishIsHungUpOn) {
    bind_browser();
    const auto ringing = rings();
    exchange.hand_in(says(*ringing, 200, "v=0\r\n"), browser);
    EXPECT_EQ(answered()->status(), 488);
    EXPECT_EQ(exchange.next("ACK")->to, browser);
    const auto bye = exchange.next("BYE");
    ASSERT_TRUE(bye);
    EXPECT_EQ(bye->to, browser);
    exchange.hand_in(says(*bye, 200), browser);
    expect_rest();
}

TEST_F(AcrossTest, WithoutAPortThereIsNoCall) {
    bind_browser();
    exchange.relays.full = true;
    EXPECT_EQ(ask(with(plain_description())), 500) << "of the only device there is";
    expect_rest();
}

TEST_F(AcrossTest, WhoseMediaIsLostIsHungUpOn) {
    bind_browser();
    const auto ringing = rings();
    exchange.hand_in(says(*ringing, 200, browser_answer()), browser);
    const auto ok = answered();
    exchange.hand_in(inside("ACK", *ok, cseq), outside);
    exchange.b2bua.handle_media_lost(RelayId{77}, exchange.now); // Of somebody else.
    exchange.turn();
    EXPECT_FALSE(exchange.next("BYE"));
    exchange.b2bua.handle_media_lost(exchange.relays.running.begin()->first, exchange.now);
    exchange.turn();
    std::set<sip::Transport> told;
    while (const auto bye = exchange.next("BYE")) {
        told.insert(bye->to.transport);
        exchange.hand_in(says(*bye, 200), bye->to);
    }
    EXPECT_EQ(told, (std::set{sip::Transport::udp, sip::Transport::wss}));
    expect_rest();
}

/// Who reaches whom without us is not led by us.
TEST_F(AcrossTest, OnlyWhoDoesNotReachEachOtherIsLedAcross) {
    const auto nat = [](const char* ip) {
        return sip::Endpoint{sip::Transport::udp, address(ip, 30'000), {}};
    };
    struct Row {
        std::string contact;
        sip::Endpoint from;
        std::string offer;
        bool across;
    };
    const std::string at_desk = "sip:bob@192.0.2.20:5060", at_home = "sip:bob@10.0.0.5:5060";
    const auto plain = plain_description(), private_one = plain_description({}, 1, "10.0.0.9");
    for (const auto& [contact, from, offer, across] : std::vector<Row>{
             {at_desk, desk, plain, false},
             {at_desk, desk, browser_offer(), true},
             {"sip:x@browser.invalid;transport=ws", browser, plain, true},
             {"sip:x@browser.invalid;transport=ws", browser, browser_offer(), false},
             {at_home, nat("198.51.100.77"), plain, true},
             {at_desk, desk, private_one, true},                 // Eve is behind a NAT,
             {at_home, nat("203.0.113.9"), private_one, false},  // with Bob.
             {at_home, *sip::endpoint_of(at_home), plain, true}, // In our network; Eve is not.
             {"sip:bob@[2001:db8::20]:5060", *sip::endpoint_of("sip:bob@[2001:db8::20]:5060"),
              plain, true},
             // Without an offer, by where Eve says that she is.
             {at_desk, desk, "", false},
             {"sip:x@browser.invalid;transport=ws", browser, "", true},
             {at_home, nat("198.51.100.77"), "", true},
             {"sip:bob@[2001:db8::20]:5060", *sip::endpoint_of("sip:bob@[2001:db8::20]:5060"), "",
              true},
         }) {
        exchange.bindings.clear();
        exchange.bind("bob", contact, 1000, from);
        const auto sent = rings(offer.empty() ? Ask{} : with(offer));
        ASSERT_TRUE(sent) << contact << offer;
        EXPECT_EQ(sent->to, from);
        EXPECT_EQ(sent->message.header(Header::call_id) != "c1", across) << contact << "\n"
                                                                         << offer;
        const bool by_us = sent->message.body().find("c=IN IP4 192.0.2.1\r\n") != std::string::npos;
        EXPECT_EQ(by_us, across && !offer.empty());
        exchange.hand_in(says(*sent, 486), from);
        EXPECT_EQ(answered()->status(), 486);
        exchange.run(70s);
    }
    EXPECT_TRUE(exchange.relays.running.empty());
}

TEST_F(AcrossTest, AStrangerSendsNobodyAnywhere) {
    bind_browser();
    const auto ringing = rings();
    exchange.hand_in(says(*ringing, 200, browser_answer()), browser);
    const auto ok = answered();
    exchange.hand_in(inside("ACK", *ok, cseq), outside);
    exchange.hand_in(inside("REFER", *ok, cseq + 1, "Refer-To: <sip:victim@elsewhere.test>\n"),
                     outside);
    EXPECT_EQ(answered()->status(), 403);
    EXPECT_TRUE(exchange.wanted.empty()) << "nobody is looked for in the DNS";
}

TEST_F(AcrossTest, ADeviceThatDoesNotAnswerIsNotThere) {
    bind_browser();
    ask(with(plain_description()));
    exchange.fail_last();
    EXPECT_EQ(answered()->status(), 480);
    ask(with(plain_description()));
    exchange.run(40s);
    EXPECT_EQ(answered()->status(), 408);
    expect_rest();
}

/// RFC 3323: nothing in what the phone gets says who calls, or from where.
TEST_F(AcrossTest, APrivateCallerIsNobody) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    for (const auto* privacy : {"id", "header;critical", "user"}) {
        auto what = with(plain_description({}, 1, "203.0.113.9"));
        what.more += std::string("Privacy: ") + privacy +
                     "\nSubject: From Eve\nReply-To: <sip:eve@far.test>\nX-Kept: 1\n";
        const auto sent = rings(what);
        ASSERT_TRUE(sent);
        EXPECT_EQ(sent->to, desk);
        const auto& invite = sent->message;
        EXPECT_TRUE(invite.header(Header::from)
                        ->starts_with("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag="));
        EXPECT_EQ(invite.header("X-Kept"), "1");
        const std::string bytes(invite.bytes());
        for (const auto* telling : {"eve", "Eve", "far.test", "203.0.113.9", " c1\r"})
            EXPECT_EQ(bytes.find(telling), std::string::npos) << telling << "\n" << bytes;
        ASSERT_EQ(exchange.records.talks("bob").size(), 1u);
        EXPECT_EQ(exchange.records.talks("bob").front().other, "sip:anonymous@anonymous.invalid")
            << "nor to who watches his phone";
        exchange.hand_in(says(*sent, 486), desk);
        EXPECT_EQ(answered()->status(), 486);
    }
    auto open = with(plain_description());
    open.more += "Privacy: none\n";
    EXPECT_EQ(rings(open)->message.header(Header::call_id), "c1");
}

/// Whom Eve has told by REFER to take her place knows her dialog with us; Bob's is another.
TEST_F(AcrossTest, WhoTakesAPlaceNamesTheDialogOfWhoIsCalled) {
    const auto ok = call_by_us(200);
    const auto invite = asks_for("Replaces", ok);
    ASSERT_TRUE(invite);
    EXPECT_EQ(invite->header(Header::call_id), "c2") << "they reach each other";
    EXPECT_EQ(invite->header(Header::replaces), as_bob_knows_it());
    EXPECT_EQ(asks_for("Join", ok)->header(Header::join), as_bob_knows_it());
}

/// He sees it ring at Bob's, by the package dialog; it is Alice who is asked to take him instead.
TEST_F(AcrossTest, WhoPicksUpNamesTheDialogOfWhoCalls) {
    bind_browser();
    exchange.bind("alice", "sip:alice@192.0.2.20:5060");
    auto call = with(plain_description());
    call.from = "sip:alice@school.test";
    exchange.hand_in(signed_by("alice", call), outside);
    const auto ringing = exchange.next("INVITE");
    ASSERT_TRUE(ringing);
    exchange.hand_in(says(*ringing, 180), browser);
    const auto alerting = answered();
    ASSERT_TRUE(alerting);
    auto what = with(plain_description());
    what.uri = "sip:alice@school.test";
    what.call_id = "c2";
    what.more += "Replaces: " + std::string(*ringing->message.header(Header::call_id)) +
                 ";to-tag=" + std::string(sip::tag_of(ringing->message, Header::from)) +
                 ";from-tag=b;early-only\n";
    const auto asked = rings(what);
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->to, desk);
    EXPECT_EQ(asked->message.header(Header::replaces),
              "c1;to-tag=e;from-tag=" + std::string(sip::tag_of(*alerting, Header::to)) +
                  ";early-only");
}

TEST_F(AcrossTest, ADialogThatIsNotOursIsNamedAsItWas) {
    const auto ok = call_by_us(200);
    auto what = with(browser_offer());
    what.call_id = "c2";
    for (const auto* other : {"c1;to-tag=x;from-tag=e", "x", "c9;to-tag=b;from-tag=e;early-only"}) {
        what.more = std::string(sdp_type) + "Replaces: " + other + "\n";
        EXPECT_EQ(rings(what)->message.header(Header::replaces), other);
    }
}

/// The same who was led across himself.
TEST_F(AcrossTest, WhoIsLedAcrossNamesItSoToo) {
    const auto ok = call_by_us(200);
    auto what = with(plain_description());
    what.call_id = "c2";
    what.more += "Join: c1;to-tag=" + std::string(sip::tag_of(ok, Header::to)) + ";from-tag=e\n";
    const auto sent = rings(what);
    ASSERT_TRUE(sent);
    EXPECT_NE(sent->message.header(Header::call_id), "c2");
    EXPECT_EQ(sent->message.header(Header::join), as_bob_knows_it());
}

/// A device behind a proxy of its own is reached by that, also when we are between.
TEST_F(AcrossTest, ThePathOfADeviceIsKept) {
    registrar::Binding binding;
    binding.contact = "sip:bob@10.0.0.5";
    binding.path = "<sip:198.51.100.99;lr>";
    binding.expires = WallTime(1h);
    binding.source = desk;
    exchange.registrar.restore({{"bob", {binding}}}, exchange.now);
    auto what = with(plain_description());
    what.more += "Privacy: id\n";
    const auto sent = rings(what);
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->to.address, address("198.51.100.99", 5060));
    EXPECT_EQ(sent->message.header(Header::route), "<sip:198.51.100.99;lr>");
    EXPECT_EQ(sent->message.request_uri(), "sip:bob@10.0.0.5");
}

/// A Route that somebody writes himself leads nobody through us.
TEST_F(AcrossTest, ARouteFromOutsideIsNotFollowed) {
    bind_browser();
    auto ask_for = with(plain_description());
    ask_for.more += "Route: <sip:198.51.100.66:5060;lr;by=UDP>\n";
    EXPECT_EQ(ask(ask_for), 407) << "it leads out, which is for members";
    EXPECT_TRUE(exchange.relays.running.empty());
}

} // namespace
} // namespace lyceum::b2bua
