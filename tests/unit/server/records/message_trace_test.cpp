// SPDX-License-Identifier: Apache-2.0
#include "server/records/message_trace.hpp"

#include <gtest/gtest.h>

namespace lyceum::records {
namespace {

std::string request(const std::string& method, const std::string& call_id,
                    const std::string& more = {}, const std::string& body = {}) {
    return method + " sip:bob@example.org SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n" +
           more + "From: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\nCall-ID: " + call_id + "\r\nCSeq: 1 " +
           method + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string ok(const std::string& method, const std::string& call_id) {
    auto text = request(method, call_id);
    return "SIP/2.0 200 OK" + text.substr(text.find("\r\n"));
}

struct TraceTest : testing::Test {
    void note(const std::string& bytes, bool received = true) {
        trace.note(received, peer, own, bytes, now += 1ms);
    }
    MessageTrace trace{4096};
    sip::Endpoint peer{sip::Transport::udp, {*IpAddress::parse("192.0.2.1"), 5060}, {}};
    SocketAddress own{*IpAddress::parse("192.0.2.9"), 5060};
    WallTime now{std::chrono::days(20'000)};
};

TEST_F(TraceTest, TheMessagesOfOneCallInTheirOrder) {
    note(request("INVITE", "one"));
    note(request("INVITE", "another"));
    note(ok("INVITE", "one"), false);
    note(request("ACK", "one"));
    note(request("BYE", "one", "X-Note: another\r\n"));
    const auto seen = trace.messages_of("one");
    ASSERT_EQ(seen.size(), 4u);
    EXPECT_TRUE(seen[0].received && !seen[1].received);
    EXPECT_TRUE(seen[1].text.starts_with("SIP/2.0 200 OK\r\nVia:"));
    EXPECT_LT(seen[0].at, seen[3].at);
    EXPECT_EQ(trace.messages_of("another").size(), 1u) << "named somewhere else in another call";
    EXPECT_TRUE(trace.messages_of("").empty() && trace.messages_of("on").empty());
}

TEST_F(TraceTest, WhatIsNoCallIsNotKept) {
    for (const auto* method :
         {"MESSAGE", "REGISTER", "PUBLISH", "SUBSCRIBE", "NOTIFY", "OPTIONS"}) {
        note(request(method, "one"));
        note(ok(method, "one"));
    }
    note("nonsense");
    note("SIP/2.0 200 OK\r\n\r\n");
    EXPECT_EQ(trace.size(), 0u);
}

TEST_F(TraceTest, SecretsAreNotShown) {
    note(request("INVITE", "one",
                 "proxy-authorization: Digest response=\"deadbeef\"\r\nAuthorization: Digest\r\n"
                 "\tnonce=folded\r\n response=folded\r\n",
                 "v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:KEYKEY|2^20\r\n"
                 "a=ice-pwd:pwdpwd\r\na=rtpmap:0 PCMU/8000\r\n"));
    note(request("INFO", "one", "Content-Type: application/dtmf-relay\r\n", "Signal=7\r\n"));
    const auto seen = trace.messages_of("one");
    ASSERT_EQ(seen.size(), 2u);
    for (const auto* secret : {"deadbeef", "Digest", "folded", "KEYKEY", "pwdpwd"})
        EXPECT_EQ(seen[0].text.find(secret), std::string::npos) << secret;
    EXPECT_NE(seen[0].text.find("inline:xxxxxxxxxxx\r\n"), std::string::npos);
    EXPECT_NE(seen[0].text.find("a=rtpmap:0 PCMU/8000\r\n"), std::string::npos);
    EXPECT_NE(seen[0].text.find("From: <sip:a@x>"), std::string::npos);
    EXPECT_EQ(seen[1].text.find("Signal"), std::string::npos);
    EXPECT_TRUE(seen[1].text.ends_with("Content-Length: 10\r\n\r\nxxxxxxxxxx"))
        << "as long as it was";
    const auto private_message = masked(request("MESSAGE", "two", {}, "Dear Ann"));
    EXPECT_TRUE(private_message.ends_with("\r\n\r\nxxxxxxxx"));
    EXPECT_EQ(masked("INVITE \xff\r\n\r\n"), "INVITE ?\r\n\r\n");
}

TEST_F(TraceTest, BothSidesOfAGatewayAreOneCall) {
    note(request("INVITE", "one"));
    trace.relate("one", "first-gateway");
    note(request("INVITE", "first-gateway"), false);
    trace.relate("first-gateway", "further");
    trace.relate("one", "second-gateway");
    note(request("INVITE", "second-gateway"), false);
    note(request("INVITE", "further"), false);
    note(request("INVITE", "another"));
    for (const auto* each : {"one", "second-gateway"})
        EXPECT_EQ(trace.messages_of(each).size(), 4u) << each;
    EXPECT_EQ(trace.messages_of("another").size(), 1u);
    EXPECT_EQ(trace.origin_of("further"), "one");
    EXPECT_EQ(trace.origin_of("one"), "");
    for (std::size_t i = 0; i < MessageTrace::related_max; ++i)
        trace.relate("other", std::to_string(i));
    EXPECT_EQ(trace.origin_of("further"), "") << "no more of them are kept";
}

TEST_F(TraceTest, TheOldestGoWhenThereIsNoRoom) {
    const auto size = request("INVITE", "call-10").size();
    for (int i = 10; i < 60; ++i) note(request("INVITE", "call-" + std::to_string(i)));
    EXPECT_EQ(trace.size(), 4096 / size);
    EXPECT_TRUE(trace.messages_of("call-10").empty());
    EXPECT_EQ(trace.messages_of("call-59").size(), 1u);
    note(request("INVITE", "huge", {}, std::string(5000, 'x')));
    EXPECT_TRUE(trace.messages_of("huge").empty());
    MessageTrace off(0);
    off.note(true, peer, own, request("INVITE", "one"), now);
    EXPECT_EQ(off.size(), 0u);
}

} // namespace
} // namespace lyceum::records
