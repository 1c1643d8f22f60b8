// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/webadmin_fakes.hpp"
#include "webadmin/api.hpp"

#include <gtest/gtest.h>

#include <set>

namespace lyceum::webadmin {
namespace {

struct ApiTest : testing::Test {
    ApiTest() {
        for (const auto role : roles) {
            const std::string name(name_of(role));
            memory.put(Account{name, role, "hash of correct horse", {}, 0});
            tokens[role] = issue(memory, entropy,
                                 {.kind = Ticket::Kind::token,
                                  .account = name,
                                  .role = role,
                                  .until = now + std::chrono::hours(1)});
        }
        live.set_room("7b", Live::Room{{{"room", "7b"}}, {{1, {{"id", "1"}}}}});
        live.set_room("8a", Live::Room{{{"room", "8a"}}, {}});
    }

    http::Response ask(std::optional<Role> role, const std::string& method, const std::string& path,
                       const std::string& body = {}, http::Headers headers = {}) {
        http::Request request{method, path, std::move(headers), body};
        request.peer = {*IpAddress::parse("192.0.2.1"), 1};
        if (role) request.headers.emplace_back("Authorization", "Bearer " + tokens.at(*role));
        if (!body.empty() && request.header("Content-Type").empty())
            request.headers.emplace_back("Content-Type", "application/json");
        std::optional<http::Response> out;
        const bool ours =
            api.handle(request, now, [&](http::Response response) { out = std::move(response); });
        EXPECT_TRUE(ours) << path;
        EXPECT_TRUE(out) << method << " " << path << " is not answered";
        return out.value_or(http::Response{});
    }
    /// As an administrator.
    http::Response ask(const std::string& method, const std::string& path,
                       const std::string& body = {}, http::Headers headers = {}) {
        return ask(Role::administrator, method, path, body, std::move(headers));
    }
    static Object json_of(const http::Response& response) {
        return json::parse(response.body).get_object();
    }
    /// The names of things on a page, and the key for the next; a dot: there is none.
    std::string page(const std::string& query) {
        const auto body = json_of(ask("GET", "/api/v1/things" + query));
        std::string out;
        for (const auto& each : body.at("items").as_array())
            out += text_in(each.get_object(), "name");
        return out + (body.at("next").is_null() ? "." : text_in(body, "next"));
    }
    static std::string header_of(const http::Response& response, std::string_view name) {
        for (const auto& [key, value] : response.headers)
            if (key == name) return value;
        return {};
    }

