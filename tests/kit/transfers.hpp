// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/kit/trunk_calls.hpp"

namespace lyceum::kit {

/// Alice talks to a telephone, and passes it on to Bob, whose phone is `desk`.
class Transfers : public TrunkCalls {
protected:
    Transfers() { exchange.bind("bob", "sip:bob@192.0.2.20:5060"); }

    void talk() {
        start();
        dial("Content-Type: application/sdp\n", description("alice", 1));
        invite = exchange.next("INVITE");
        ASSERT_TRUE(invite);
        exchange.hand_in(answer(*invite, 200, sdp("gateway", 7)), first);
        ok = heard(200);
        ASSERT_TRUE(ok);
        exchange.hand_in(inside("ACK", *ok, {}, {}, invite_cseq), phone);
        ASSERT_TRUE(exchange.next("ACK"));
    }
    /// The same by our relay: she has a browser, and the gateway speaks plain RTP.
    void talk_by_relay() {
        start();
        dial("Content-Type: application/sdp\n", browser_offer());
        invite = exchange.next("INVITE");
        ASSERT_TRUE(invite);
        EXPECT_EQ(invite->message.body().find("fingerprint"), std::string::npos);
        exchange.hand_in(answer(*invite, 200, plain()), first);
        ok = heard(200);
        ASSERT_TRUE(ok);
        EXPECT_NE(ok->body().find("UDP/TLS/RTP/SAVPF"), std::string::npos);
        exchange.hand_in(inside("ACK", *ok, {}, {}, invite_cseq), phone);
        ASSERT_TRUE(exchange.next("ACK"));
    }
    /// Who has no picture, of what a browser offers.
    static std::string without_video(int version = 1, const std::string& ip = "198.51.100.7") {
        return plain_description("m=video 0 RTP/AVP 96\r\n", version, ip);
    }
    static Say plain(int version = 1) {
        return {"Content-Type: application/sdp", without_video(version)};
    }
    /// The port of its audio.
    static std::string medium(const sip::Message& message) {
        const auto body = std::string(message.body());
        return body.substr(body.find("m=audio"), 13);
    }
    static std::string description(const std::string& who, int version,
                                   const std::string& more = {}) {
        return "v=0\r\no=" + who + " 1 " + std::to_string(version) +
               " IN IP4 192.0.2.9\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n" + more;
    }
    static Say sdp(const std::string& who, int version, const std::string& more = {},
                   const std::string& tag = "g") {
        return {"Content-Type: application/sdp", description(who, version, more), tag};
    }
    /// Refers, and sees the INVITE that this makes. What Alice is told of it comes by `told`.
    void refer(const std::string& more = {}, const std::string& to = "sip:bob@school.test") {
        exchange.hand_in(inside("REFER", *ok, "Refer-To: <" + to + ">\n" + more), phone);
        onward = exchange.next("INVITE");
    }
    sip::Message bobs(int status, const Say& say = {.tag = "b"}) {
        auto writer = sip::MessageWriter::reply(onward->message, status, {}, say.tag);
        writer.copy(onward->message, Header::record_route);
        writer.header(Header::contact, "<sip:bob@192.0.2.20:5060>");
        return writer.finish(say.body.empty() ? "" : "application/sdp", say.body);
    }
    /// The sipfrag of the next NOTIFY, which Alice answers.
    std::string told() {
        const auto notify = exchange.next("NOTIFY");
        if (!notify) return {};
        EXPECT_EQ(notify->to, phone);
        state = *notify->message.header(Header::subscription_state);
        exchange.hand_in(answer(*notify, 200), phone);
        return std::string(trim(notify->message.body()));
    }
    void bob_answers() {
        exchange.hand_in(bobs(200, sdp("bob", 40, {}, "b")), desk);
        const auto ack = exchange.next("ACK");
        ASSERT_TRUE(ack);
        EXPECT_EQ(ack->to, desk);
        asked = exchange.next("INVITE");
        ASSERT_TRUE(asked);
        EXPECT_EQ(asked->to, first);
    }

    /// Bob's phone hears that the gateway hangs up, and nothing is left.
    void expect_end_by_the_gateway() {
        exchange.hand_in(back("BYE", *invite, 21), first);
        const auto last = exchange.next("BYE");
        ASSERT_TRUE(last);
        EXPECT_EQ(last->to, desk);
        exchange.hand_in(answer(*last, 200), desk);
        expect_rest();
    }

    std::optional<Sent> onward, asked;
    std::string state;
};

/// Bob's phone has been told to fetch the call that Alice has (RFC 3891).
class Takeovers : public Transfers {
protected:
    sip::Message bob_says(const std::string& method, int number, const std::string& more,
                          const std::string& uri = "sip:+4930123@school.test",
                          const std::string& to_tag = {}) {
        const auto digits = std::to_string(number);
        return message(method + " " + uri +
                           " SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.20:5060;branch=z9hG4bKt" + digits +
                           method +
                           "\nMax-Forwards: 70\nFrom: <sip:bob@school.test>;tag=bb\n"
                           "To: <sip:+4930123@school.test>" +
                           to_tag + "\nCall-ID: c2\nCSeq: " + digits + " " + method +
                           "\nContact: <sip:bob@192.0.2.20:5060>\n" + more,
                       method == "INVITE" ? bobs_offer : "");
    }
    /// He calls, with a header that names a dialog: the status that he gets at once; 0: none yet.
    int call_about(const std::string& more) {
        const auto all = more + "Content-Type: application/sdp\n";
        exchange.hand_in(bob_says("INVITE", ++count, all), desk);
        const auto asked_for = exchange.next("407");
        if (!asked_for) return -1;
        const auto credentials = sip::answer_challenge(asked_for->message, {"bob", "secret"},
                                                       "INVITE", "sip:+4930123@school.test", "cn");
        exchange.hand_in(
            bob_says("INVITE", ++count, "Proxy-Authorization: " + credentials->value + "\n" + all),
            desk);
        for (auto& each : exchange.sent)
            if (each.to == desk && each.message.is_response() && each.message.status() > 100)
                return each.message.status();
        return 0;
    }
    int fetch(const std::string& replaces) {
        const int status = call_about("Replaces: " + replaces + "\nRequire: replaces\n");
        asked = exchange.next("INVITE");
        return status;
    }
    [[nodiscard]] std::string hers() const {
        return "c1;to-tag=" + std::string(sip::tag_of(*ok, Header::to)) + ";from-tag=p";
    }

    std::string bobs_offer = description("bob", 1);
    int count = 0;
};

} // namespace lyceum::kit
