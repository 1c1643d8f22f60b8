// SPDX-License-Identifier: Apache-2.0
#include "server/app/xcap_service.hpp"

#include "server/net/clock.hpp"

namespace lyceum::app {

using presence::xcap::Document;
using presence::xcap::Server;

void XcapService::set(const Document& document) {
    const auto& [auid, owner, body] = document;
    // Perhaps it is ours; and what is on its way there will be the last word.
    if (server_.document(auid, owner) == body || server_.is_changing(auid, owner)) return;
    server_.set(document);
    take_effect(document);
}

bool XcapService::serve(const http::Request& request, Reply reply) {
    if (!request.target.starts_with(std::string(root) + "/")) return false;
    const auto now = net::monotonic_now();
    const sip::Endpoint from{sip::Transport::tls, request.peer, {}};
    if (guard_.is_banned(request.peer.ip)) {
        reply({.status = 403});
        return true;
    }
    auto outcome = identity_.check(request.method, request.header("Authorization"), from, now);
    if (!outcome.user) {
        http::Response challenge{.status = 401};
        for (auto& [name, value] : outcome.challenge)
            challenge.headers.emplace_back(sip::name_of(name), std::move(value));
        reply(std::move(challenge));
        turn_(); // Somebody may have guessed once too often.
        return true;
    }
    const auto header = [&request](std::string_view name) {
        return std::string(request.header(name));
    };
    const Server::RequestId id{++last_id_};
    replies_.emplace(id, std::move(reply));
    server_.handle_request(id,
                           {request.method, request.target.substr(root.size()),
                            header("Content-Type"), request.body, header("If-Match"),
                            header("If-None-Match")},
                           *outcome.user);
    drain();
    return true;
}

void XcapService::drain() {
    while (auto output = server_.poll()) {
        if (auto* save = std::get_if<Server::Save>(&*output)) {
            database_.write([document = save->document](
                                DatabaseThread::Stores& stores) { stores.presence.put(document); },
                            [this, id = save->id](bool done) {
                                if (const auto changed = server_.handle_saved(id, done))
                                    take_effect(*changed);
                                drain();
                            });
            continue;
        }
        auto& answer = std::get<Server::Answer>(*output);
        const auto reply = replies_.extract(answer.request);
        auto& response = answer.response;
        http::Response out{response.status, std::move(response.type), std::move(response.body)};
        if (!response.etag.empty()) out.headers.emplace_back("ETag", "\"" + response.etag + "\"");
        if (response.status == 405) out.headers.emplace_back("Allow", "GET, PUT, DELETE");
        reply.mapped()(std::move(out));
    }
}

void XcapService::take_effect(const Document& document) {
    const auto now = net::monotonic_now();
    const auto& owner = document.owner;
    presence_.change("xcap-diff", owner, now);
    if (document.auid == "pres-rules") presence_.set_rules(owner, document.body, now);
    else if (document.auid == "pidf-manipulation")
        presence_.set_hard_state(owner, document.body, now);
    else
        presence_.set_services(owner,
                               presence::xcap::services_in(
                                   server_.document("rls-services", owner),
                                   server_.document("resource-lists", owner),
                                   [&](std::string_view xui) { return member_of(xui) == owner; }),
                               now);
    turn_();
}

std::optional<std::string> XcapService::member_of(std::string_view xui) {
    const bool is_uri = xui.find(':') != std::string_view::npos;
    const auto named = router_.named(is_uri ? std::string(xui) : router_.uri_of(xui));
    if (!named || named->is_room) return std::nullopt;
    return named->name;
}

bool XcapService::is_free(std::string_view uri) {
    const auto parsed = sip::Uri::parse(uri);
    return parsed && router_.domains().contains(*parsed) && !parsed->user_name().empty() &&
           !router_.named(uri) && !router_.groups().members(parsed->user_name());
}

} // namespace lyceum::app
