// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/presence_calls.hpp"

#include "sip/message/values.hpp"

namespace lyceum::messages {
namespace {

using sip::Header;

class ExploderTest : public kit::PresenceCalls {
protected:
    ExploderTest() {
        routing::Groups groups;
        for (const auto* each : {"alice", "bob", "carol"}) groups.add("7b", each);
        groups.add("staff", "carol");
        exchange.router.set_groups(groups);
    }
    /// What he gets to hear at once; 0: nothing yet.
    int write(const std::string& user, const std::string& to, const std::string& text = "hello",
              const std::string& more = "Content-Type: text/plain\n") {
        const auto answer =
            from_member(user, {.method = "MESSAGE", .uri = to, .more = more, .body = text});
        return answer.is_response() ? answer.status() : 0;
    }
    /// The next MESSAGE on a device, answered.
    std::optional<sip::Message> read(const sip::Endpoint& device, int status = 200) {
        for (auto each = exchange.sent.begin(); each != exchange.sent.end(); ++each) {
            const bool fits = each->to == device && each->message.is_request() &&
                              each->message.method() == sip::Method::message;
            if (!fits) continue;
            const auto message = each->message;
            exchange.sent.erase(each);
            const auto reply = sip::MessageWriter::reply(message, status, {}, "d").finish();
            exchange.hand_in(kit::parse(reply.bytes()), device);
            return message;
        }
        return std::nullopt;
    }
    records::RecordId enter(const std::string& user, const sip::Endpoint& from) {
        auto& records = exchange.records;
        const auto leg = records.begin(
            request({.uri = "sip:maths@school.test", .from = "sip:" + user + "@school.test"}), from,
            "room", exchange.now);
        records.set_room(leg, "maths");
        records.answer(leg, exchange.now);
        exchange.turn();
        return leg;
    }

    static inline const sip::Endpoint bobs = desk, carols{sip::Transport::udp,
                                                          kit::address("192.0.2.40", 5060),
                                                          {}};
    static inline const sip::Endpoint alices{
        sip::Transport::udp, kit::address("192.0.2.30", 5060), {}};
    void bind_all() {
        exchange.bind("alice", "sip:alice@192.0.2.30:5060");
        exchange.bind("bob", "sip:bob@192.0.2.20:5060");
        exchange.bind("carol", "sip:carol@192.0.2.40:5060");
    }
};

TEST_F(ExploderTest, AGroupGetsItAndTheSenderIsToldWhenItIsCertain) {
    bind_all();
    EXPECT_EQ(write("alice", "sip:7b@school.test"), 0);
    const auto copy = read(bobs);
    ASSERT_TRUE(copy);
    EXPECT_EQ(copy->body(), "hello");
    EXPECT_EQ(copy->header(Header::content_type), "text/plain");
    EXPECT_EQ(sip::uri_in(*copy->header(Header::from)), "sip:7b@school.test");
    EXPECT_EQ(sip::NameAddr::parse(*copy->header(Header::from))->display, "alice");
    EXPECT_FALSE(read(alices)) << "he knows what he wrote";
    EXPECT_FALSE(answered());
    EXPECT_TRUE(read(carols));
    const auto answer = answered();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status(), 202);
}

TEST_F(ExploderTest, WhoIsAwayFindsItLater) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    write("alice", "sip:7b@school.test");
    EXPECT_EQ(exchange.mails.size(), 1u) << "carol's";
    EXPECT_TRUE(read(bobs));
    EXPECT_EQ(answered()->status(), 202);
    exchange.bind("carol", "sip:carol@192.0.2.40:5060");
    const auto kept = read(carols);
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->body(), "hello");
    EXPECT_EQ(sip::uri_in(*kept->header(Header::from)), "sip:7b@school.test");
}