    Memory memory;
    PlainPasswords passwords;
    SeededEntropy entropy{1};
    Access access{memory, passwords, entropy};
    FakeBackend backend;
    Live live{"today"};
    NullLog log;
    Api api{backend, access, live, log};
    WallTime now{std::chrono::days(20'000)};
    std::map<Role, std::string> tokens;
};

TEST_F(ApiTest, EveryRouteAsksWhoItIsAndWhatHeMayDo) {
    std::set<std::string> seen;
    const auto description = api.description();
    for (const auto& [path, methods] : description.at("paths").as_object())
        for (const auto& [method, operation] : methods.as_object()) {
            if (method == "parameters") continue;
            std::string target = "/api/v1" + std::string(path), verb(method);
            for (auto open = target.find('{'); open != std::string::npos; open = target.find('{'))
                target.replace(open, target.find('}') - open + 1, "7b");
            for (auto& c : verb) c = static_cast<char>(c - 32);
            const auto right = text_in(operation.as_object(), "x-right");
            seen.insert(right);
            const int stranger = ask(std::nullopt, verb, target).status;
            EXPECT_EQ(stranger == 401 || stranger == 403, right != "none") << verb << target;
            for (const auto role : roles) {
                bool may = false;
                for (int i = 0; i < static_cast<int>(Right::count_); ++i)
                    if (name_of(static_cast<Right>(i)) == right) may = has(role, Right(i));
                const int status = ask(role, verb, target, verb == "POST" ? "{}" : "").status;
                EXPECT_EQ(status == 403, !may) << verb << target << name_of(role);
            }
        }
    EXPECT_EQ(seen,
              (std::set<std::string>{"none", "log-in", "own-rooms", "read", "act", "configure"}));
}

TEST_F(ApiTest, ACookieAloneChangesNothing) {
    const auto secret = issue(memory, entropy,
                              {.kind = Ticket::Kind::session,
                               .account = "administrator",
                               .until = now + std::chrono::hours(1)});
    const std::string thing = R"({"name":"a","word":"w"})", path = "/api/v1/things";
    http::Headers headers{{"Cookie", "lyceum=" + secret}};
    EXPECT_EQ(ask(std::nullopt, "POST", path, thing, headers).status, 403);
    headers.emplace_back("X-CSRF-Token", "forged");
    EXPECT_EQ(ask(std::nullopt, "POST", path, thing, headers).status, 403);
    EXPECT_TRUE(backend.all.empty());
    const auto session = json_of(ask(std::nullopt, "GET", "/api/v1/session", {}, headers));
    headers.back().second = text_in(session, "csrf");
    EXPECT_EQ(ask(std::nullopt, "POST", path, thing, headers).status, 201);
}

TEST_F(ApiTest, WhatIsWrongIsSaidWithItsField) {
    struct Row {
        const char *body, *field, *detail;
        int status;
    };
    const Row rows[] = {
        {"{", "", "the body is not JSON: incomplete JSON", 400},
        {"[]", "", "expected a JSON object", 400},
        {R"({"word":"w"})", "name", "it is missing", 422},
        {R"({"name":"a"})", "word", "it is missing", 422},
        {R"({"name":7,"word":"w"})", "name", "expected a text", 422},
        {R"({"name":"123456789","word":"w"})", "name", "expected at most 8 octets", 422},
        {R"({"name":"a","word":"w","size":10})", "size", "expected a number from 1 to 9", 422},
        {R"({"name":"a","word":"w","size":"1"})", "size", "expected a number", 422},
        {R"({"name":"a","word":"w","color":"blue"})", "color", "expected one of red, green", 422},
        {R"({"name":"a","word":"w","made":"x"})", "made", "it can only be read", 422},
        {R"({"name":"a","word":"w","age":1})", "age", "there is no such field", 422}};
    for (const auto& row : rows) {
        const auto response = ask("POST", "/api/v1/things", row.body);
        EXPECT_EQ(response.status, row.status) << row.body;
        EXPECT_EQ(response.type, "application/problem+json");
        const auto problem = json_of(response);
        EXPECT_EQ(text_in(problem, "field"), row.field) << row.body;
        EXPECT_EQ(text_in(problem, "detail"), row.detail) << row.body;
    }
    EXPECT_EQ(ask("POST", "/api/v1/things", "{}", {{"Content-Type", "text/plain"}}).status, 415);
    std::string deep(100, '[');
    EXPECT_EQ(ask("POST", "/api/v1/things", deep).status, 400);
    EXPECT_TRUE(backend.all.empty());
}

TEST_F(ApiTest, AThingIsMadeChangedAndRemovedAndAnOlderStateChangesNothing) {
    const auto made = ask("POST", "/api/v1/things", R"({"name":"a/b","word":"w"})");
    ASSERT_EQ(made.status, 201);
    EXPECT_FALSE(json_of(made).contains("word")) << "never shown";
    EXPECT_EQ(ask("POST", "/api/v1/things", R"({"name":"a/b","word":"w"})").status, 409);
    const std::string path = "/api/v1/things/a%2Fb";
    const auto tag = header_of(ask("GET", path), "ETag");
    EXPECT_EQ(tag, header_of(made, "ETag"));
    EXPECT_EQ(ask("GET", path, {}, {{"If-None-Match", tag}}).status, 304);
    EXPECT_EQ(ask("PATCH", path, R"({"name":"c"})").status, 422) << "its name stays";
    EXPECT_EQ(ask("PATCH", path, R"({"size":2})", {{"If-Match", tag}}).status, 200);
    EXPECT_EQ(ask("PATCH", path, R"({"size":3})", {{"If-Match", tag}}).status, 412);
    EXPECT_EQ(ask("DELETE", path, {}, {{"If-Match", tag}}).status, 412);
    EXPECT_EQ(backend.all.at("a/b").at("size"), 2);
    EXPECT_EQ(ask("DELETE", path).status, 204);
    EXPECT_EQ(ask("GET", path).status, 404);
    EXPECT_EQ(ask("DELETE", path).status, 404);
    const auto refused = ask("PUT", path);
    EXPECT_EQ(refused.status, 405);
    EXPECT_EQ(header_of(refused, "Allow"), "GET, PATCH, DELETE");
    EXPECT_EQ(header_of(ask("POST", "/api/v1/fixed", "{}"), "Allow"), "GET");
    ASSERT_EQ(backend.notes.size(), 4u) << "what was tried is in the audit log";
    EXPECT_EQ(backend.notes[0].what, "things.add");
    EXPECT_EQ(backend.notes[0].who, "administrator");
    EXPECT_EQ(backend.notes[0].whom, "a/b");
    EXPECT_EQ(backend.notes[1].refused, "it is there");
}

TEST_F(ApiTest, WhatChangesByItselfKeepsNobodyFromChangingTheRest) {
    const auto tag = header_of(ask("POST", "/api/v1/things", R"({"name":"a","word":"w"})"), "ETag");
    backend.all["a"]["made"] = "tomorrow";
    const std::string path = "/api/v1/things/a";
    EXPECT_EQ(ask("GET", path, {}, {{"If-None-Match", tag}}).status, 200) << "it looks different";
    EXPECT_EQ(ask("PATCH", path, R"({"size":2})", {{"If-Match", tag}}).status, 200);
    EXPECT_EQ(ask("PATCH", path, R"({"size":3})", {{"If-Match", tag}}).status, 412);
}

TEST_F(ApiTest, AListComesInPages) {
    for (const auto* name : {"a", "b", "c"})
        ask("POST", "/api/v1/things", R"({"word":"w","name":")" + std::string(name) + "\"}");
    EXPECT_EQ(page(""), "abc.");
    EXPECT_EQ(page("?limit=2"), "abb");
    EXPECT_EQ(page("?limit=2&after=b"), "c.");
    EXPECT_EQ(page("?limit=3"), "abc.");
    for (const auto* bad : {"?limit=0", "?limit=1001", "?limit=x", "?page=2"})
        EXPECT_EQ(ask("GET", "/api/v1/things" + std::string(bad)).status, 400) << bad;
}

TEST_F(ApiTest, AListCanBeOfThoseWithAValue) {
    for (const auto* name : {"a", "b", "c", "d"}) {
        ask("POST", "/api/v1/things", R"({"word":"w","name":")" + std::string(name) + "\"}");
        if (*name == 'b' || *name == 'd')
            ask("PATCH", "/api/v1/things/" + std::string(name), R"({"color":"green","size":2})");
    }
    EXPECT_EQ(page("?color=GREEN"), "bd.");
    EXPECT_EQ(page("?size=2&limit=1"), "bb");
    EXPECT_EQ(page("?size=2&limit=1&after=b"), "d.");
    EXPECT_EQ(page("?size=1&color=green"), ".");
    EXPECT_EQ(page("?made=today&limit=3"), "abcc");
    EXPECT_EQ(ask("GET", "/api/v1/things?pin=1234").status, 400) << "that would be to guess it";
    EXPECT_EQ(ask("GET", "/api/v1/things?word=w").status, 400);
    EXPECT_EQ(ask("GET", "/api/v1/things?since=2026").status, 400) << "they have no time";
}

TEST_F(ApiTest, WhatIsForWhoConfiguresLooksEmptyToOthers) {
    ask("POST", "/api/v1/things", R"({"name":"a","word":"w"})");
    EXPECT_EQ(text_in(json_of(ask("GET", "/api/v1/things/a")), "pin"), "1234");
    EXPECT_EQ(text_in(json_of(ask(Role::reader, "GET", "/api/v1/things/a")), "pin"), "");
    const auto list = json_of(ask(Role::operator_, "GET", "/api/v1/things"));
    EXPECT_EQ(text_in(list.at("items").at(0).as_object(), "pin"), "");
}

TEST_F(ApiTest, TheSameIdempotencyKeyIsDoneOnce) {
    const std::string path = "/api/v1/conferences/7b/actions", mute = R"({"action":"mute"})";
    const http::Headers key{{"Idempotency-Key", "k1"}};
    EXPECT_EQ(ask("POST", path, mute, key).status, 204);
    EXPECT_EQ(ask("POST", path, mute, key).status, 204);
    EXPECT_EQ(backend.deeds.size(), 1u);
    EXPECT_EQ(ask("POST", path, R"({"action":"lock"})", key).status, 422) << "another request";
    EXPECT_EQ(ask(Role::operator_, "POST", path, mute, key).status, 204) << "another one's key";
    EXPECT_EQ(backend.deeds.size(), 2u);
    now += Api::remembered_for;
    EXPECT_EQ(ask("POST", path, mute, key).status, 204);
    EXPECT_EQ(backend.deeds.size(), 3u);
}

TEST_F(ApiTest, ATeacherLeadsHisOwnRoomsAndSeesNoOthers) {
    const std::string lock = R"({"action":"lock"})";
    const auto act = [&](Role role, const std::string& room) {
        return ask(role, "POST", "/api/v1/conferences/" + room + "/actions", lock).status;
    };
    EXPECT_EQ(act(Role::teacher, "7B"), 204);
    EXPECT_EQ(act(Role::teacher, "8a"), 403);
    EXPECT_EQ(act(Role::operator_, "8a"), 204);
    EXPECT_EQ(act(Role::reader, "7b"), 403);
    EXPECT_EQ(ask(Role::teacher, "GET", "/api/v1/conferences/8a").status, 404);
    EXPECT_EQ(ask(Role::reader, "GET", "/api/v1/conferences/8a").status, 200);
    const auto seen = json_of(ask(Role::teacher, "GET", "/api/v1/conferences"));
    EXPECT_EQ(seen.at("items").as_array().size(), 1u);
    ASSERT_EQ(backend.deeds.size(), 2u);
    EXPECT_EQ(backend.deeds[0].by, "teacher");
    EXPECT_EQ(backend.deeds[0].room, "7b");
    const auto gone =
        ask("POST", "/api/v1/conferences/7b/actions", R"({"action":"mute","participant":"99"})");
    EXPECT_EQ(gone.status, 404);
    EXPECT_EQ(text_in(json_of(gone), "detail"), "nobody there");
}

TEST_F(ApiTest, WhoOwnsAThingSeesAndChangesItThoughNotTheOthers) {
    for (const auto* name : {"a", "b"})
        ask("POST", "/api/v1/things", R"({"word":"w","name":")" + std::string(name) + "\"}");
    const auto as_teacher = [this](const std::string& method, const std::string& path,
                                   const std::string& body = {}) {
        return ask(Role::teacher, method, path, body);
    };
    const auto list = json_of(as_teacher("GET", "/api/v1/things")).at("items").as_array();
    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(text_in(list[0].get_object(), "name"), "b");
    EXPECT_EQ(text_in(list[0].get_object(), "pin"), "1234") << "it is his own";
    EXPECT_EQ(as_teacher("GET", "/api/v1/things/b").status, 200);
    EXPECT_EQ(as_teacher("PATCH", "/api/v1/things/b", R"({"size":2})").status, 200);
    EXPECT_EQ(as_teacher("GET", "/api/v1/things/a").status, 403);
    EXPECT_EQ(as_teacher("PATCH", "/api/v1/things/a", R"({"size":2})").status, 403);
    EXPECT_EQ(as_teacher("DELETE", "/api/v1/things/b").status, 403);
    EXPECT_EQ(as_teacher("POST", "/api/v1/things", R"({"name":"c","word":"w"})").status, 403);
    EXPECT_EQ(ask(Role::reader, "PATCH", "/api/v1/things/b", R"({"size":2})").status, 403);
}

TEST_F(ApiTest, ATokenIsForWhatItWasMadeFor) {
    tokens[Role::administrator] = issue(memory, entropy,
                                        {.kind = Ticket::Kind::token,
                                         .account = "administrator",
                                         .role = Role::administrator,
                                         .until = now + std::chrono::hours(1),
                                         .scopes = {"things", "plan"}});
    EXPECT_EQ(ask("GET", "/api/v1/things").status, 200);
    EXPECT_EQ(ask("POST", "/api/v1/things", R"({"name":"a","word":"w"})").status, 201);
    EXPECT_EQ(ask("GET", "/api/v1/plan?to=1").status, 200);
    for (const auto* path : {"/api/v1/fixed", "/api/v1/conferences", "/api/v1/session"})
        EXPECT_EQ(ask("GET", path).status, 403) << path;
    EXPECT_EQ(ask("GET", "/metrics").status, 401);
    const http::Request watches{
        "GET", "/api/v1/events", {{"Authorization", "Bearer " + tokens[Role::administrator]}}};
    EXPECT_FALSE(api.watcher(watches, now));
}

TEST_F(ApiTest, SomeAreGlancedAtByTheirNames) {
    const auto seen = json_of(ask(Role::reader, "GET", "/api/v1/presence?of=ann,ben"));
    EXPECT_EQ(seen.at("items").as_array().size(), 2u);
    std::string many = "ann";
    for (std::size_t i = 0; i < Api::glances_max; ++i) many += ",ann";
    for (const auto& bad : {std::string(), "?of=" + many})
        EXPECT_EQ(ask("GET", "/api/v1/presence" + bad).status, 400);
}

TEST_F(ApiTest, ATelephoneSetsItselfUpByALinkWithoutLoggingIn) {
    EXPECT_EQ(ask(Role::operator_, "POST", "/api/v1/users/ann/setup").status, 403);
    EXPECT_EQ(ask("POST", "/api/v1/users/nobody/setup").status, 404);
    const auto offered = ask("POST", "/api/v1/users/ann/setup");
    EXPECT_EQ(text_in(json_of(offered), "path"), "/setup/seed");
    EXPECT_EQ(backend.notes.back().what, "users.setup");
    http::Response got;
    for (const auto& [host, shown] :
         {std::pair("school.example:8443", "school.example"), std::pair("[::1]:8443", "[::1]"),
          std::pair("[::1]", "[::1]")}) {
        api.handle({"GET", "/setup/seed", {{"Host", host}}}, now,
                   [&](http::Response response) { got = std::move(response); });
        EXPECT_EQ(got.body, "<config for=\"" + std::string(shown) + "\"/>");
    }
    EXPECT_EQ(ask(std::nullopt, "GET", "/setup/other").status, 404);
}

TEST_F(ApiTest, PathsThatAreNoneAreRefused) {
    for (const auto* path : {"/api/v1/things/..", "/api/v1/%2e%2e/things", "/api/v1/things/%00",
                             "/api/v1/things/a%0d%0ab", "/api/v1/things/%ff"})
        EXPECT_EQ(ask("GET", path).status, 400) << path;
    for (const auto* path : {"/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v1/things/a/b"})
        EXPECT_EQ(ask("GET", path).status, 404) << path;
    EXPECT_FALSE(api.handle({"GET", "/api/v10"}, now, [](const http::Response&) {}));
}

TEST_F(ApiTest, PrometheusSeesTheCountersFromHereOrWithAToken) {
    EXPECT_EQ(ask(std::nullopt, "GET", "/metrics").status, 401);
    EXPECT_EQ(ask(Role::teacher, "GET", "/metrics").status, 401);
    backend.counters_ = {{"calls", 3},
                         {R"(sip_sent_total{transport="tcp"})", 1},
                         {R"(sip_sent_total{transport="udp"})", 8}};
    EXPECT_EQ(ask(Role::reader, "GET", "/metrics").body,
              "# TYPE lyceum_calls gauge\nlyceum_calls 3\n"
              "# TYPE lyceum_sip_sent_total counter\n"
              "lyceum_sip_sent_total{transport=\"tcp\"} 1\n"
              "lyceum_sip_sent_total{transport=\"udp\"} 8\n");
    EXPECT_EQ(ask(std::nullopt, "GET", "/healthz").status, 200);
    backend.counters_.clear();
    EXPECT_EQ(ask(std::nullopt, "GET", "/healthz").status, 503) << "not ready yet";
}

} // namespace
} // namespace lyceum::webadmin
