// SPDX-License-Identifier: Apache-2.0
#include "sip/auth/digest.hpp"
#include "tests/kit/sip.hpp"

#include <gtest/gtest.h>

namespace lyceum::sip {
namespace {

/// RFC 7616 §3.9.1.
TEST(Digest, MatchesTheVectorsOfTheRfc) {
    struct Row {
        DigestAlgorithm algorithm;
        const char* response;
    };
    for (const auto& row :
         {Row{DigestAlgorithm::md5, "8ca523f5e9506fed4657c9700eebdbec"},
          Row{DigestAlgorithm::sha256,
              "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"}}) {
        const auto ha1 =
            digest_ha1(row.algorithm, "Mufasa", "http-auth@example.org", "Circle of Life");
        EXPECT_EQ(digest_response(row.algorithm, ha1,
                                  "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "00000001",
                                  "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "GET",
                                  "/dir/index.html"),
                  row.response);
    }
}

class DigestAuthenticatorTest : public testing::Test {
protected:
    Message signed_request(std::string_view nonce, std::string_view nc,
                           std::string_view password = "secret",
                           DigestAlgorithm algorithm = DigestAlgorithm::sha256) {
        const auto ha1 = digest_ha1(algorithm, "alice", "lyceum", password);
        const auto response =
            digest_response(algorithm, ha1, nonce, nc, "cn", "INVITE", "sip:demo@h");
        std::string header = "Authorization: Digest username=\"alice\", realm=\"lyceum\", "
                             "uri=\"sip:demo@h\", nonce=\"";
        header.append(nonce).append("\", nc=").append(nc).append(
            ", cnonce=\"cn\", qop=auth, response=\"");
        header.append(response).append("\", algorithm=").append(name_of(algorithm)).append("\n");
        return kit::request("INVITE", "z9hG4bKx", header);
    }
    std::string nonce() {
        const auto value = authenticator.challenge(home, false, now).at(0);
        const auto start = value.find("nonce=\"") + 7;
        return value.substr(start, value.find('"', start) - start);
    }
    DigestAuthenticator::Verdict verdict(const Message& request) {
        return authenticator.verify(request, *authenticator.claim(request), stored, from, now);
    }

    SeededEntropy entropy{1};
    DigestAuthenticator authenticator{{.realm = "lyceum", .nonces_max = 4}, entropy};
    TimePoint now{};
    const IpAddress home = IpAddress::v4(0xc0000209);
    IpAddress from = home;
    const StoredCredentials stored{digest_ha1(DigestAlgorithm::sha256, "alice", "lyceum", "secret"),
                                   digest_ha1(DigestAlgorithm::md5, "alice", "lyceum", "secret")};
    using Verdict = DigestAuthenticator::Verdict;
};

TEST_F(DigestAuthenticatorTest, ChallengesWithTheStrongestFirst) {
    const auto values = authenticator.challenge(home, true, now);
    ASSERT_EQ(values.size(), 2u);
    EXPECT_NE(values[0].find("algorithm=SHA-256, stale=true"), std::string::npos);
    EXPECT_NE(values[1].find("algorithm=MD5"), std::string::npos);
    EXPECT_EQ(authenticator.challenge(home, false, now, DigestAlgorithm::md5).size(), 1u);
}

TEST_F(DigestAuthenticatorTest, AcceptsBothAlgorithmsAndAGrowingCount) {
    const auto n = nonce();
    EXPECT_EQ(verdict(signed_request(n, "00000001")), Verdict::accepted);
    EXPECT_EQ(verdict(signed_request(n, "0000000a", "secret", DigestAlgorithm::md5)),
              Verdict::accepted);
}

TEST_F(DigestAuthenticatorTest, AReplayIsStale) {
    const auto n = nonce();
    EXPECT_EQ(verdict(signed_request(n, "00000002")), Verdict::accepted);
    EXPECT_EQ(verdict(signed_request(n, "00000002")), Verdict::stale);
    EXPECT_EQ(verdict(signed_request(n, "00000001")), Verdict::stale);
    EXPECT_EQ(verdict(signed_request(n, "00000003")), Verdict::accepted);
}

/// A nonce that was heard on the way is worth nothing elsewhere, and proves nothing.
TEST_F(DigestAuthenticatorTest, ANonceIsGoodWhereItWasGiven) {
    const auto n = nonce();
    from = IpAddress::v4(0xc000020a);
    EXPECT_EQ(verdict(signed_request(n, "00000001")), Verdict::stale);
    EXPECT_EQ(verdict(signed_request(n, "00000001", "guess")), Verdict::unproven);
    EXPECT_EQ(verdict(signed_request("made-up", "00000001", "guess")), Verdict::unproven);
    from = home;
    EXPECT_EQ(verdict(signed_request(n, "00000001", "guess")), Verdict::wrong);
    EXPECT_EQ(verdict(signed_request(n, "00000001")), Verdict::accepted);
}

/// Where a nonce is kept can be read in it, and is not what makes it ours.
TEST_F(DigestAuthenticatorTest, ANonceWithAnothersSecretIsNone) {
    const auto first = nonce(), second = nonce();
    const auto mixed = first.substr(0, 16) + second.substr(16);
    ASSERT_NE(first.substr(16), second.substr(16));
    for (const auto& made_up : {mixed, std::string(32, 'f'), std::string(32, '0'), first + "0",
                                first.substr(1), std::string(16, '0')})
        EXPECT_EQ(verdict(signed_request(made_up, "00000001", "guess")), Verdict::unproven)
            << made_up;
    EXPECT_EQ(verdict(signed_request(mixed, "00000001")), Verdict::stale);
    EXPECT_EQ(verdict(signed_request(second, "00000001")), Verdict::accepted);
    EXPECT_EQ(verdict(signed_request(first, "00000001")), Verdict::accepted);
}

TEST_F(DigestAuthenticatorTest, NoncesEnd) {
    const auto n = nonce();
    now += 300s;
    EXPECT_EQ(verdict(signed_request(n, "00000001")), Verdict::stale);
    const auto early = nonce();
    for (int i = 0; i < 4; ++i) nonce();
    EXPECT_EQ(verdict(signed_request(early, "00000001")), Verdict::stale)
        << "pushed out by newer ones";
    EXPECT_EQ(verdict(signed_request("made-up", "00000001")), Verdict::stale);
}

TEST_F(DigestAuthenticatorTest, WrongIsWrongAndSaysNothingOfTheNonce) {
    EXPECT_EQ(verdict(signed_request("made-up", "00000001", "guess")), Verdict::unproven);
    EXPECT_EQ(verdict(signed_request(nonce(), "1")), Verdict::wrong) << "nc has eight digits";
    const auto request = signed_request(nonce(), "00000001");
    EXPECT_EQ(authenticator.verify(request, *authenticator.claim(request), {}, from, now),
              Verdict::wrong);
}

TEST_F(DigestAuthenticatorTest, OtherSchemesAndRealmsAreNoClaim) {
    EXPECT_FALSE(authenticator.claim(kit::request("INVITE")));
    EXPECT_FALSE(authenticator.claim(kit::request("INVITE", "b", "Authorization: Basic YTpi\n")));
    EXPECT_FALSE(authenticator.claim(
        kit::request("INVITE", "b", "Authorization: Digest realm=\"other\", nonce=\"n\"\n")));
}

} // namespace
} // namespace lyceum::sip
