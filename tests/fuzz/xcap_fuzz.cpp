// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "base/text.hpp"
#include "presence/xcap_server.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/kit/recording_log.hpp"

namespace lyceum::fuzz {
namespace {

using presence::xcap::Server;

class AnnAlone final : public presence::xcap::Names {
public:
    std::optional<std::string> member_of(std::string_view xui) override {
        return xui == "ann" ? std::optional<std::string>("ann") : std::nullopt;
    }
    bool is_free(std::string_view uri) override { return uri.starts_with("sip:free"); }
};

Server::Response ask(Server& server, const std::string& method, const std::string& target,
                     const std::string& type, const std::string& body) {
    server.handle_request(Server::RequestId{1}, {method, target, type, body, {}, {}}, "ann");
    std::optional<Server::Response> out;
    while (auto output = server.poll()) {
        if (auto* save = std::get_if<Server::Save>(&*output)) server.handle_saved(save->id, true);
        else out = std::move(std::get<Server::Answer>(*output).response);
    }
    LYCEUM_ASSERT(out);
    return std::move(*out);
}

} // namespace

/// A line with what is behind "/resource-lists/users/ann/index" or another document's name, and a
/// body: what was put can be read, what was removed is gone, and the document is a good one.
void fuzz_xcap(ByteView input) {
    auto text = as_text(input);
    const auto line = std::string(cut(text, '\n'));
    const std::string body(text);
    AnnAlone names;
    kit::RecordingLog log;
    Server server(names, log);
    const std::string friends =
        "<resource-lists xmlns='urn:ietf:params:xml:ns:resource-lists'><list name='a'>"
        "<entry uri='sip:b@x'><display-name>B</display-name></entry><entry uri='sip:c@x'/>"
        "</list><list name='b'/></resource-lists>";
    server.set({"resource-lists", "ann", friends});
    const auto target = line.starts_with('/') ? line : "/resource-lists/users/ann/index" + line;
    for (const auto* type :
         {"application/xcap-el+xml", "application/xcap-att+xml", "application/resource-lists+xml",
          "application/rls-services+xml", "application/auth-policy+xml", "application/pidf+xml"}) {
        const auto put = ask(server, "PUT", target, type, body);
        if (put.status >= 300) continue;
        LYCEUM_ASSERT(ask(server, "GET", target, {}, {}).status == 200);
    }
    for (const auto& each : presence::xcap::applications()) {
        const auto document = server.document(each.auid, "ann");
        if (document.empty()) continue;
        const auto root = presence::xml::parse(document);
        LYCEUM_ASSERT(root && !presence::xcap::check(each, *root));
    }
    if (ask(server, "DELETE", target, {}, {}).status == 200)
        LYCEUM_ASSERT(ask(server, "GET", target, {}, {}).status == 404);
}

} // namespace lyceum::fuzz
