// SPDX-License-Identifier: Apache-2.0
#include "sip/message/validate.hpp"
#include "sip/message/writer.hpp"
#include "tests/kit/sip.hpp"

#include <gtest/gtest.h>

namespace lyceum::sip {
namespace {

TEST(Writer, ARequestIsWhatTheParserReads) {
    auto writer = MessageWriter::request(Method::options, "sip:a@b");
    writer.header(Header::via, "SIP/2.0/UDP h;branch=z9hG4bK1")
        .header(Header::from, "<sip:a@b>;tag=1");
    writer.header(Header::to, "<sip:c@d>")
        .header(Header::call_id, "x")
        .header(Header::cseq, "1 OPTIONS");
    const auto message = writer.finish("text/plain", "hello");
    EXPECT_EQ(validate(message), std::nullopt);
    EXPECT_EQ(message.body(), "hello");
    EXPECT_EQ(message.header(Header::content_length), "5");
}

TEST(Writer, AReplyCarriesWhatTheRequestHad) {
    const auto request = kit::request("INVITE", "z9hG4bK5", "Via: SIP/2.0/TCP other;branch=y\n");
    const auto reply = MessageWriter::reply(request, 486, {}, "t1").finish();
    EXPECT_EQ(reply.reason(), "Busy Here");
    EXPECT_EQ(reply.values(Header::via).size(), 2u);
    EXPECT_EQ(reply.header(Header::to), "<sip:demo@192.0.2.1>;tag=t1");
    EXPECT_EQ(reply.header(Header::call_id), "c1");
    const auto own_tag = kit::parse(MessageWriter::reply(reply, 200, {}, "t2").finish().bytes());
    EXPECT_EQ(own_tag.header(Header::to), "<sip:demo@192.0.2.1>;tag=t1");
}

TEST(Writer, LineBreaksInAValueCannotMakeAHeader) {
    auto writer = MessageWriter::request(Method::bye, "sip:a@b");
    writer.header(Header::reason, "x\r\nEvil: 1");
    EXPECT_EQ(writer.finish().header("Evil"), std::nullopt);
}

} // namespace
} // namespace lyceum::sip
