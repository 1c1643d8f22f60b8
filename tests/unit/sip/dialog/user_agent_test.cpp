// SPDX-License-Identifier: Apache-2.0
#include "sip/dialog/user_agent.hpp"

#include "sip/message/writer.hpp"
#include "tests/kit/recording_log.hpp"
#include "tests/kit/sip.hpp"

#include <gtest/gtest.h>

namespace lyceum::sip {
namespace {

class UserAgentTest : public testing::Test {
protected:
    /// The answer to a request that stands alone; nothing if it was passed up.
    std::optional<Message> answer(const Message& request) {
        agent.handle_message(request, {Transport::udp, kit::address("192.0.2.9", 5060), {}}, now);
        std::optional<Message> out;
        while (auto output = agent.poll())
            if (auto* transmit = std::get_if<Transmit>(&*output)) out = kit::parse(transmit->bytes);
        return out;
    }

    Random random{1};
    SeededEntropy entropy{1};
    kit::FixedAddresses local;
    kit::RecordingLog log;
    UserAgent agent{{.contact_params = ";isfocus"}, random, entropy, local, log};
    TimePoint now{};
};

/// RFC 3261 §8.2, refusal by refusal.
TEST_F(UserAgentTest, Refusals) {
    struct Row {
        const char* method;
        const char* more;
        int status;
        Header header;
        const char* value;
    };
    int branch = 0;
    for (const auto& row : {
             Row{"REGISTER", "", 405, Header::allow,
                 "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, MESSAGE, REFER"},
             Row{"DANCE", "", 501, Header::allow,
                 "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, MESSAGE, REFER"},
             Row{"SUBSCRIBE", "Event: weather\n", 489, Header::allow,
                 "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, MESSAGE, REFER"},
             Row{"INVITE", "Require: timer, levitation\n", 420, Header::unsupported, "levitation"},
             Row{"INVITE", "Content-Encoding: gzip\n", 415, Header::accept_encoding, "identity"},
             Row{"INVITE", "Accept: text/html\n", 406, Header::to, nullptr},
             Row{"BYE", "", 481, Header::to, nullptr},
             Row{"CANCEL", "", 481, Header::to, nullptr},
         }) {
        auto text =
            kit::request(row.method, "z9hG4bK" + std::to_string(++branch), row.more).bytes();
        text.replace(text.find("Call-ID: c1"), 11, "Call-ID: c" + std::to_string(branch));
        const auto reply = answer(kit::parse(text));
        ASSERT_TRUE(reply) << row.method;
        EXPECT_EQ(reply->status(), row.status) << row.method << " " << row.more;
        if (row.value) {
            EXPECT_EQ(reply->header(row.header), row.value);
        }
    }
    EXPECT_EQ(agent.session_count(), 0u);
}

TEST_F(UserAgentTest, ABodyThatIsNotSdpIs415WithWhatWouldBe) {
    const auto reply = answer(kit::message(
        "INVITE sip:demo@h SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bKq\nFrom: <sip:a@b>;tag=1\n"
        "To: <sip:c@d>\nCall-ID: x\nCSeq: 1 INVITE\nContact: <sip:a@b>\nContent-Type: text/plain\n",
        "hi"));
    EXPECT_EQ(reply->status(), 415);
    EXPECT_EQ(reply->header(Header::accept), "application/sdp");
}

TEST_F(UserAgentTest, OptionsTellsWhatAnInviteWouldFind) {
    const auto reply = answer(kit::request("OPTIONS"));
    EXPECT_EQ(reply->status(), 200);
    EXPECT_EQ(reply->header(Header::accept), "application/sdp");
    EXPECT_TRUE(reply->lists(Header::allow, "PRACK"));
    EXPECT_TRUE(reply->lists(Header::supported, "100rel"));
    EXPECT_TRUE(reply->lists(Header::supported, "replaces"));
    EXPECT_EQ(reply->header(Header::contact), "<sip:demo@192.0.2.1:5060>;isfocus");
}

TEST_F(UserAgentTest, ARequestToADialogThatIsGoneIs481) {
    auto text = kit::request("BYE").bytes();
    text.replace(text.find("To: <sip:demo@192.0.2.1>"), 24, "To: <sip:demo@192.0.2.1>;tag=x");
    EXPECT_EQ(answer(kit::parse(text))->status(), 481);
}

TEST_F(UserAgentTest, AMergedRequestIs482) {
    answer(kit::request("INVITE", "z9hG4bKa", {}, kit::phone_sdp()));
    const auto reply = answer(kit::request("INVITE", "z9hG4bKb", {}, kit::phone_sdp()));
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status(), 482);
    EXPECT_EQ(agent.session_count(), 1u);
}

TEST_F(UserAgentTest, WhoIsTurnedAwayCostsNoTransaction) {
    const Endpoint nat{Transport::udp, kit::address("203.0.113.5", 41000), {}};
    agent.turn_away(kit::request("INVITE", "z9hG4bKr;rport"), nat);
    const auto sent = std::get<Transmit>(*agent.poll());
    EXPECT_EQ(sent.to.address, nat.address);
    const auto reply = kit::parse(sent.bytes);
    EXPECT_EQ(reply.status(), 503);
    EXPECT_EQ(reply.header(Header::retry_after), "10");
    EXPECT_EQ(agent.transactions().size(), 0u);
}

/// What is nobody's is put out for another user of the transactions.
TEST_F(UserAgentTest, StrangersAreShown) {
    UserAgent host({.shows_strangers = true}, random, entropy, local, log);
    const Endpoint peer{Transport::udp, kit::address("192.0.2.9", 5060), {}};
    const auto shown = [&] {
        std::vector<UserAgent::Output> out;
        while (auto output = host.poll())
            if (!std::holds_alternative<Transmit>(*output)) out.push_back(std::move(*output));
        return out;
    };
    host.handle_message(kit::request("INVITE"), peer, now);
    auto output = shown();
    ASSERT_EQ(output.size(), 1u);
    const auto invite = std::get<RequestReceived>(output[0]);
    host.handle_message(kit::request("CANCEL"), peer, now);
    output = shown();
    ASSERT_EQ(output.size(), 1u);
    const auto& cancel = std::get<RequestReceived>(output[0]);
    EXPECT_EQ(host.transactions().invite_of(cancel.request), invite.transaction);
    host.handle_message(kit::request("ACK", "z9hG4bKother"), peer, now);
    output = shown();
    ASSERT_EQ(output.size(), 1u);
    EXPECT_TRUE(std::holds_alternative<AckReceived>(output[0]));
    auto forwarded = kit::request("OPTIONS", "z9hG4bKupstream");
    const auto id = host.request(forwarded, {peer}, {}, now);
    const auto sent = kit::parse(std::get<Transmit>(*host.poll()).bytes);
    host.handle_message(MessageWriter::reply(sent, 200).finish(), peer, now);
    output = shown();
    ASSERT_EQ(output.size(), 1u);
    EXPECT_EQ(std::get<ResponseReceived>(output[0]).transaction, id);
}

TEST_F(UserAgentTest, BeyondTheLimitOfSessionsIs503) {
    UserAgent small({.sessions_max = 0}, random, entropy, local, log);
    small.handle_message(kit::request("INVITE"),
                         {Transport::udp, kit::address("192.0.2.9", 5060), {}}, now);
    const auto output = small.poll();
    const auto reply = kit::parse(std::get<Transmit>(*output).bytes);
    EXPECT_EQ(reply.status(), 503);
    EXPECT_EQ(reply.header(Header::retry_after), "10");
}

TEST_F(UserAgentTest, WhatIsSentInsideComesOutAtTheOtherEnd) {
    UserAgent host({.shows_strangers = true}, random, entropy, local, log);
    const auto wanted =
        host.request(kit::request("OPTIONS", "z9hG4bKbelow"), {inside(Inside::b2bua)}, {}, now);
    auto shown = host.poll();
    ASSERT_TRUE(shown);
    const auto& received = std::get<RequestReceived>(*shown);
    EXPECT_EQ(received.from, inside(Inside::server));
    EXPECT_EQ(received.request.values(Header::via).size(), 2u);
    host.respond(received.transaction, MessageWriter::reply(received.request, 200).finish(), now);
    shown = host.poll();
    ASSERT_TRUE(shown);
    const auto& answer = std::get<ResponseReceived>(*shown);
    EXPECT_EQ(answer.transaction, wanted);
    EXPECT_EQ(answer.from, inside(Inside::b2bua));
    EXPECT_EQ(answer.response.status(), 200);

    // What is too much for a parser is not sent; and nothing of it gets out to a network.
    auto writer = MessageWriter::request(Method::options, "sip:demo@192.0.2.1");
    writer.header("X", std::string(100'000, 'x')).header(Header::cseq, "1 OPTIONS");
    host.request(writer.finish(), {inside(Inside::b2bua)}, {}, now);
    shown = host.poll();
    ASSERT_TRUE(shown);
    EXPECT_TRUE(std::holds_alternative<RequestFailed>(*shown));
    EXPECT_FALSE(host.poll());
}

TEST_F(UserAgentTest, APeerIsToldWhereWeAreByItsOwnTransport) {
    const auto peer = *endpoint_of("sip:192.0.2.9");
    EXPECT_EQ(own_uri("bob", local, peer), "sip:bob@192.0.2.1:5060");
    EXPECT_EQ(own_uri({}, local, {Transport::wss, peer.address, {}}),
              "sip:192.0.2.1:5060;transport=ws");
}

TEST_F(UserAgentTest, NobodyOutsideCanNameTheLineInside) {
    EXPECT_FALSE(transport_of("inside"));
    EXPECT_FALSE(endpoint_of("sip:x@0.0.0.0:2;transport=inside"));
}

TEST_F(UserAgentTest, AHostNameIsLocatedFirst) {
    const auto id = agent.call({"sip:bob@example.org", "<sip:us@h>", kit::phone_sdp()}, now);
    const auto output = agent.poll();
    const auto* locate = std::get_if<Locate>(&*output);
    ASSERT_TRUE(locate);
    EXPECT_EQ(locate->uri, "sip:bob@example.org");
    agent.handle_located(locate->id, {}, now);
    const auto event = agent.poll();
    const auto& ended = std::get<SessionEvent>(*event);
    EXPECT_EQ(ended.session, id);
    EXPECT_TRUE(std::holds_alternative<InviteSession::Ended>(ended.event));
}

} // namespace
} // namespace lyceum::sip
