// SPDX-License-Identifier: Apache-2.0
/// Sessions between two real user agents, with the wire losing what the test says.
#include "tests/kit/agent_pair.hpp"

#include <gtest/gtest.h>

namespace lyceum::sip {
namespace {

using kit::AgentPair;
using kit::phone_sdp;
using Session = InviteSession;

std::string text_of(const Message& message, Header header) {
    return std::string(message.header(header).value_or(""));
}

TEST(InviteSession, CallAndHangUp) {
    AgentPair pair;
    const auto id = pair.call();
    pair.run(1s);
    EXPECT_EQ(pair.caller.all<Session::Established>().size(), 1u);
    EXPECT_EQ(pair.server.all<Session::Established>().size(), 1u);
    ASSERT_EQ(pair.caller.all<Session::Answered>().size(), 1u);
    pair.caller.agent.hang_up(id, "done", pair.now);
    pair.drain();
    pair.run(1s);
    ASSERT_EQ(pair.server.all<Session::Ended>().size(), 1u);
    EXPECT_EQ(pair.server.all<Session::Ended>()[0].cause, EndCause::peer_hung_up);
    EXPECT_EQ(pair.server.all<Session::Ended>()[0].reason, "done");
    EXPECT_EQ(pair.caller.all<Session::Ended>()[0].cause, EndCause::hung_up);
    pair.run(64s);
    EXPECT_EQ(pair.caller.agent.transactions().size() + pair.server.agent.transactions().size(),
              0u);
}

TEST(InviteSession, The2xxIsRepeatedUntilItsAckAndEachIsAcknowledged) {
    AgentPair pair;
    int acks_lost = 2;
    pair.lose = [&](const Message& message, bool) {
        return message.method() == Method::ack && acks_lost-- > 0;
    };
    pair.call();
    pair.run(10s);
    EXPECT_EQ(pair.count(200, false), 3);
    EXPECT_EQ(pair.count(Method::ack, true), 3);
    EXPECT_EQ(pair.server.all<Session::Established>().size(), 1u);
}

TEST(InviteSession, WithoutAnAckTheCallIsHungUpAfter64T1) {
    AgentPair pair;
    pair.lose = [](const Message& message, bool) { return message.method() == Method::ack; };
    pair.call();
    pair.run(31s);
    EXPECT_TRUE(pair.server.all<Session::Ended>().empty());
    pair.run(2s);
    ASSERT_EQ(pair.server.all<Session::Ended>().size(), 1u);
    EXPECT_EQ(pair.server.all<Session::Ended>()[0].cause, EndCause::no_ack);
    EXPECT_EQ(pair.count(Method::bye, false), 1);
    // T1, doubling up to T2: 0.5 1.5 3.5 7.5 11.5 15.5 19.5 23.5 27.5 31.5 and the first.
    EXPECT_EQ(pair.count(200, false), 11);
}

TEST(InviteSession, ACallMayBeCancelled) {
    AgentPair pair;
    pair.on_call = [&](const IncomingCall& call) {
        pair.server.agent.ring(call.session, 180, {}, pair.now);
    };
    const auto id = pair.call();
    pair.run(1s);
    EXPECT_EQ(pair.caller.all<Session::Progress>().at(0).status, 180);
    pair.caller.agent.hang_up(id, "changed my mind", pair.now);
    pair.drain();
    pair.run(1s);
    EXPECT_EQ(pair.server.all<Session::Ended>().at(0).cause, EndCause::cancelled);
    EXPECT_EQ(pair.caller.all<Session::Ended>().at(0).cause, EndCause::hung_up);
    EXPECT_EQ(pair.count(487, false), 1);
}

TEST(InviteSession, ACancelThatCrossesThe2xxEndsInABye) {
    AgentPair pair;
    std::optional<SessionId> ringing;
    pair.on_call = [&](const IncomingCall& call) {
        ringing = call.session;
        pair.server.agent.ring(call.session, 180, {}, pair.now);
    };
    const auto id = pair.call();
    pair.run(1s);
    pair.caller.agent.hang_up(id, "late", pair.now);
    pair.server.agent.accept(*ringing, phone_sdp(), pair.now);
    pair.drain();
    pair.run(1s);
    EXPECT_EQ(pair.count(Method::bye, true), 1);
    EXPECT_EQ(pair.server.all<Session::Ended>().at(0).cause, EndCause::peer_hung_up);
    EXPECT_EQ(pair.caller.all<Session::Ended>().at(0).cause, EndCause::hung_up);
}

TEST(InviteSession, ARefusedCallEndsBothSides) {
    AgentPair pair;
    pair.on_call = [&](const IncomingCall& call) {
        pair.server.agent.reject(call.session, 486, {}, pair.now);
    };
    pair.call();
    pair.run(1s);
    EXPECT_EQ(pair.caller.all<Session::Ended>().at(0).status, 486);
    EXPECT_EQ(pair.server.all<Session::Ended>().at(0).cause, EndCause::rejected);
    EXPECT_EQ(pair.server.agent.session_count(), 0u);
}

TEST(InviteSession, NobodyThere) {
    AgentPair pair;
    pair.lose = [](const Message&, bool) { return true; };
    pair.call();
    pair.run(33s);
    EXPECT_EQ(pair.count(Method::invite, true), 7);
    EXPECT_EQ(pair.caller.all<Session::Ended>().at(0).status, 408);
}

TEST(InviteSession, OfferlessInviteIsOfferedInThe2xxAndAnsweredInTheAck) {
    AgentPair pair;
    const auto id = pair.call("");
    EXPECT_FALSE(pair.server.agent.session_count());
    pair.run(100ms);
    EXPECT_EQ(pair.server.calls.at(0).offer, std::nullopt);
    ASSERT_EQ(pair.caller.all<Session::Offered>().size(), 1u);
    pair.caller.agent.answer(id, phone_sdp("8"), pair.now);
    pair.drain();
    pair.run(1s);
    ASSERT_EQ(pair.server.all<Session::Answered>().size(), 1u);
    EXPECT_EQ(pair.server.all<Session::Answered>()[0].description, phone_sdp("8"));
}

TEST(InviteSession, AnAckWithoutTheAnswerIsTheEnd) {
    AgentPair pair;
    const auto id = pair.call("");
    pair.run(100ms);
    pair.caller.agent.answer(id, "", pair.now);
    pair.drain();
    pair.run(1s);
    EXPECT_EQ(pair.count(Method::bye, false), 1);
}

TEST(InviteSession, ReliableProvisionalResponses) {
    AgentPair pair;
    int lost = 2;
    pair.lose = [&](const Message& message, bool) { return message.status() == 183 && lost-- > 0; };
    pair.on_call = [&](const IncomingCall& call) {
        pair.server.agent.ring(call.session, 183, phone_sdp("0"), pair.now);
        pair.server.agent.accept(call.session, phone_sdp("0"), pair.now);
    };
    pair.call();
    pair.run(500ms);
    EXPECT_EQ(pair.count(200, false), 0) << "the 2xx waits for the PRACK";
    pair.run(5s);
    EXPECT_EQ(pair.count(183, false), 3);
    EXPECT_EQ(pair.count(Method::prack, true), 1);
    EXPECT_EQ(pair.caller.all<Session::Answered>().size(), 1u) << "answered once, in the 183";
    EXPECT_EQ(pair.server.all<Session::Established>().size(), 1u);
}

TEST(InviteSession, APhoneThatOnlyRingsIsCancelledAfterThreeMinutes) {
    AgentPair pair;
    pair.on_call = [&](const IncomingCall& call) {
        pair.server.agent.ring(call.session, 180, {}, pair.now);
    };
    pair.call();
    pair.run(179s);
    EXPECT_EQ(pair.count(Method::cancel, true), 0);
    pair.run(2s);
    EXPECT_EQ(pair.count(Method::cancel, true), 1);
    EXPECT_EQ(pair.caller.agent.session_count() + pair.server.agent.session_count(), 0u);
}

TEST(InviteSession, ARequestThatWaitsIsAnsweredWhenWeHangUp) {
    AgentPair pair;
    const auto id = pair.call();
    pair.run(1s);
    pair.caller.agent.offer(id, phone_sdp("8"), pair.now);
    pair.drain();
    pair.run(50ms);
    pair.server.agent.hang_up(pair.server.calls.at(0).session, "x", pair.now);
    pair.drain();
    pair.run(70s);
    EXPECT_EQ(pair.count(487, false), 1);
    EXPECT_EQ(pair.caller.agent.transactions().size() + pair.server.agent.transactions().size(),
              0u);
}

TEST(InviteSession, WithoutAPrackTheCallIs504) {
    AgentPair pair;
    pair.lose = [](const Message& message, bool) { return message.method() == Method::prack; };
    pair.on_call = [&](const IncomingCall& call) {
        pair.server.agent.ring(call.session, 183, phone_sdp("0"), pair.now);
    };
    pair.call();
    pair.run(33s);
    EXPECT_EQ(pair.caller.all<Session::Ended>().at(0).status, 504);
}

class Established : public testing::Test {
protected:
    Established() : caller(pair.call()) {
        pair.run(1s);
        server = pair.server.calls.at(0).session;
        pair.trace.clear();
        pair.caller.events.clear();
        pair.server.events.clear();
    }
    /// What the server writes in this dialog, as the caller would: for requests made by hand.
    Message from_caller(std::string_view method, int cseq, std::string_view more = {},
                        std::string_view body = {}) {
        const auto& invite = pair.server.calls.at(0).invite;
        Message ok;
        std::string to;
        for (const auto& [direction, message] : all)
            if (!direction && message.status() == 200) to = text_of(message, Header::to);
        std::string text(method);
        text.append(" sip:demo@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKhand");
        text.append(std::to_string(cseq)).append("\nFrom: ").append(text_of(invite, Header::from));
        text.append("\nTo: ")
            .append(to)
            .append("\nCall-ID: ")
            .append(text_of(invite, Header::call_id));
        text.append("\nCSeq: ")
            .append(std::to_string(cseq))
            .append(" ")
            .append(method)
            .append("\n")
            .append(more);
        if (!body.empty()) text.append("Content-Type: application/sdp\n");
        return kit::message(text, body);
    }
    void inject(const Message& message) {
        pair.inject(message.bytes(), true);
        pair.run(50ms);
    }

