// SPDX-License-Identifier: Apache-2.0
#include "presence/mailbox.hpp"

#include "sip/auth/digest_client.hpp"
#include "tests/kit/proxy_calls.hpp"

namespace lyceum::presence {
namespace {

using kit::ProxyCalls;
using sip::Header;

class MailboxTest : public ProxyCalls {
protected:
    /// What alice gets to hear of her message to bob, once it is certain.
    int write(const std::string& text, const std::string& more = {}, Duration wait = 0s,
              const std::string& type = "text/plain") {
        exchange.hand_in(signed_by("alice", {.method = "MESSAGE",
                                             .from = "sip:alice@school.test",
                                             .more = more + "Content-Type: " + type + "\n",
                                             .body = text}),
                         outside);
        exchange.run(wait);
        const auto answer = answered();
        return answer ? answer->status() : 0;
    }
    /// The next MESSAGE that bob's device gets, answered.
    std::optional<sip::Message> read(int status = 200) {
        const auto message = exchange.next("MESSAGE");
        if (!message) return std::nullopt;
        EXPECT_EQ(message->to, desk);
        exchange.hand_in(
            kit::parse(
                sip::MessageWriter::reply(message->message, status, {}, "b").finish().bytes()),
            desk);
        return message->message;
    }
    void bob_comes() {
        exchange.bindings["bob"].clear();
        exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    }
};

TEST_F(MailboxTest, WhoIsAwayGetsItWhenHeComesOnceAndInOrder) {
    EXPECT_EQ(write("one", "Subject: first\nX-Unheard-Of: stays\n"), 202);
    EXPECT_EQ(write("two"), 202);
    EXPECT_EQ(exchange.mails.size(), 2u);
    EXPECT_FALSE(exchange.next("MESSAGE"));
    bob_comes();
    const auto one = read();
    ASSERT_TRUE(one);
    EXPECT_EQ(one->request_uri(), "sip:bob@192.0.2.20:5060");
    EXPECT_EQ(one->body(), "one");
    EXPECT_EQ(one->header("Subject"), "first");
    EXPECT_EQ(one->header("X-Unheard-Of"), "stays");
    EXPECT_EQ(one->header("Date"), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(sip::uri_in(*one->header(Header::from)), "sip:alice@school.test");
    EXPECT_FALSE(one->header("Proxy-Authorization"));
    const auto two = read();
    ASSERT_TRUE(two);
    EXPECT_EQ(two->body(), "two");
    EXPECT_FALSE(read());
    EXPECT_TRUE(exchange.mails.empty());
    bob_comes();
    EXPECT_FALSE(read());
}

TEST_F(MailboxTest, ItIsKeptNoLongerThanItIsGood) {
    EXPECT_EQ(write("soon", "Expires: 60\n"), 202);
    EXPECT_EQ(write("ever"), 202);
    exchange.run(59s);
    EXPECT_EQ(exchange.mails.size(), 2u);
    exchange.run(2s);
    EXPECT_EQ(exchange.mails.size(), 1u);
    EXPECT_EQ(write("<isComposing/>", {}, 0s, "application/im-iscomposing+xml"), 480);
}

TEST_F(MailboxTest, WhoIsThereGetsItAtOnce) {
    bob_comes();
    EXPECT_EQ(write("now"), 0);
    EXPECT_EQ(read()->body(), "now");
    EXPECT_EQ(answered()->status(), 200);
    EXPECT_TRUE(exchange.mails.empty());
}

TEST_F(MailboxTest, ADeviceThatIsDeadOnlySeemsToBeThere) {
    bob_comes();
    EXPECT_EQ(write("into the void", {}, 33s), 202);
    exchange.sent.clear();
    exchange.run(40s); // One more try is made, in case that he has come meanwhile.
    exchange.sent.clear();
    bob_comes();
    EXPECT_EQ(read()->body(), "into the void");
    EXPECT_TRUE(exchange.mails.empty());
}

TEST_F(MailboxTest, WhatADeviceDoesNotTakeIsTriedAgainOrNot) {
    struct Row {
        int status;
        std::size_t left;
    };
    for (const auto& row :
         std::vector<Row>{{200, 0}, {202, 0}, {415, 0}, {603, 0}, {480, 1}, {503, 1}}) {
        exchange.mailbox.restore({{MailId{100u + unsigned(row.status)},
                                   "bob",
                                   std::string(request({.method = "MESSAGE", .body = ""}).bytes()),
                                   {}}},
                                 exchange.now);
        bob_comes();
        EXPECT_TRUE(read(row.status)) << row.status;
        EXPECT_EQ(exchange.mailbox.waiting_for("bob"), row.left) << row.status;
        bob_comes();
        if (row.left > 0) {
            EXPECT_TRUE(read());
        }
        EXPECT_EQ(exchange.mailbox.waiting_for("bob"), 0u) << row.status;
    }
}

// ── Receipts (RFC 5438) ──────────────────────────────────────────────────────────────────────────

std::string envelope(const std::string& asked) {
    return "From: <sip:alice@school.test>\r\nNS: imdn <urn:ietf:params:imdn>\r\n"
           "imdn.Message-ID: m1\r\nimdn.Disposition-Notification: " +
           asked + "\r\n\r\nContent-Type: text/plain\r\n\r\nhello";
}

TEST_F(MailboxTest, WhoAsksForItHearsThatHisMessageWaits) {
    exchange.bind("alice", "sip:alice@192.0.2.30:5060");
    EXPECT_EQ(write(envelope("positive-delivery, processing"), {}, 0s, "message/cpim"), 202);
    const auto told = exchange.next("MESSAGE");
    ASSERT_TRUE(told);
    EXPECT_EQ(told->message.request_uri(), "sip:alice@192.0.2.30:5060");
    EXPECT_EQ(sip::uri_in(*told->message.header(Header::from)), "sip:bob@school.test");
    EXPECT_EQ(told->message.header(Header::content_type), "message/cpim");
    const std::string body(told->message.body());
    EXPECT_NE(body.find("<message-id>m1</message-id>"), std::string::npos) << body;
    EXPECT_NE(body.find("<stored/>"), std::string::npos) << body;
    EXPECT_EQ(write(envelope("negative-delivery"), {}, 0s, "message/cpim"), 202);
    EXPECT_EQ(write(envelope("processing"), {}, 0s, "text/plain"), 202);
    EXPECT_FALSE(exchange.next("MESSAGE")) << "nobody has asked";
    bob_comes();
    EXPECT_EQ(read()->body(), envelope("positive-delivery, processing")) << "as it came";
}

TEST_F(MailboxTest, WhoAsksForItHearsThatItWillNotBeDelivered) {
    EXPECT_EQ(write(envelope("negative-delivery"), "Expires: 60\n", 0s, "message/cpim"), 202);
    exchange.run(61s);
    ASSERT_EQ(exchange.mails.size(), 1u) << "she is away: what tells her waits for her";
    const auto& mail = exchange.mails.begin()->second;
    EXPECT_EQ(mail.recipient, "alice");
    EXPECT_NE(mail.request.find("<failed/>"), std::string::npos);
    EXPECT_EQ(write(envelope("negative-delivery"), {}, 0s, "message/cpim"), 202);
    bob_comes();
    EXPECT_TRUE(read(415));
    EXPECT_EQ(exchange.mailbox.waiting_for("bob"), 0u);
    EXPECT_EQ(exchange.mailbox.waiting_for("alice"), 2u);
    exchange.run(std::chrono::days(40));
    EXPECT_TRUE(exchange.mails.empty()) << "nobody is told that nobody was told";
}

TEST_F(MailboxTest, WhatWasNotTakenIsForgottenWhenItsSenderKnows) {
    exchange.bind("alice", "sip:alice@192.0.2.30:5060");
    EXPECT_EQ(write(envelope("negative-delivery"), "Expires: 60\n", 0s, "message/cpim"), 202);
    exchange.run(61s);
    const auto told = exchange.next("MESSAGE");
    ASSERT_TRUE(told);
    EXPECT_EQ(exchange.mails.size(), 1u) << "killed now, it would say so again";
    EXPECT_EQ(exchange.mailbox.waiting_for("bob"), 0u);
    exchange.hand_in(
        kit::parse(sip::MessageWriter::reply(told->message, 200, {}, "a").finish().bytes()),
        told->to);
    EXPECT_TRUE(exchange.mails.empty());
}

TEST_F(MailboxTest, WhatIsOverBeforeItIsOnDiskIsForgotten) {
    Mailbox mailbox(
        {}, exchange.agent, [](std::string_view) { return "sip:bob@school.test"; },
        exchange.entropy, exchange.log);
    const auto message = request({.method = "MESSAGE",
                                  .from = "sip:alice@school.test",
                                  .more = "Expires: 1\nContent-Type: message/cpim\n",
                                  .body = envelope("processing")});
    mailbox.keep({sip::TransactionId{12345}, message, outside}, "bob", exchange.now);
    const auto save = mailbox.poll();
    ASSERT_TRUE(save && std::holds_alternative<Mailbox::Save>(*save));
    mailbox.handle_timeout(exchange.now + 2s);
    mailbox.handle_saved(std::get<Mailbox::Save>(*save).mail.id, true, exchange.now + 2s);
    const auto forget = mailbox.poll();
    EXPECT_TRUE(forget && std::holds_alternative<Mailbox::Forget>(*forget));
    EXPECT_EQ(mailbox.size(), 0u);
    EXPECT_EQ(mailbox.waiting_for("bob"), 0u);
}

TEST_F(MailboxTest, StrangersLeaveNothing) {
    bob_comes();
    exchange.hand_in(
        request({.method = "MESSAGE", .more = "Content-Type: text/plain\n", .body = "spam"}),
        outside);
    exchange.run(33s);
    EXPECT_EQ(answered()->status(), 408);
    EXPECT_TRUE(exchange.mails.empty());
}

TEST_F(MailboxTest, OneBoxIsFullAtSomeTimeAndOldMailGoes) {
    for (int i = 0; i < 200; ++i) ASSERT_EQ(write(std::to_string(i)), 202);
    EXPECT_EQ(write("one too many"), 480);
    exchange.run(std::chrono::days(29));
    EXPECT_EQ(exchange.mailbox.waiting_for("bob"), 200u);
    exchange.run(std::chrono::days(2));
    EXPECT_EQ(exchange.mailbox.waiting_for("bob"), 0u);
    EXPECT_TRUE(exchange.mails.empty());
    EXPECT_FALSE(exchange.mailbox.deadline());
}

TEST_F(MailboxTest, WhatWasOnDiskIsDeliveredAfterARestart) {
    EXPECT_EQ(write("sealed \x01\x02 octets"), 202);
    kit::Exchange again;
    std::vector<Mail> mails;
    for (const auto& [id, mail] : exchange.mails) mails.push_back(mail);
    again.mailbox.restore(mails, again.now);
    again.bind("bob", "sip:bob@192.0.2.20:5060");
    const auto message = again.next("MESSAGE");
    ASSERT_TRUE(message);
    EXPECT_EQ(message->message.body(), "sealed \x01\x02 octets");
}

TEST_F(MailboxTest, TheSummarySaysWhatWaits) {
    MessageSummary summary(exchange.mailbox, [](std::string_view name) {
        return "sip:" + std::string(name) + "@school.test";
    });
    const auto text = [&] { return summary.state("bob", "bob", message_summary_type)->text; };
    EXPECT_EQ(text(), "Messages-Waiting: no\r\nMessage-Account: sip:bob@school.test\r\n"
                      "Text-Message: 0/0\r\n");
    write("one");
    EXPECT_EQ(text(), "Messages-Waiting: yes\r\nMessage-Account: sip:bob@school.test\r\n"
                      "Text-Message: 1/0\r\n");
}

} // namespace
} // namespace lyceum::presence