TEST_F(ExploderTest, WhoDoesNotBelongThereIsRefused) {
    EXPECT_EQ(write("bob", "sip:staff@school.test"), 403);
    EXPECT_EQ(write("bob", "sip:maths@school.test"), 480);
    bind_all();
    enter("carol", carols);
    EXPECT_EQ(write("bob", "sip:maths@school.test"), 403);
    EXPECT_EQ(
        write("bob", "sip:maths@school.test", "x", "Require: magic\nContent-Type: text/plain\n"),
        420);
    EXPECT_EQ(ask({.method = "MESSAGE", .uri = "sip:7b@school.test"}), 401);
    EXPECT_FALSE(exchange.next("MESSAGE"));
}

TEST_F(ExploderTest, ARoomIsForThoseWhoAreInItAndWhoComesLaterIsToldTheLast) {
    bind_all();
    enter("alice", alices);
    const auto bob = enter("bob", bobs);
    for (const auto* text : {"one", "two", "three"}) {
        write("alice", "sip:maths@school.test", text);
        const auto copy = read(bobs);
        ASSERT_TRUE(copy);
        EXPECT_EQ(copy->body(), text);
        EXPECT_EQ(answered()->status(), 202);
    }
    EXPECT_FALSE(read(carols));
    enter("carol", carols);
    for (const auto* text : {"two", "three"}) {
        const auto copy = read(carols);
        ASSERT_TRUE(copy);
        EXPECT_EQ(copy->body(), text);
    }
    EXPECT_FALSE(read(carols));
    EXPECT_FALSE(read(bobs));
    // He has been there: coming back, he is told anew what he may have missed.
    exchange.records.end(bob, 200, "left", exchange.now);
    exchange.turn();
    enter("bob", bobs);
    EXPECT_TRUE(read(bobs));
}

TEST_F(ExploderTest, GuestsOfARoomWriteAndReadInTheirCalls) {
    bind_all();
    enter("alice", alices);
    const auto carol = enter("carol", carols);
    const auto guest = [&](int number, const std::string& allow) {
        const auto invite =
            request({.uri = "sip:maths@school.test",
                     .more = "Allow: " + allow + "\nContent-Type: application/sdp\n",
                     .body = "v=0\r\n",
                     .call_id = "guest" + std::to_string(number)});
        exchange.hand_in(invite, outside);
        const auto session = exchange.taken.back().session;
        exchange.agent.accept(session, "v=0\r\n", exchange.now);
        exchange.turn();
        const auto ok = *answered();
        --cseq; // An ACK has the number of its INVITE.
        exchange.hand_in(request({.method = "ACK",
                                  .uri = "sip:maths@school.test",
                                  .to_tag = std::string(sip::tag_of(ok, Header::to)),
                                  .call_id = "guest" + std::to_string(number)}),
                         outside);
        return session;
    };
    const auto eve = guest(1, "INVITE, MESSAGE"), mute = guest(2, "INVITE, BYE");
    exchange.guests = {eve, mute};
    EXPECT_EQ(write("alice", "sip:maths@school.test", "to all"), 0);
    const auto told = read(outside);
    ASSERT_TRUE(told);
    EXPECT_EQ(told->header(Header::call_id), "guest1") << "and only to her who can read";
    EXPECT_EQ(told->body(), "to all");
    const auto from = sip::NameAddr::parse(*told->header(Header::from));
    EXPECT_EQ(from->display, "alice");
    EXPECT_EQ(sip::uri_in(*told->header("P-Asserted-Identity")), "sip:alice@school.test");
    EXPECT_EQ(read(carols)->body(), "to all");
    EXPECT_EQ(answered()->status(), 202);
    EXPECT_FALSE(exchange.next("MESSAGE"));

    exchange.hand_in(request({.method = "MESSAGE",
                              .uri = "sip:maths@school.test",
                              .more = "Content-Type: text/plain\n",
                              .body = "from a guest",
                              .to_tag = std::string(sip::tag_of(*told, Header::from)),
                              .call_id = "guest1"}),
                     outside);
    ASSERT_FALSE(exchange.written.empty());
    exchange.exploder.handle_written({"maths", "", "Eve", eve}, exchange.written.back(),
                                     exchange.now);
    exchange.turn();
    const auto copy = read(carols);
    ASSERT_TRUE(copy);
    EXPECT_EQ(copy->body(), "from a guest");
    EXPECT_EQ(sip::NameAddr::parse(*copy->header(Header::from))->display, "Eve");
    EXPECT_EQ(sip::uri_in(*copy->header(Header::from)), "sip:maths@school.test");
    EXPECT_FALSE(copy->header("P-Asserted-Identity")) << "nobody knows that";
    EXPECT_TRUE(read(alices, 480));
    EXPECT_TRUE(exchange.mails.empty()) << "what a guest writes waits for nobody";
    EXPECT_EQ(answered()->status(), 202);

    const auto late = guest(3, "MESSAGE");
    exchange.guests.push_back(late);
    exchange.records.end(carol, 200, "left", exchange.now);
    exchange.turn();
    EXPECT_EQ(exchange.next("MESSAGE")->message.body(), "to all") << "who comes later is told";
    EXPECT_EQ(exchange.next("MESSAGE")->message.body(), "from a guest");
    EXPECT_FALSE(exchange.next("MESSAGE"));
}

