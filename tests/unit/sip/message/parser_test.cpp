// SPDX-License-Identifier: Apache-2.0
#include "sip/message/parser.hpp"
#include "sip/message/validate.hpp"
#include "tests/kit/sip.hpp"

#include <gtest/gtest.h>

namespace lyceum::sip {
namespace {

TEST(Parser, ReadsARequest) {
    const auto message =
        kit::request("INVITE", "z9hG4bK7", "Subject: hello\nX-Own: 1\n", "v=0\r\n");
    EXPECT_TRUE(message.is_request());
    EXPECT_EQ(message.method(), Method::invite);
    EXPECT_EQ(message.request_uri(), "sip:demo@192.0.2.1");
    EXPECT_EQ(message.header(Header::subject), "hello");
    EXPECT_EQ(message.header("x-own"), "1");
    EXPECT_EQ(message.body(), "v=0\r\n");
    EXPECT_EQ(validate(message), std::nullopt);
}

TEST(Parser, ReadsAResponseWithAndWithoutAReason) {
    const auto with = kit::parse("SIP/2.0 404 Not Found here\r\n\r\n");
    EXPECT_EQ(with.status(), 404);
    EXPECT_EQ(with.reason(), "Not Found here");
    EXPECT_EQ(kit::parse("SIP/2.0 100 \r\n\r\n").reason(), "");
    EXPECT_EQ(kit::parse("SIP/2.0 100\r\n\r\n").status(), 100);
}

TEST(Parser, CompactFormsFoldingAndCommaLists) {
    const auto message =
        kit::parse("OPTIONS sip:a@b SIP/2.0\r\n"
                   "v: SIP/2.0/UDP a;branch=z9hG4bK1,\r\n SIP/2.0/TCP b;branch=x\r\n"
                   "k: timer, 100rel\r\nSupported: replaces\r\n"
                   "m: \"a, b\" <sip:x@y;z=1,2>;q=1, <sip:c@d>\r\n\r\n");
    EXPECT_EQ(message.values(Header::via).size(), 2u);
    EXPECT_EQ(message.values(Header::contact).size(), 2u);
    EXPECT_TRUE(message.lists(Header::supported, "Timer"));
    EXPECT_TRUE(message.lists(Header::supported, "replaces"));
    EXPECT_FALSE(message.lists(Header::supported, "path"));
}

TEST(Parser, IsLosslessForWhatItDoesNotUnderstand) {
    const std::string wire =
        "FOO urn:x:y SIP/2.0\r\nX-A :  odd  \r\n\tfolded\r\nvia:q\r\n\r\nbody\0z";
    EXPECT_EQ(kit::parse(wire).bytes(), wire);
}

TEST(Parser, ADatagramEndsWithItsContentLength) {
    EXPECT_EQ(kit::parse("A sip:b SIP/2.0\r\nl: 2\r\n\r\nabcd").body(), "ab");
    EXPECT_EQ(kit::parse("A sip:b SIP/2.0\r\n\r\nabcd").body(), "abcd");
}

TEST(Parser, RefusesWhatCannotBeRead) {
    for (const auto* wire :
         {"", "\r\n", "INVITE sip:a SIP/2.0", "INVITE\r\n\r\n", "SIP/2.0 99 x\r\n\r\n",
          "SIP/2.0 700 x\r\n\r\n", "A sip:b SIP/2.0\r\nno colon\r\n\r\n",
          "A sip:b SIP/2.0\r\n: v\r\n\r\n", "A sip:b SIP/2.0\r\nVia: x\r\n",
          "A sip:b SIP/2.0\r\nBad Name: x\r\n\r\n", "A b\r\n\r\n"})
        EXPECT_FALSE(parse_message(wire)) << wire;
}

TEST(Parser, KeepsItsLimits) {
    const std::string start = "A sip:b SIP/2.0\r\n";
    MessageLimits limits;
    limits.header_count_max = 3;
    EXPECT_TRUE(parse_message(start + "A:1\r\nB:1\r\nC:1\r\n\r\n", Framing::datagram, limits));
    EXPECT_FALSE(
        parse_message(start + "A:1\r\nB:1\r\nC:1\r\nD:1\r\n\r\n", Framing::datagram, limits));
    EXPECT_FALSE(parse_message(start + "A: " + std::string(20000, 'x') + "\r\n\r\n"));
    EXPECT_FALSE(parse_message("A sip:" + std::string(9000, 'x') + " SIP/2.0\r\n\r\n"));
    EXPECT_FALSE(parse_message(start + "\r\n" + std::string(70000, 'x')));
}

TEST(Parser, TransportEditsKeepTheIndexRight) {
    auto message = kit::request("INVITE", "z9hG4bK7", "Subject: s\n", "v=0\r\n");
    message.prepend(Header::via, "SIP/2.0/UDP x;branch=z9hG4bKnew");
    const auto vias = message.values(Header::via);
    message.insert_after(vias[1], ";received=192.0.2.7");
    EXPECT_EQ(message.values(Header::via)[0], "SIP/2.0/UDP x;branch=z9hG4bKnew");
    EXPECT_TRUE(message.values(Header::via)[1].ends_with(";received=192.0.2.7"));
    EXPECT_EQ(message.header(Header::subject), "s");
    EXPECT_EQ(message.body(), "v=0\r\n");
    // The same as parsing the result anew.
    const auto again = kit::parse(message.bytes());
    EXPECT_EQ(again.body(), message.body());
    EXPECT_EQ(again.values(Header::via).size(), 2u);
}

struct Flaw {
    const char* text;
    int status;
    const char* reason;
};

TEST(Validate, NamesTheFault) {
    const std::string good = "Via: SIP/2.0/UDP h;branch=z9hG4bK1\nFrom: <sip:a@b>;tag=1\n"
                             "To: <sip:c@d>\nCall-ID: x\nCSeq: 1 OPTIONS\n";
    const Flaw rows[] = {
        {"Via: SIP/2.0/UDP h;branch=z9hG4bK1\nFrom: <sip:a@b>\nTo: <sip:c@d>\nCSeq: 1 OPTIONS\n",
         400, "Missing Call-ID"},
        {"From: <sip:a@b>\nTo: <sip:c@d>\nCall-ID: x\nCSeq: 1 OPTIONS\n", 400, "Missing Via"},
    };
    for (const auto& row : rows) {
        const auto verdict =
            validate(kit::message(std::string("OPTIONS sip:x@y SIP/2.0\n") + row.text));
        ASSERT_TRUE(verdict) << row.reason;
        EXPECT_EQ(*verdict, (Rejection{row.status, row.reason}));
    }
    const Flaw more[] = {
        {"Max-Forwards: 256\n", 400, "Bad Max-Forwards"},
        {"Max-Forwards: -1\n", 400, "Bad Max-Forwards"},
        {"CSeq: 2 OPTIONS\n", 400, "Multiple CSeq"},
        {"Contact: <sip:a@b\n", 400, "Bad Contact: missing >"},
        {"Expires: soon\n", 400, "Bad Expires"},
    };
    for (const auto& row : more) {
        const auto verdict = validate(kit::message("OPTIONS sip:x@y SIP/2.0\n" + good + row.text));
        ASSERT_TRUE(verdict) << row.text;
        EXPECT_EQ(*verdict, (Rejection{row.status, row.reason}));
    }
    EXPECT_EQ(validate(kit::message("OPTIONS sip:x@y SIP/3.0\n" + good))->status, 505);
}

TEST(StreamFramer, CutsMessagesAtAnyByte) {
    const std::string one = "A sip:b SIP/2.0\r\nContent-Length: 3\r\n\r\nxyz";
    const std::string two = "B sip:b SIP/2.0\r\nl:0\r\n\r\n";
    const auto stream = one + "\r\n\r\n" + two;
    StreamFramer framer;
    std::vector<std::string> found;
    int pings = 0;
    for (const char c : stream) {
        framer.push({&c, 1});
        std::string message;
        for (auto next = framer.next(message); *next != StreamFramer::Found::nothing;
             next = framer.next(message)) {
            if (*next == StreamFramer::Found::message) found.push_back(message);
            if (*next == StreamFramer::Found::ping) ++pings;
        }
    }
    EXPECT_EQ(found, (std::vector<std::string>{one, two}));
}

TEST(StreamFramer, APingIsTwoLineEnds) {
    StreamFramer framer;
    std::string message;
    framer.push("\r\n\r\n");
    EXPECT_EQ(*framer.next(message), StreamFramer::Found::ping);
    EXPECT_EQ(*framer.next(message), StreamFramer::Found::nothing);
}

TEST(StreamFramer, LosesItsFramingLoudly) {
    for (const auto* text : {"A b SIP/2.0\r\n\r\n", "A b SIP/2.0\r\nContent-Length: -1\r\n\r\n",
                             "A b SIP/2.0\r\nl: 1\r\nContent-Length: 2\r\n\r\n",
                             "A b SIP/2.0\r\nl: 99999999\r\n\r\n"}) {
        StreamFramer framer;
        std::string message;
        framer.push(text);
        EXPECT_FALSE(framer.next(message)) << text;
    }
    StreamFramer endless;
    std::string message;
    endless.push(std::string(70000, 'x'));
    EXPECT_FALSE(endless.next(message));
}

} // namespace
} // namespace lyceum::sip
