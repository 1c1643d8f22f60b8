// SPDX-License-Identifier: Apache-2.0
#include "sip/transaction/transaction_layer.hpp"
#include "tests/kit/recording_log.hpp"
#include "tests/kit/sip.hpp"

#include <gtest/gtest.h>

namespace lyceum::sip {
namespace {

class TransactionLayerTest : public testing::Test {
protected:
    template <class T>
    std::vector<T> all() {
        std::vector<T> out;
        while (auto output = layer.poll())
            if (auto* wanted = std::get_if<T>(&*output)) out.push_back(std::move(*wanted));
        return out;
    }
    Message bare(std::string_view method, std::string_view more = {}) {
        std::string text(method);
        text.append(
            " sip:bob@192.0.2.9 SIP/2.0\nFrom: <sip:us@h>;tag=u\nTo: <sip:bob@192.0.2.9>\n");
        text.append("Call-ID: out\nCSeq: 1 ")
            .append(method)
            .append("\nMax-Forwards: 70\n")
            .append(more);
        return kit::message(text);
    }

    Random random{1};
    kit::FixedAddresses local;
    kit::RecordingLog log;
    TransactionLayer layer{{}, random, local, log};
    const Endpoint peer{Transport::udp, kit::address("192.0.2.9", 5060), {}};
    const TimePoint t0{};
};

TEST_F(TransactionLayerTest, ARetransmittedRequestIsPassedUpOnceAndAnsweredAgain) {
    layer.handle_message(kit::request("OPTIONS"), peer, t0);
    auto received = all<RequestReceived>();
    ASSERT_EQ(received.size(), 1u);
    layer.respond(received[0].transaction, MessageWriter::reply(received[0].request, 200).finish(),
                  t0);
    ASSERT_EQ(all<Transmit>().size(), 1u);
    layer.handle_message(kit::request("OPTIONS"), peer, t0 + 1s);
    EXPECT_EQ(all<Transmit>().size(), 1u);
    layer.handle_timeout(t0 + 33s);
    EXPECT_EQ(layer.size(), 0u);
    EXPECT_EQ(layer.deadline(), std::nullopt);
}

TEST_F(TransactionLayerTest, AChallengeLeavesNothingBehindButThatOfAnInvite) {
    std::size_t received = 0, sent = 0;
    const auto ask = [&](std::string_view method) {
        layer.handle_message(kit::request(method), peer, t0);
        received = sent = 0;
        while (auto output = layer.poll()) {
            sent += std::holds_alternative<Transmit>(*output);
            const auto* request = std::get_if<RequestReceived>(&*output);
            if (!request) continue;
            ++received;
            const auto challenge = MessageWriter::reply(request->request, 401).finish();
            layer.respond(request->transaction, challenge, t0);
        }
    };
    for (int again = 0; again < 2; ++again) { // Who asks again is challenged again.
        ask("REGISTER");
        EXPECT_EQ(received, 1u);
        EXPECT_EQ(sent, 1u);
        EXPECT_EQ(layer.size(), 0u);
        EXPECT_EQ(layer.deadline(), std::nullopt);
    }
    ask("INVITE");
    EXPECT_EQ(received, 1u);
    ask("INVITE");
    EXPECT_EQ(received, 0u);
    EXPECT_EQ(sent, 1u) << "said again until its ACK comes";
    layer.handle_message(kit::request("ACK"), peer, t0);
    EXPECT_TRUE(all<AckReceived>().empty());
    layer.handle_timeout(t0 + 33s);
    EXPECT_EQ(layer.size(), 0u);
}

TEST_F(TransactionLayerTest, RportAndReceivedSayWhereItCameFrom) {
    const Endpoint nat{Transport::udp, kit::address("203.0.113.5", 41000), {}};
    layer.handle_message(kit::request("OPTIONS", "z9hG4bKr;rport"), nat, t0);
    auto received = all<RequestReceived>();
    ASSERT_EQ(received.size(), 1u);
    const auto via = Via::parse(received[0].request.values(Header::via).front());
    EXPECT_EQ(via->params.find("rport"), "41000");
    EXPECT_EQ(via->params.find("received"), "203.0.113.5");
    EXPECT_EQ(via->branch(), "z9hG4bKr");
    layer.respond(received[0].transaction, MessageWriter::reply(received[0].request, 200).finish(),
                  t0);
    EXPECT_EQ(all<Transmit>().at(0).to.address, nat.address);
}

TEST_F(TransactionLayerTest, WithoutRportTheAnswerGoesToThePortOfTheVia) {
    const Endpoint from{Transport::udp, kit::address("192.0.2.9", 41000), {}};
    layer.handle_message(kit::request("OPTIONS"), from, t0);
    auto received = all<RequestReceived>();
    layer.respond(received.at(0).transaction,
                  MessageWriter::reply(received[0].request, 200).finish(), t0);
    EXPECT_EQ(all<Transmit>().at(0).to.address, kit::address("192.0.2.9", 5060));
}

TEST_F(TransactionLayerTest, WhenItIsFullWhatIsAnsweredMakesRoom) {
    TransactionLayer small({.transactions_max = 2}, random, local, log);
    std::vector<RequestReceived> received;
    const auto ask = [&](const std::string& branch) {
        small.handle_message(kit::request("OPTIONS", branch), peer, t0);
        int status = 0;
        while (auto output = small.poll()) {
            if (auto* sent = std::get_if<Transmit>(&*output))
                status = kit::parse(sent->bytes).status();
            if (auto* got = std::get_if<RequestReceived>(&*output)) received.push_back(*got);
        }
        return status;
    };
    const auto answer = [&](std::size_t which) {
        small.respond(received.at(which).transaction,
                      MessageWriter::reply(received[which].request, 200).finish(), t0);
        while (small.poll()) {
        }
    };
    ask("z9hG4bK1");
    ask("z9hG4bK2");
    EXPECT_EQ(ask("z9hG4bK3"), 503);
    answer(1);
    EXPECT_EQ(ask("z9hG4bK4"), 0) << "the second has made room";
    EXPECT_EQ(small.size(), 2u);
    EXPECT_EQ(small.counters().forgotten, 1u);
    EXPECT_EQ(ask("z9hG4bK5"), 503) << "the first still waits for its answer";
    answer(0);
    answer(2);
    small.handle_timeout(t0 + 40s);
    EXPECT_EQ(small.size(), 0u);
    EXPECT_EQ(small.deadline(), std::nullopt);
}

TEST_F(TransactionLayerTest, AUserAgentServerClaimsARequestOnce) {
    layer.handle_message(kit::request("INVITE", "z9hG4bKa"), peer, t0);
    layer.handle_message(kit::request("INVITE", "z9hG4bKb"), peer, t0);
    const auto received = all<RequestReceived>();
    ASSERT_EQ(received.size(), 2u); // To a proxy, the second may be a spiral.
    EXPECT_TRUE(layer.claim(received[0].transaction, received[0].request));
    EXPECT_FALSE(layer.claim(received[1].transaction, received[1].request));
    EXPECT_EQ(layer.counters().merged, 1u);
}

TEST_F(TransactionLayerTest, AForwardedRequestKeepsItsViasAndItsAnswerMustHaveThem) {
    layer.request(bare("OPTIONS", "Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKphone\n"), {peer},
                  {.branch_mark = "-mark"}, t0);
    const auto sent = kit::parse(all<Transmit>().at(0).bytes);
    const auto vias = sent.values(Header::via);
    ASSERT_EQ(vias.size(), 2u);
    EXPECT_TRUE(Via::parse(vias[0])->branch().ends_with("-mark"));
    EXPECT_EQ(Via::parse(vias[1])->branch(), "z9hG4bKphone");
    const auto cut = MessageWriter::response(200)
                         .header(Header::via, vias[0])
                         .copy(sent, Header::from)
                         .copy(sent, Header::to)
                         .copy(sent, Header::call_id)
                         .copy(sent, Header::cseq)
                         .finish();
    layer.handle_message(cut, peer, t0);
    EXPECT_TRUE(all<ResponseReceived>().empty());
    layer.handle_message(MessageWriter::reply(sent, 200).finish(), peer, t0);
    EXPECT_EQ(all<ResponseReceived>().size(), 1u);
}

TEST_F(TransactionLayerTest, ALongRequestGoesAsAddressedIfItIsToldTo) {
    const std::string padding = "Subject: " + std::string(1400, 'x') + "\n";
    layer.request(bare("MESSAGE", padding), {peer}, {.as_addressed = true}, t0);
    EXPECT_EQ(all<Transmit>().at(0).to.transport, Transport::udp);
}

TEST_F(TransactionLayerTest, MalformedIsAnsweredWithTheFaultAndLogged) {
    auto text = kit::request("OPTIONS").bytes();
    text.replace(text.find("Max-Forwards: 70"), 16, "Max-Forwards: 7x");
    layer.handle_message(kit::parse(text), peer, t0);
    const auto sent = all<Transmit>();
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(kit::parse(sent[0].bytes).reason(), "Bad Max-Forwards");
    EXPECT_TRUE(log.has("sip.request.malformed reason=\"Bad Max-Forwards\" from=~"));
    EXPECT_EQ(layer.size(), 0u);
}

TEST_F(TransactionLayerTest, StrayResponsesAndAcksDisturbNobody) {
    layer.handle_message(
        kit::message("SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKno\n"
                     "From: <sip:a@b>;tag=1\nTo: <sip:c@d>\nCall-ID: x\nCSeq: 1 BYE\n"),
        peer, t0);
    EXPECT_EQ(layer.counters().stray_responses, 1u);
    layer.handle_message(kit::request("ACK"), peer, t0);
    EXPECT_EQ(all<AckReceived>().size(), 1u);
    EXPECT_EQ(layer.size(), 0u);
}

TEST_F(TransactionLayerTest, AFailureIsAcknowledgedByTheLayer) {
    const auto id = layer.request(bare("INVITE"), {peer}, {}, t0);
    const auto invite = kit::parse(all<Transmit>().at(0).bytes);
    layer.handle_message(kit::parse(MessageWriter::reply(invite, 486, {}, "t").finish().bytes()),
                         peer, t0);
    std::vector<std::string> sent;
    int passed = 0;
    while (auto output = layer.poll()) {
        if (auto* transmit = std::get_if<Transmit>(&*output)) sent.push_back(transmit->bytes);
        if (auto* up = std::get_if<ResponseReceived>(&*output)) passed += up->transaction == id;
    }
    ASSERT_EQ(sent.size(), 1u);
    const auto ack = kit::parse(sent[0]);
    EXPECT_EQ(ack.method(), Method::ack);
    EXPECT_EQ(ack.values(Header::via), invite.values(Header::via));
    EXPECT_EQ(ack.header(Header::to), "<sip:bob@192.0.2.9>;tag=t");
    EXPECT_EQ(ack.header(Header::cseq), "1 ACK");
    EXPECT_EQ(passed, 1);
}

TEST_F(TransactionLayerTest, CancelWaitsForAProvisionalResponse) {
    const auto id = layer.request(bare("INVITE"), {peer}, {}, t0);
    const auto invite = kit::parse(all<Transmit>().at(0).bytes);
    layer.cancel(id, "SIP;cause=200", t0);
    EXPECT_TRUE(all<Transmit>().empty());
    layer.handle_message(kit::parse(MessageWriter::reply(invite, 100).finish().bytes()), peer, t0);
    const auto sent = all<Transmit>();
    ASSERT_EQ(sent.size(), 1u);
    const auto cancel = kit::parse(sent[0].bytes);
    EXPECT_EQ(cancel.method(), Method::cancel);
    EXPECT_EQ(cancel.values(Header::via), invite.values(Header::via));
    EXPECT_EQ(cancel.header(Header::cseq), "1 CANCEL");
    EXPECT_EQ(cancel.request_uri(), invite.request_uri());
    layer.handle_message(kit::parse(MessageWriter::reply(invite, 180).finish().bytes()), peer, t0);
    EXPECT_TRUE(all<Transmit>().empty()) << "one CANCEL is enough";
}

TEST_F(TransactionLayerTest, ACancelFindsItsInvite) {
    layer.handle_message(kit::request("INVITE", "z9hG4bKc"), peer, t0);
    const auto invite = all<RequestReceived>().at(0).transaction;
    const auto cancel = kit::request("CANCEL", "z9hG4bKc");
    EXPECT_EQ(layer.invite_of(cancel), invite);
    EXPECT_EQ(layer.invite_of(kit::request("CANCEL", "z9hG4bKd")), std::nullopt);
}

TEST_F(TransactionLayerTest, TheNextTargetIsTriedWithABranchOfItsOwn) {
    const Endpoint second{Transport::udp, kit::address("192.0.2.10", 5060), {}};
    layer.request(bare("OPTIONS"), {peer, second}, {}, t0);
    const auto first = kit::parse(all<Transmit>().at(0).bytes);
    layer.handle_message(kit::parse(MessageWriter::reply(first, 503).finish().bytes()), peer, t0);
    const auto sent = all<Transmit>();
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent[0].to, second);
    EXPECT_NE(kit::parse(sent[0].bytes).values(Header::via), first.values(Header::via));
    layer.handle_timeout(t0 + 500ms);
    while (layer.deadline() && *layer.deadline() <= t0 + 33s)
        layer.handle_timeout(*layer.deadline());
    EXPECT_EQ(all<RequestFailed>().size(), 1u) << "after the last target";
}

TEST_F(TransactionLayerTest, ALongRequestGoesByTcpAndFallsBack) {
    const auto padding = "X-Padding: " + std::string(1400, 'x') + "\n";
    const auto id = layer.request(bare("MESSAGE", padding), {peer}, {}, t0);
    auto sent = all<Transmit>();
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent[0].to.transport, Transport::tcp);
    EXPECT_NE(sent[0].bytes.find("SIP/2.0/TCP"), std::string::npos);
    layer.handle_transport_error(id, t0);
    sent = all<Transmit>();
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent[0].to.transport, Transport::udp);
    EXPECT_NE(sent[0].bytes.find("SIP/2.0/UDP"), std::string::npos);
    layer.handle_transport_error(id, t0);
    EXPECT_EQ(all<RequestFailed>().size(), 1u);
}