    AgentPair pair;
    SessionId caller, server;
    std::vector<std::pair<bool, Message>> all;
};

TEST_F(Established, ReinviteIsOfferedAndAnswered) {
    pair.caller.agent.offer(caller, phone_sdp("0", "a=sendonly\r\n"), pair.now);
    pair.drain();
    pair.run(50ms);
    ASSERT_EQ(pair.server.all<Session::Offered>().size(), 1u);
    pair.server.agent.answer(server, phone_sdp("0", "a=recvonly\r\n"), pair.now);
    pair.drain();
    pair.run(1s);
    ASSERT_EQ(pair.caller.all<Session::Answered>().size(), 1u);
    EXPECT_EQ(pair.count(Method::ack, true), 1);
}

TEST_F(Established, ARefusedReinviteLeavesTheSession) {
    pair.caller.agent.offer(caller, phone_sdp("18"), pair.now);
    pair.drain();
    pair.run(50ms);
    pair.server.agent.refuse(server, 488, {}, pair.now);
    pair.drain();
    pair.run(1s);
    EXPECT_EQ(pair.caller.all<Session::OfferRefused>().at(0).status, 488);
    EXPECT_EQ(pair.caller.agent.session_count(), 1u);
}

TEST_F(Established, GlareIs491AndBothTryAgain) {
    pair.caller.agent.offer(caller, phone_sdp("0"), pair.now);
    pair.server.agent.offer(server, phone_sdp("8"), pair.now);
    pair.drain();
    pair.run(30ms);
    EXPECT_EQ(pair.count(491, true), 1);
    EXPECT_EQ(pair.count(491, false), 1);
    for (int i = 0; i < 500; ++i) {
        pair.run(10ms);
        if (pair.server.all<Session::Offered>().size() == 1) {
            pair.server.agent.answer(server, phone_sdp("0"), pair.now);
            pair.server.events.clear();
        }
        if (pair.caller.all<Session::Offered>().size() == 1) {
            pair.caller.agent.answer(caller, phone_sdp("8"), pair.now);
            pair.caller.events.clear();
        }
        pair.drain();
    }
    EXPECT_GE(pair.count(Method::invite, true), 2);
    EXPECT_GE(pair.count(Method::invite, false), 2);
    EXPECT_EQ(pair.count(Method::bye, true) + pair.count(Method::bye, false), 0);
}

TEST(InviteSessionTimer, TheServerRefreshesByUpdateForHours) {
    UserAgent::Options options;
    options.session_interval = 1800s;
    AgentPair pair(options);
    pair.call();
    pair.run(3h);
    EXPECT_EQ(pair.server.agent.session_count(), 1u);
    EXPECT_GE(pair.count(Method::update, false), 11);
    EXPECT_EQ(pair.count(Method::bye, false) + pair.count(Method::bye, true), 0);
}

TEST(InviteSessionTimer, AnUnansweredRefreshEndsTheSession) {
    AgentPair pair;
    pair.call();
    pair.run(1s);
    pair.lose = [](const Message&, bool) { return true; };
    pair.run(1h);
    EXPECT_EQ(pair.server.agent.session_count(), 0u);
    EXPECT_EQ(pair.caller.agent.session_count(), 0u);
    EXPECT_EQ(pair.caller.all<Session::Ended>().at(0).cause, EndCause::session_expired);
}

TEST(InviteSessionTimer, TooShortAnIntervalIs422AndTriedAgain) {
    UserAgent::Options options;
    options.session_interval = 60s;
    AgentPair pair(options);
    pair.call();
    pair.run(1s);
    EXPECT_EQ(pair.count(422, false), 1);
    EXPECT_EQ(pair.count(Method::invite, true), 2);
    EXPECT_EQ(pair.caller.all<Session::Established>().size(), 1u);
}

TEST(InviteSessionFork, ASecondAnswerIsAcknowledgedAndHungUp) {
    AgentPair pair;
    pair.call();
    pair.run(100ms);
    Message ok;
    for (const auto& [direction, message] : pair.trace)
        if (!direction && message.status() == 200) ok = message;
    auto other = ok.bytes();
    const auto tag = std::string(*NameAddr::parse(text_of(ok, Header::to))->tag());
    other.replace(other.find(tag), tag.size(), "another-fork-tagX");
    const auto acks = pair.count(Method::ack, true);
    pair.inject(other, false);
    pair.run(100ms);
    EXPECT_EQ(pair.count(Method::ack, true), acks + 1);
    EXPECT_EQ(pair.count(Method::bye, true), 1);
    EXPECT_EQ(pair.caller.agent.session_count(), 1u) << "the first call goes on";
}

} // namespace
} // namespace lyceum::sip
