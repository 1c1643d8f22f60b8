// SPDX-License-Identifier: Apache-2.0
#include "sip/auth/digest.hpp"
#include "sip/auth/digest_client.hpp"
#include "tests/kit/sip.hpp"

#include <gtest/gtest.h>

namespace lyceum::sip {
namespace {

const Login mufasa{"Mufasa", "Circle Of Life"};

std::optional<Credentials> answer(int status, const std::string& more) {
    const auto line = "SIP/2.0 " + std::to_string(status) + " No\n";
    return answer_challenge(kit::message(line + more), mufasa, "GET", "/dir/index.html", "0a4f");
}

TEST(DigestClient, OurOwnServerAcceptsIt) {
    SeededEntropy entropy{1};
    const auto home = IpAddress::v4(0xc0000209);
    for (const auto algorithm : {DigestAlgorithm::sha256, DigestAlgorithm::md5}) {
        DigestAuthenticator server({.realm = "lyceum"}, entropy);
        const auto challenge = server.challenge(home, false, {}, algorithm).at(0);
        const auto credentials = answer_challenge(
            kit::message("SIP/2.0 401 Unauthorized\nWWW-Authenticate: " + challenge + "\n"),
            {"alice", "secret"}, "REGISTER", "sip:h", "cn");
        ASSERT_TRUE(credentials);
        EXPECT_EQ(credentials->header, Header::authorization);
        const auto request =
            kit::request("REGISTER", "z9hG4bK1", "Authorization: " + credentials->value + "\n");
        const auto claim = server.claim(request);
        ASSERT_TRUE(claim);
        const StoredCredentials stored{
            digest_ha1(DigestAlgorithm::sha256, "alice", "lyceum", "secret"),
            digest_ha1(DigestAlgorithm::md5, "alice", "lyceum", "secret")};
        EXPECT_EQ(server.verify(request, *claim, stored, home, {}),
                  DigestAuthenticator::Verdict::accepted);
    }
}

/// RFC 2617 §3.5, and RFC 2069 §2.4 as its erratum 749 has it.
TEST(DigestClient, MatchesTheVectorsOfTheRfcs) {
    const std::string nonce = "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"";
    auto credentials = answer_challenge(
        kit::message("SIP/2.0 401 No\nWWW-Authenticate: Digest realm=\"testrealm@host.com\", "
                     "qop=\"auth,auth-int\", " +
                     nonce + ", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"\n"),
        mufasa, "GET", "/dir/index.html", "0a4f113b");
    ASSERT_TRUE(credentials);
    EXPECT_NE(credentials->value.find("response=\"6629fae49393a05397450978507c4ef1\""),
              std::string::npos);
    EXPECT_NE(credentials->value.find("opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""),
              std::string::npos);

    credentials = answer_challenge(
        kit::message("SIP/2.0 407 No\nProxy-Authenticate: Digest realm=\"testrealm@host.com\", " +
                     nonce + "\n"),
        {"Mufasa", "CircleOfLife"}, "GET", "/dir/index.html", "unused");
    ASSERT_TRUE(credentials);
    EXPECT_EQ(credentials->header, Header::proxy_authorization);
    EXPECT_NE(credentials->value.find("response=\"1949323746fe6a43ef61f9606e7febea\""),
              std::string::npos);
    EXPECT_EQ(credentials->value.find("qop"), std::string::npos);
}

TEST(DigestClient, TakesTheFirstChallengeThatItKnows) {
    const auto credentials = answer(401, "WWW-Authenticate: Basic realm=\"r\"\n"
                                         "WWW-Authenticate: Digest realm=\"r\", nonce=\"a\", "
                                         "algorithm=SHA-512-256, qop=\"auth\"\n"
                                         "WWW-Authenticate: Digest realm=\"r\", nonce=\"b\", "
                                         "algorithm=SHA-256, qop=\"auth-int\"\n"
                                         "WWW-Authenticate: Digest realm=\"r\", nonce=\"c\", "
                                         "algorithm=SHA-256, qop=\"auth\"\n"
                                         "WWW-Authenticate: Digest realm=\"r\", nonce=\"d\"\n");
    ASSERT_TRUE(credentials);
    EXPECT_NE(credentials->value.find("nonce=\"c\""), std::string::npos);
}

TEST(DigestClient, WithoutOneItHasNoAnswer) {
    EXPECT_FALSE(answer(401, "WWW-Authenticate: Basic realm=\"r\"\n"));
    EXPECT_FALSE(answer(401, "Proxy-Authenticate: Digest realm=\"r\", nonce=\"a\"\n"));
    EXPECT_FALSE(answer(401, "WWW-Authenticate: Digest nonsense\n"));
    EXPECT_FALSE(answer(401, ""));
}

} // namespace
} // namespace lyceum::sip
