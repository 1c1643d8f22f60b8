// SPDX-License-Identifier: Apache-2.0
#include "presence/cpim.hpp"

#include <gtest/gtest.h>

namespace lyceum::presence {
namespace {

std::string envelope(const std::string& headers, const std::string& content = "x") {
    return headers + "\r\n" + content;
}
const std::string ns = "NS: imdn <urn:ietf:params:imdn>\r\n";
const std::string id = "imdn.Message-ID: 34jk324j\r\n";
std::string asking(const std::string& what) {
    return "imdn.Disposition-Notification: " + what + "\r\n";
}

TEST(Cpim, HeadersMeanWhatTheirPrefixesSay) {
    const auto read = Cpim::parse(
        "From: Ann <im:ann@x>\r\nSubject:;lang=de Guten Tag: ja\r\nNS: a <urn:a>\r\na.b: 1\r\n"
        "NS: a <urn:other>\r\na.b: 2\r\n\r\nContent-Type: text/plain\r\n\r\nhello");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->header("", "From"), "Ann <im:ann@x>");
    EXPECT_EQ(read->header("", "Subject"), "Guten Tag: ja");
    EXPECT_EQ(read->header("urn:a", "b"), "1");
    EXPECT_EQ(read->header("urn:other", "b"), "2");
    EXPECT_FALSE(read->header("", "from")) << "another header";
    EXPECT_EQ(read->content, "Content-Type: text/plain\r\n\r\nhello");
}

TEST(Cpim, WhatIsNoneIsRefused) {
    for (const auto* bad :
         {"", "From: a", "From a\n\nx", ": a\n\nx", "From:a\n\nx", "From:a b\n\nx", "a.b: c\n\nx",
          "NS: a\n\nx", "NS: >a<\n\nx", "From: \xff\n\nx"})
        EXPECT_FALSE(Cpim::parse(bad)) << bad;
    std::string many;
    for (int i = 0; i < 65; ++i) many += "a: b\n";
    EXPECT_FALSE(Cpim::parse(many + "\nx"));
    EXPECT_TRUE(Cpim::parse(many.substr(5) + "\nx"));
}

TEST(Cpim, AReceiptIsAskedForOrNot) {
    const auto asked = [](const std::string& headers, const std::string& type = "message/cpim") {
        const auto wanted = ReceiptRequest::of(type, envelope(headers));
        if (!wanted) return std::string("no");
        return wanted->message_id + (wanted->processing ? " processing" : "") +
               (wanted->failure ? " failure" : "");
    };
    EXPECT_EQ(asked(ns + id + asking("processing")), "34jk324j processing");
    EXPECT_EQ(asked(ns + id + asking("positive-delivery, negative-delivery")), "34jk324j failure");
    EXPECT_EQ(asked(ns + id + asking("negative-delivery,processing")),
              "34jk324j processing failure");
    EXPECT_EQ(asked(ns + id + asking("positive-delivery, display")), "no") << "of the device";
    EXPECT_EQ(asked(ns + id), "no");
    EXPECT_EQ(asked(ns + asking("processing")), "no");
    EXPECT_EQ(asked(id + asking("processing")), "no") << "without the namespace";
    EXPECT_EQ(asked(ns + id + asking("processing"), "text/plain"), "no");
    EXPECT_EQ(asked(ns + "imdn.Message-ID: a\x01z\r\n" + asking("processing")), "no");
    EXPECT_EQ(
        asked(ns + "imdn.Message-ID: " + std::string(257, 'a') + "\r\n" + asking("processing")),
        "no");
}

TEST(Cpim, AReceiptSaysWhatHasBecomeOfWhat) {
    const Receipt stored{Receipt::Kind::stored, "<&>",       "own",
                         "sip:ann@x",           "sip:bob@x", "2026-01-01T00:00:00Z"};
    const auto read = Cpim::parse(stored.text());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->header("", "From"), "<sip:bob@x>");
    EXPECT_EQ(read->header("", "To"), "<sip:ann@x>");
    EXPECT_EQ(read->header(imdn_ns, "Message-ID"), "own");
    EXPECT_NE(read->content.find("Content-Disposition: notification"), std::string::npos);
    EXPECT_NE(read->content.find(
                  "<message-id>&lt;&amp;&gt;</message-id><datetime>2026-01-01T00:00:00Z</datetime>"
                  "<recipient-uri>sip:bob@x</recipient-uri>"
                  "<original-recipient-uri>sip:bob@x</original-recipient-uri>"
                  "<processing-notification><status><stored/></status></processing-notification>"),
              std::string::npos)
        << read->content;
    auto failed = stored;
    failed.kind = Receipt::Kind::failed;
    EXPECT_NE(failed.text().find("<delivery-notification><status><failed/></status>"),
              std::string::npos);
}

} // namespace
} // namespace lyceum::presence
