// SPDX-License-Identifier: Apache-2.0
/// With what Chromium and its virtual authenticator say for the challenges "one" and "two".
#include "webadmin/passkey.hpp"

#include "base/base64.hpp"
#include "tests/kit/webadmin_fakes.hpp"
#include "webadmin/access.hpp"

#include <gtest/gtest.h>

namespace lyceum::webadmin {
namespace {

std::string octets(std::string_view base64) {
    const auto bytes = from_base64(base64).value_or(Bytes());
    return {bytes.begin(), bytes.end()};
}

const Site site{"localhost", "http://localhost:18080"};

NewPasskey made() {
    return {
        octets("eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiYjI1bCIsIm9yaWdpbiI6Imh0dHA6"
               "Ly9sb2NhbGhvc3Q6MTgwODAiLCJjcm9zc09yaWdpbiI6ZmFsc2UsIm90aGVyX2tleXNfY2FuX2JlX2Fk"
               "ZGVkX2hlcmUiOiJkbyBub3QgY29tcGFyZSBjbGllbnREYXRhSlNPTiBhZ2FpbnN0IGEgdGVtcGxhdGUu"
               "IFNlZSBodHRwczovL2dvby5nbC95YWJQZXgifQ=="),
        octets("SZYN5YgOjGh0NBcPZHZgW4/krrmihjLHmVzzuoMdl2NFAAAAAQECAwQFBgcIAQIDBAUGBwgAIJRfDx2k"
               "6Ge2IGq3r97PUM+qQOhpE5ZvElu7JgbolravpQECAyYgASFYIEAsbpkCwVPVZPPhodDwIi63HSJdRi6Z"
               "PluYxBCh0M7tIlggNoqtP1g5p7Pj2hNmVaM8xLxR6UXc9qVTLJld+457x/U="),
        -7};
}

Assertion used() {
    return {
        octets("eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiZEhkdiIsIm9yaWdpbiI6Imh0dHA6Ly9s"
               "b2NhbGhvc3Q6MTgwODAiLCJjcm9zc09yaWdpbiI6ZmFsc2V9"),
        octets("SZYN5YgOjGh0NBcPZHZgW4/krrmihjLHmVzzuoMdl2MFAAAAAg=="),
        octets("MEUCIAroc4rZm7v0/jelahdSlWbQUUBmvOANbihCruorgkJMAiEAj/0X2PbEQL2eV6GDU33f9vC9Gns5"
               "Yk1IuFAMV6kTwz8=")};
}

TEST(Passkey, IsMadeByADeviceAndSignsWhatWeMakeUp) {
    const auto passkey = passkey_in(made(), site, "one");
    ASSERT_TRUE(passkey) << passkey.error().detail;
    EXPECT_EQ(passkey->id, "lF8PHaToZ7Ygarev3s9Qz6pA6GkTlm8SW7smBuiWtq8");
    EXPECT_EQ(passkey->algorithm, -7);
    EXPECT_EQ(passkey->counter, 1u);
    const auto later = verify(*passkey, used(), site, "two");
    ASSERT_TRUE(later) << later.error().detail;
    EXPECT_EQ(later->counter, 2u);
    EXPECT_FALSE(verify(*later, used(), site, "two")) << "a copy of the device, or of the answer";
}

TEST(Passkey, OneThatIsNotMeantForUsNowIsRefused) {
    EXPECT_FALSE(passkey_in(made(), site, "other"));
    EXPECT_FALSE(passkey_in(made(), {"localhost", "http://localhost:18081"}, "one"));
    EXPECT_FALSE(passkey_in(made(), {"school.example", "http://localhost:18080"}, "one"));
    auto bad = made();
    bad.client_data = used().client_data;
    EXPECT_FALSE(passkey_in(bad, site, "two")) << "that is for logging in";
    for (const std::size_t length : {0u, 10u, 37u, 100u}) {
        bad = made();
        bad.authenticator_data.resize(length);
        EXPECT_FALSE(passkey_in(bad, site, "one")) << length;
    }
    bad = made();
    bad.authenticator_data[32] = 0x41; // Nobody has shown who he is.
    EXPECT_FALSE(passkey_in(bad, site, "one"));
    bad = made();
    bad.algorithm = -999;
    EXPECT_FALSE(passkey_in(bad, site, "one"));
    for (const auto* text : {"", "[]", "{}", R"({"type":7})", "no JSON"}) {
        bad = made();
        bad.client_data = text;
        EXPECT_FALSE(passkey_in(bad, site, "one")) << text;
    }
}

TEST(Passkey, ASignatureThatDoesNotFitLetsNobodyIn) {
    const auto passkey = *passkey_in(made(), site, "one");
    EXPECT_FALSE(verify(passkey, used(), site, "one"));
    EXPECT_FALSE(verify(passkey, used(), {"elsewhere", site.origin}, "two"));
    auto bad = used();
    bad.signature[20] ^= 1;
    EXPECT_FALSE(verify(passkey, bad, site, "two"));
    bad = used();
    bad.authenticator_data.back() = 9; // The counter is signed, too.
    EXPECT_FALSE(verify(passkey, bad, site, "two"));
    bad.authenticator_data.clear();
    EXPECT_FALSE(verify(passkey, bad, site, "two"));
    auto other = passkey;
    other.key[5] ^= 1;
    EXPECT_FALSE(verify(other, used(), site, "two"));
    EXPECT_FALSE(verify({}, used(), site, "two"));
}

TEST(Passkey, WhoTriesAgainAndAgainWaits) {
    Memory memory;
    PlainPasswords passwords;
    SeededEntropy entropy{1};
    Access access{memory, passwords, entropy};
    WallTime now{std::chrono::days(20'000)};
    memory.accounts["ann"] = {.name = "ann"};
    http::Request request{"POST", "/", {{"Host", "localhost:18080"}}};
    request.secure = false;
    const Object sent{{"name", "laptop"},      {"algorithm", -7},
                      {"client_data", "e30="}, {"authenticator_data", "AAAA"},
                      {"signature", "AAAA"},   {"id", "x"}};
    EXPECT_EQ(access.add_passkey(sent, request, {.name = "ann"}, now).status, 422);
    int status = 0;
    for (int i = 0; i < Access::free_failures; ++i)
        access.use_passkey(sent, request, now,
                           [&](const http::Response& response) { status = response.status; });
    EXPECT_EQ(status, 401);
    access.use_passkey(sent, request, now,
                       [&](const http::Response& response) { status = response.status; });
    EXPECT_EQ(status, 429) << "who tries again and again waits";
    const auto offer = json::parse(access.offer_passkey(request, std::nullopt, now).body);
    EXPECT_EQ(offer.at("host"), "localhost");
    EXPECT_EQ(offer.at("challenge").as_string().size(), 64u);
    EXPECT_TRUE(memory.keys.empty());
}

} // namespace
} // namespace lyceum::webadmin
