// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "base/text.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/kit/recording_log.hpp"
#include "tests/kit/webadmin_fakes.hpp"
#include "webadmin/api.hpp"
#include "webadmin/page.hpp"

namespace lyceum::fuzz {
namespace {

using namespace webadmin;

/// "POST /api/v1/things", lines of headers, an empty line, a body.
http::Request request_in(std::string_view text) {
    http::Request out{"GET", "/"};
    auto line = cut(text, '\n');
    out.method = cut(line, ' ');
    out.target = line;
    while (!text.empty()) {
        auto header = cut(text, '\n');
        if (header.empty()) break;
        const auto name = cut(header, ':');
        out.headers.emplace_back(name, trim(header));
    }
    out.body = text;
    return out;
}

} // namespace

/// One request, by a stranger, by who may only read, and by an administrator: each is answered
/// once, with JSON where it says so; only who may changes something, and what he makes is as its
/// fields say.
void fuzz_api(ByteView input) {
    const auto text = as_text(input);
    const WallTime now{std::chrono::days(20'000)};
    Memory memory;
    PlainPasswords passwords;
    SeededEntropy entropy(1);
    Access access(memory, passwords, entropy);
    FakeBackend backend;
    Live live("today");
    live.set_room("7b", Live::Room{{{"room", "7b"}}, {}});
    kit::RecordingLog log;
    Api api(backend, access, live, log);
    for (const auto role :
         {std::optional<Role>(), std::optional(Role::reader), std::optional(Role::administrator)}) {
        auto request = request_in(text);
        if (role) {
            memory.put(Account{"me", *role, "hash of correct horse", {}, 0});
            const auto secret = issue(memory, entropy,
                                      {.kind = Ticket::Kind::token,
                                       .account = "me",
                                       .role = *role,
                                       .until = now + std::chrono::hours(1)});
            request.headers.emplace(request.headers.begin(), "Authorization", "Bearer " + secret);
        } else {
            std::erase_if(request.headers,
                          [](const auto& each) { return iequals(each.first, "Authorization"); });
        }
        int answers = 0;
        const bool ours = api.handle(request, now, [&answers](const http::Response& response) {
            ++answers;
            LYCEUM_ASSERT(response.status >= 200 && response.status < 600);
            if (response.type.find("json") == std::string::npos) return;
            json::error_code error;
            json::parse(response.body, error);
            LYCEUM_ASSERT(!error);
        });
        LYCEUM_ASSERT(answers == (ours ? 1 : 0));
        if (role != Role::administrator)
            LYCEUM_ASSERT(backend.all.empty() && backend.deeds.empty());
        page_at(request.target, request.header("Accept-Encoding"), {});
    }
    for (const auto& [name, thing] : backend.all) LYCEUM_ASSERT(name.size() <= 8);
}

} // namespace lyceum::fuzz
