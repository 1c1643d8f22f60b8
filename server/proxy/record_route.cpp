// SPDX-License-Identifier: Apache-2.0
#include "server/proxy/record_route.hpp"

#include "server/proxy/rewriting.hpp"
#include "sip/message/values.hpp"

#include <utility>

namespace lyceum::proxy {

using sip::Header;

RecordRoute::RecordRoute(const identity::Domains& domains, std::set<std::uint16_t> ports,
                         const sip::LocalAddresses& local, const sip::KeyedHash& hash)
    : domains_(domains), ports_(std::move(ports)), local_(local), hash_(hash) {}

/// §16.4. Route values of ours are taken off the front; what the last of them says is where the
/// side lies to which the request goes.
Way RecordRoute::read(const sip::Message& request, const sip::Endpoint& from) const {
    Way way;
    way.uri = request.request_uri();
    for (const auto route : request.values(Header::route)) way.routes.emplace_back(route);
    const auto call_id = *request.header(Header::call_id);
    const auto token_in = [&](std::string_view uri_text) -> std::optional<RouteToken> {
        const auto uri = sip::Uri::parse(uri_text);
        if (!uri || !uri->is_sip()) return std::nullopt;
        return RouteToken::open(uri->user_name(), call_id, hash_);
    };
    if (!way.routes.empty() && token_in(way.uri)) {
        // A strict router has moved our Record-Route value there, and the target to the end.
        way.routes.insert(way.routes.begin(), "<" + way.uri + ">");
        way.uri = sip::uri_in(way.routes.back());
        way.routes.pop_back();
    }
    std::vector<RouteToken> tokens;
    while (!way.routes.empty()) {
        const auto text = sip::uri_in(way.routes.front());
        const auto token = token_in(text);
        const auto uri = sip::Uri::parse(text);
        if (!token && !(uri && is_own(*uri))) break;
        if (token) tokens.push_back(*token);
        way.routes.erase(way.routes.begin());
    }
    if (!tokens.empty()) follow(way, tokens, from);
    return way;
}

/// The first token is of the side that sends, the last one of the side that it sends to. Who takes
/// part in a call may reach the other side and nobody else, with the tokens of which he has seen
/// both: so to a side that is open only the one sends whose address is in the first.
void RecordRoute::follow(Way& way, const std::vector<RouteToken>& tokens,
                         const sip::Endpoint& from) const {
    const auto& [sender, receiver] = std::pair(tokens.front().where, tokens.back());
    if (!receiver.where) {
        way.known = tokens.size() > 1 && sender && sender->address.ip == from.address.ip;
        way.open = !way.known;
        return;
    }
    way.known = way.routes.empty();
    const auto said = sip::endpoint_of(way.uri);
    const bool as_said = receiver.by_uri && said && said->address.ip == receiver.where->address.ip;
    if (!as_said) way.where = receiver.where;
}

bool RecordRoute::is_own(const sip::Uri& uri) const {
    return domains_.contains(uri) && (!uri.port || ports_.empty() || ports_.contains(*uri.port));
}

/// One for each side, the callee's above the caller's: RFC 5658 §3.
std::vector<std::string> RecordRoute::write(const sip::RequestReceived& received,
                                            const routing::Target& target,
                                            const sip::Endpoint& next) const {
    const auto& [transaction, request, from] = received;
    const auto call_id = *request.header(Header::call_id);
    // A phone that says where it is and sends from there is found by what it says, also later when
    // it says something else. Behind another proxy it is not where the request came from.
    RouteToken caller{from, false}, callee{target.where, false};
    const auto contact =
        sip::endpoint_of(sip::uri_in(request.header(Header::contact).value_or("")));
    const bool says_it = contact && contact->address.ip == from.address.ip;
    caller.by_uri = says_it && !is_reliable(from.transport);
    if (request.values(Header::via).size() > 1) caller = {};
    const auto said = sip::endpoint_of(target.uri);
    callee.by_uri = target.where && said && *said == *target.where;
    return {value(call_id, next, callee), value(call_id, from, caller)};
}

std::string RecordRoute::value(std::string_view call_id, const sip::Endpoint& side,
                               const RouteToken& token) const {
    return "<" + sip::own_uri(token.seal(call_id, hash_), local_, side) + ";lr>";
}

} // namespace lyceum::proxy
