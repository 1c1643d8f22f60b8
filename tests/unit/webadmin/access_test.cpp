// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/webadmin_fakes.hpp"
#include "webadmin/access.hpp"
#include "webadmin/secrets.hpp"

#include <gtest/gtest.h>

namespace lyceum::webadmin {
namespace {

struct AccessTest : testing::Test {
    AccessTest() { memory.put(Account{"ann", Role::teacher, "hash of correct horse", {}, 0}); }

    http::Response log_in(const std::string& password, const std::string& code = {}) {
        http::Response out{};
        access.log_in({{"account", "ann"}, {"password", password}, {"code", code}}, from, now,
                      [&out](http::Response response) { out = std::move(response); });
        return out;
    }
    static std::string cookie_of(const http::Response& response) {
        for (const auto& [name, value] : response.headers)
            if (name == "Set-Cookie") return value.substr(0, value.find(';'));
        return {};
    }
    std::optional<Who> who(const http::Headers& headers) {
        return access.identify({"GET", "/", headers}, now);
    }

    Memory memory;
    PlainPasswords passwords;
    SeededEntropy entropy{1};
    Access access{memory, passwords, entropy};
    WallTime now{std::chrono::days(20'000)};
    http::Request from{"POST", "/api/v1/session", {}, {}, {*IpAddress::parse("192.0.2.7"), 5}};
};

TEST_F(AccessTest, TheRightPasswordGivesACookieThatLastsForItsTimeAndNoLonger) {
    const auto response = log_in("correct horse");
    ASSERT_EQ(response.status, 200);
    const auto cookie = cookie_of(response);
    const auto ann = who({{"Cookie", "theme=dark; " + cookie}});
    ASSERT_TRUE(ann);
    EXPECT_EQ(ann->name, "ann");
    EXPECT_EQ(ann->role, Role::teacher);
    EXPECT_FALSE(who({{"Cookie", cookie + "0"}}));
    EXPECT_FALSE(who({{"Authorization", "Bearer " + cookie.substr(7)}})) << "a session, no token";
    for (const auto& [id, ticket] : memory.tickets)
        EXPECT_EQ(cookie.find(id), std::string::npos) << "what is stored lets nobody in";
    now += Access::session_time;
    EXPECT_FALSE(who({{"Cookie", cookie}}));
}

TEST_F(AccessTest, AChangeByACookieMustComeFromOurOwnPage) {
    const auto ann = who({{"Cookie", cookie_of(log_in("correct horse"))}});
    ASSERT_TRUE(ann);
    EXPECT_FALSE(Access::is_meant({"POST", "/"}, *ann));
    EXPECT_FALSE(Access::is_meant({"POST", "/", {{"X-CSRF-Token", "0"}}}, *ann));
    EXPECT_TRUE(Access::is_meant({"POST", "/", {{"X-CSRF-Token", ann->csrf}}}, *ann));
}

TEST_F(AccessTest, AfterSomeFailuresEachCostsMoreTimeAlsoForTheRightPassword) {
    for (int i = 0; i < Access::free_failures; ++i) EXPECT_EQ(log_in("wrong").status, 401);
    EXPECT_EQ(log_in("correct horse").status, 429);
    now += std::chrono::seconds(1);
    EXPECT_EQ(log_in("wrong").status, 401);
    now += std::chrono::seconds(1);
    EXPECT_EQ(log_in("correct horse").status, 429) << "two seconds now";
    from.peer.ip = *IpAddress::parse("192.0.2.8");
    EXPECT_EQ(log_in("correct horse").status, 200) << "from elsewhere he is not kept out";
    from.peer.ip = *IpAddress::parse("192.0.2.7");
    now += std::chrono::seconds(1);
    EXPECT_EQ(log_in("correct horse").status, 200);
}

TEST_F(AccessTest, WhoTriesManyNamesIsSlowedDownToo) {
    int tries = 0;
    const auto guess = [&] {
        int status = 0;
        access.log_in({{"account", "guess" + std::to_string(tries)}, {"password", "12345678"}},
                      from, now, [&](const http::Response& response) { status = response.status; });
        return status;
    };
    while (guess() == 401 && tries < 1000) ++tries;
    EXPECT_EQ(tries, 10 * Access::free_failures);
    EXPECT_EQ(log_in("correct horse").status, 429);
    now += std::chrono::seconds(1);
    EXPECT_EQ(log_in("correct horse").status, 200);
    EXPECT_EQ(guess(), 401) << "forgiven";
}

TEST_F(AccessTest, ACodeCountsOnceAndGuessingItIsSlowedDownToo) {
    memory.accounts["ann"].totp_secret = "12345678901234567890";
    const auto code = totp_code("12345678901234567890", totp_step_at(now));
    EXPECT_EQ(log_in("correct horse").status, 401) << "a code is asked for";
    EXPECT_EQ(log_in("correct horse", code).status, 200);
    EXPECT_EQ(log_in("correct horse", code).status, 401) << "used";
    int tries = 1;
    while (log_in("correct horse", "000000").status == 401 && tries < 100) {
        ++tries;
        log_in("correct horse"); // Does not buy another try.
    }
    EXPECT_EQ(tries, Access::free_failures);
}

TEST_F(AccessTest, ALinkChoosesAPasswordOnceAndEndsWhatWasThereBefore) {
    const auto before = cookie_of(log_in("correct horse"));
    const auto path = link_for(memory, entropy, memory.accounts["ann"], now);
    ASSERT_TRUE(path.starts_with("/#link=")) << "behind #, so that no log of a proxy has it";
    const auto use = [&](const std::string& password) {
        http::Response out{};
        access.use_link({{"link", path.substr(7)}, {"password", password}}, from, now,
                        [&out](http::Response response) { out = std::move(response); });
        return out;
    };
    EXPECT_EQ(use("short").status, 422);
    const auto response = use("battery staple");
    EXPECT_EQ(response.status, 200);
    EXPECT_TRUE(who({{"Cookie", cookie_of(response)}}));
    EXPECT_FALSE(who({{"Cookie", before}}));
    EXPECT_EQ(use("another one").status, 401);
    EXPECT_EQ(log_in("correct horse").status, 401);
    EXPECT_EQ(log_in("battery staple").status, 200);
}

TEST_F(AccessTest, ATokenMayDoNoMoreThanItsOwnerNow) {
    const auto secret = issue(memory, entropy,
                              {.kind = Ticket::Kind::token,
                               .account = "ann",
                               .role = Role::administrator,
                               .until = now + std::chrono::hours(1)});
    const http::Headers by{{"Authorization", "Bearer " + secret}};
    ASSERT_TRUE(who(by));
    EXPECT_EQ(who(by)->role, Role::teacher);
    EXPECT_TRUE(Access::is_meant({"POST", "/"}, *who(by))) << "no page sends a token unasked";
    EXPECT_FALSE(who({{"Cookie", "lyceum=" + secret}}));
    memory.accounts.clear();
    EXPECT_FALSE(who(by));
}

TEST(Secrets, CodesAreThoseOfRfc6238AppendixB) {
    const std::string secret = "12345678901234567890";
    const std::pair<std::int64_t, const char*> rows[] = {
        {59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
        {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
    for (const auto& [time, code] : rows)
        EXPECT_EQ(totp_code(secret, totp_step_at(WallTime(std::chrono::seconds(time)))), code);
    EXPECT_EQ(base32("foobar"), "MZXW6YTBOI") << "RFC 4648 §10, without padding";
    EXPECT_EQ(base32("fo"), "MZXQ");
}

TEST(Rights, EveryRoleHasWhatItsTableSays) {
    using R = Right;
    const auto row = [](Role role) {
        std::string out;
        for (const auto right : {R::none, R::log_in, R::own_rooms, R::read, R::act, R::configure})
            out += has(role, right) ? '1' : '0';
        return out;
    };
    EXPECT_EQ(row(Role::administrator), "111111");
    EXPECT_EQ(row(Role::operator_), "111110");
    EXPECT_EQ(row(Role::teacher), "111000");
    EXPECT_EQ(row(Role::reader), "111100");
    for (const auto role : roles) EXPECT_EQ(role_of(name_of(role)), role);
}

} // namespace
} // namespace lyceum::webadmin