TEST_F(ExploderTest, AListIsBroughtAlong) {
    bind_all();
    const std::string list =
        "--b\r\nContent-Type: application/resource-lists+xml\r\nContent-Disposition: "
        "recipient-list\r\n\r\n<resource-lists xmlns='urn:ietf:params:xml:ns:resource-lists'><list>"
        "<entry uri='sip:bob@school.test'/><entry uri='sip:CAROL'/></list></resource-lists>\r\n";
    const std::string more =
        "Require: recipient-list-message\nContent-Type: multipart/mixed;boundary=b\n";
    const auto body = list + "--b\r\nContent-Type: text/html\r\n\r\n<b>hi</b>\r\n--b--\r\n";
    EXPECT_EQ(write("alice", "sip:school.test", body, more), 404) << "sip:CAROL is nobody";
    auto good = body;
    good.replace(good.find("sip:CAROL"), 9, "sip:carol@school.test");
    EXPECT_EQ(write("alice", "sip:school.test", good, more), 0);
    const auto copy = read(bobs);
    ASSERT_TRUE(copy);
    EXPECT_EQ(copy->header(Header::content_type), "text/html");
    EXPECT_EQ(copy->body(), "<b>hi</b>");
    EXPECT_EQ(sip::uri_in(*copy->header(Header::from)), "sip:alice@school.test");
    EXPECT_TRUE(read(carols));
    EXPECT_EQ(answered()->status(), 202);
    EXPECT_EQ(write("alice", "sip:school.test", "hi",
                    "Require: recipient-list-message\nContent-Type: text/plain\n"),
              415);
}

TEST_F(ExploderTest, WhereNobodyTakesItTheSenderIsTold) {
    bind_all();
    write("alice", "sip:7b@school.test");
    EXPECT_TRUE(read(bobs, 415));
    EXPECT_TRUE(read(carols, 415));
    EXPECT_EQ(answered()->status(), 415);
}

TEST_F(ExploderTest, ADeviceThatSaysNothingHoldsUpNobody) {
    bind_all();
    write("alice", "sip:7b@school.test");
    EXPECT_TRUE(read(bobs));
    exchange.run(24s);
    EXPECT_FALSE(answered());
    exchange.run(2s);
    EXPECT_EQ(answered()->status(), 202);
    exchange.run(60s);
    EXPECT_FALSE(answered());
}

TEST_F(ExploderTest, ThatSomebodyIsComposingIsNotForAll) {
    bind_all();
    EXPECT_EQ(write("alice", "sip:7b@school.test", "<isComposing/>",
                    "Content-Type: application/im-iscomposing+xml\n"),
              202);
    EXPECT_FALSE(read(bobs));
}

TEST_F(ExploderTest, WhoWritesTooMuchIsToldToWait) {
    int refused = 0;
    for (int i = 0; i < 40; ++i)
        if (write("carol", "sip:staff@school.test") == 503) ++refused;
    EXPECT_EQ(refused, 10);
}

} // namespace
} // namespace lyceum::messages
