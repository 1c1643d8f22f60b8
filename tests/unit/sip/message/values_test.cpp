// SPDX-License-Identifier: Apache-2.0
#include "sip/message/values.hpp"
#include "tests/kit/sip.hpp"

#include <gtest/gtest.h>

namespace lyceum::sip {
namespace {

TEST(NameAddr, WithAndWithoutBrackets) {
    const auto quoted = NameAddr::parse("\"Bell, \\\"A\\\"\" <sip:bell@x;p=1>;tag=7;x");
    ASSERT_TRUE(quoted);
    EXPECT_EQ(quoted->display, "Bell, \\\"A\\\"");
    EXPECT_EQ(quoted->uri_text, "sip:bell@x;p=1");
    EXPECT_EQ(quoted->tag(), "7");
    const auto bare = NameAddr::parse("sip:a@b;tag=9");
    ASSERT_TRUE(bare);
    EXPECT_EQ(bare->uri_text, "sip:a@b");
    EXPECT_EQ(bare->tag(), "9");
    for (const auto* text : {"", "\"open <sip:a@b>", "<sip:a@b", "A, B <sip:a@b>", "< sip:a@b >",
                             "<sip:a@b> x", "sip:a@b?c=d", "<sip:a@b>;", "hello"})
        EXPECT_FALSE(NameAddr::parse(text)) << text;
}

TEST(Via, ReadsOddWhiteSpaceAndRefusesOddThings) {
    const auto via = Via::parse("SIP / 2.0 / UDP  [2001:db8::1]:5062 ; branch = z9hG4bKx;rport");
    ASSERT_TRUE(via);
    EXPECT_EQ(via->transport, "UDP");
    EXPECT_EQ(via->host, "[2001:db8::1]");
    EXPECT_EQ(via->port, 5062);
    EXPECT_TRUE(via->rfc3261_branch());
    EXPECT_TRUE(via->params.has("rport"));
    EXPECT_FALSE(Via::parse("SIP/2.0/UDP h;branch=z9hG4bK")->rfc3261_branch());
    for (const auto* text :
         {"", "SIP/2.0/UDP", "SIP/2/UDP h", "HTTP/2.0/UDP h", "SIP/2.0/UDP h:x", "SIP/2.0/UDP h;;"})
        EXPECT_FALSE(Via::parse(text)) << text;
}

TEST(CSeq, HasItsRange) {
    EXPECT_EQ(CSeq::parse("2147483647 INVITE")->number, 2147483647u);
    for (const auto* text : {"2147483648 INVITE", "1", "x INVITE", "-1 INVITE", "1 IN VITE"})
        EXPECT_FALSE(CSeq::parse(text)) << text;
}

TEST(RAck, ReadsBothNumbers) {
    const auto rack = RAck::parse("776656 1 INVITE");
    ASSERT_TRUE(rack);
    EXPECT_EQ(rack->rseq, 776656u);
    EXPECT_EQ(rack->cseq.number, 1u);
    EXPECT_FALSE(RAck::parse("1 INVITE"));
}

TEST(SessionExpires, ReadsTheRefresher) {
    const auto value = SessionExpires::parse("1800;refresher=uas");
    ASSERT_TRUE(value);
    EXPECT_EQ(value->interval, std::chrono::seconds(1800));
    EXPECT_EQ(value->refresher, SessionExpires::Refresher::uas);
    EXPECT_EQ(SessionExpires::parse("90")->refresher, SessionExpires::Refresher::unspecified);
    EXPECT_FALSE(SessionExpires::parse("soon"));
}

TEST(Multipart, FindsTheOffer) {
    const std::string body = "preamble\r\n--b1\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b1\r\n"
                             "Content-Type: application/sdp\r\n\r\nv=0\r\n\r\n--b1--\r\n";
    const auto message = kit::message("INVITE sip:a@b SIP/2.0\nContent-Type: multipart/mixed;"
                                      "boundary=\"b1\"\n",
                                      body);
    EXPECT_EQ(find_body(message, "application", "sdp"), "v=0\r\n");
    EXPECT_EQ(find_body(message, "text", "html"), std::nullopt);
    EXPECT_FALSE(parse_multipart("--b1\r\n\r\nx", "b1"));
    EXPECT_FALSE(parse_multipart("x", "b1"));
    std::string many;
    for (int i = 0; i < 40; ++i) many += "--b\r\n\r\nx\r\n";
    EXPECT_FALSE(parse_multipart(many + "--b--", "b"));
}

TEST(UriIn, IsWhatStandsInAnAddress) {
    EXPECT_EQ(uri_in("\"A <b>\" <sip:a@h;lr>;tag=1"), "sip:a@h;lr");
    EXPECT_EQ(uri_in("sip:a@h;tag=1"), "sip:a@h");
    EXPECT_EQ(uri_in("<sip:a@h"), "");
    EXPECT_EQ(uri_in(""), "");
}

} // namespace
} // namespace lyceum::sip
