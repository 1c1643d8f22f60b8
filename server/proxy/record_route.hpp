// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/identity/domains.hpp"
#include "server/proxy/route_token.hpp"
#include "server/routing/plan.hpp"
#include "sip/transaction/transaction_layer.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::proxy {

/// The way that a request still has to go, once our own Route values are taken off it.
struct Way {
    std::string uri;
    std::vector<std::string> routes;
    bool known = false; ///< Tokens of ours say that its dialog has passed here, and this way.
    bool open = false;  ///< They leave to the sender where it goes.
    std::optional<sip::Endpoint> where;
};

/// How the proxy stays in the path of dialogs: what it writes into Record-Route (RFC 3261 §16.6, 4;
/// RFC 5658) and reads from Route (§16.4). It keeps nothing; see docs/adr/0006.
class RecordRoute {
public:
    /// `ports` are ours: which Route values are, that carry no token; empty: any.
    RecordRoute(const identity::Domains& domains, std::set<std::uint16_t> ports,
                const sip::LocalAddresses& local, const sip::KeyedHash& hash);

    [[nodiscard]] Way read(const sip::Message& request, const sip::Endpoint& from) const;
    [[nodiscard]] std::vector<std::string> write(const sip::RequestReceived& received,
                                                 const routing::Target& target,
                                                 const sip::Endpoint& next) const;

private:
    void follow(Way& way, const std::vector<RouteToken>& tokens, const sip::Endpoint& from) const;
    [[nodiscard]] bool is_own(const sip::Uri& uri) const;
    [[nodiscard]] std::string value(std::string_view call_id, const sip::Endpoint& side,
                                    const RouteToken& token) const;

    const identity::Domains& domains_;
    std::set<std::uint16_t> ports_;
    const sip::LocalAddresses& local_;
    const sip::KeyedHash& hash_;
};

} // namespace lyceum::proxy
