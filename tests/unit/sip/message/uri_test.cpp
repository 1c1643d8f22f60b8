// SPDX-License-Identifier: Apache-2.0
#include "sip/message/uri.hpp"

#include <gtest/gtest.h>

namespace lyceum::sip {
namespace {

TEST(Uri, ReadsItsParts) {
    const auto uri =
        Uri::parse("sips:al%69ce;day=tuesday:pw@example.org:5071;transport=tcp;lr?subject=x");
    ASSERT_TRUE(uri);
    EXPECT_EQ(uri->scheme, Uri::Scheme::sips);
    EXPECT_EQ(uri->user, "al%69ce;day=tuesday");
    EXPECT_EQ(uri->user_name(), "alice;day=tuesday");
    EXPECT_EQ(uri->password, "pw");
    EXPECT_EQ(uri->host, "example.org");
    EXPECT_EQ(uri->port, 5071);
    EXPECT_EQ(uri->params.find("Transport"), "tcp");
    EXPECT_TRUE(uri->params.has("lr"));
    EXPECT_EQ(uri->headers, "subject=x");
}

TEST(Uri, Ipv6AndTelAndOthers) {
    const auto v6 = Uri::parse("sip:a@[2001:db8::1]:5060");
    ASSERT_TRUE(v6);
    EXPECT_EQ(v6->bare_host(), "2001:db8::1");
    EXPECT_EQ(v6->port, 5060);
    const auto tel = Uri::parse("tel:+46-31-772-10-00;postd=12");
    ASSERT_TRUE(tel);
    EXPECT_EQ(tel->scheme, Uri::Scheme::tel);
    EXPECT_EQ(tel->user, "+46-31-772-10-00");
    EXPECT_EQ(tel->params.find("postd"), "12");
    EXPECT_EQ(Uri::parse("urn:service:sos")->opaque, "service:sos");
}

TEST(Uri, RefusesWhatIsNotOne) {
    for (const auto* text : {"", "example.org", "sip:", "sip:a@", "sip:@b", "sip:a b@c",
                             "sip:a@b:70000", "sip:a@[::1", "<sip:a@b>", "sip:a%4@b", "sip:a@b;;",
                             "1sip:a@b", "tel:", "tel:+", "tel:hello", "sip:a@b c", "sip:a\"@b"})
        EXPECT_FALSE(Uri::parse(text)) << text;
}

struct Pair {
    const char* a;
    const char* b;
    bool equal;
};

/// RFC 3261 §19.1.4, its own examples among them.
TEST(Uri, ComparesAsTheRfcSays) {
    const Pair rows[] = {
        {"sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", true},
        {"sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true},
        {"sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on", true},
        {"SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", false},
        {"sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false},
        {"sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", false},
        {"sip:bob@biloxi.com:6000;transport=tcp", "sip:bob@biloxi.com:6000", false},
        {"sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", false},
        {"sip:a@b", "sips:a@b", false},
        {"tel:+1-212-555", "tel:+1212555", true},
        {"tel:112;phone-context=se", "tel:112;phone-context=de", false},
    };
    for (const auto& row : rows)
        EXPECT_EQ(equivalent(*Uri::parse(row.a), *Uri::parse(row.b)), row.equal)
            << row.a << " " << row.b;
}

} // namespace
} // namespace lyceum::sip