TEST_F(TransactionLayerTest, BeyondTheLimitIs503WithRetryAfter) {
    TransactionLayer small({.transactions_max = 1}, random, local, log);
    small.handle_message(kit::request("OPTIONS", "z9hG4bK1"), peer, t0);
    small.handle_message(kit::request("INVITE", "z9hG4bK2"), peer, t0);
    std::vector<Message> sent;
    while (auto output = small.poll())
        if (auto* transmit = std::get_if<Transmit>(&*output))
            sent.push_back(kit::parse(transmit->bytes));
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent[0].status(), 503);
    EXPECT_TRUE(sent[0].has(Header::retry_after));
    EXPECT_EQ(small.size(), 1u);
}

TEST_F(TransactionLayerTest, PeersOfRfc2543AreToldApartByEverythingElse) {
    const auto text = [](std::string_view call_id) {
        return kit::message(
            "OPTIONS sip:x@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9\nFrom: <sip:a@b>\n"
            "To: <sip:c@d>\nCSeq: 1 OPTIONS\nCall-ID: " +
            std::string(call_id) + "\n");
    };
    layer.handle_message(text("a"), peer, t0);
    layer.handle_message(text("a"), peer, t0);
    layer.handle_message(text("b"), peer, t0);
    EXPECT_EQ(all<RequestReceived>().size(), 2u);
}

} // namespace
} // namespace lyceum::sip
