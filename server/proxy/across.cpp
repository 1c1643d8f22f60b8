// SPDX-License-Identifier: Apache-2.0
#include "server/proxy/across.hpp"

#include "server/media/reach.hpp"
#include "sip/message/uri.hpp"
#include "sip/message/values.hpp"

#include <string_view>
#include <utility>

namespace lyceum::proxy {
namespace {

/// What a device has said of itself when it registered. Whoever says that it does ICE (RFC 5768)
/// finds a browser by itself.
media::Reach reach_of(const routing::Target& target, const sip::Endpoint& there) {
    using sip::Transport;
    const auto uri = sip::Uri::parse(target.uri);
    const auto said = uri ? IpAddress::parse(uri->bare_host()) : std::nullopt;
    auto out = media::reach_of_peer(said.value_or(there.address.ip), there.address.ip);
    out.web = there.transport == Transport::ws || there.transport == Transport::wss ||
              target.features.find("sip.ice") != std::string_view::npos;
    return out;
}

} // namespace

bool needs_relay(const sip::RequestReceived& invite, const routing::Target& target,
                 const sip::Endpoint& there) {
    const auto& [transaction, request, from] = invite;
    if (!target.is_device || !target.path.empty() || there.transport == sip::Transport::inside)
        return false;
    // Behind other proxies, and on the other side of a gateway, it is not where its request is
    // from.
    const bool seen = request.values(sip::Header::via).size() == 1;
    const auto source = seen ? from.address.ip : IpAddress{};
    const auto caller = media::reach_of_caller(request, source);
    return caller && !media::reach_each_other(*caller, reach_of(target, there));
}

bool hides_caller(const sip::RequestReceived& invite, const routing::Target& target) {
    return target.is_device && sip::wants_privacy(invite.request);
}

void lead_across(routing::Target& target, std::vector<sip::Endpoint>& flows) {
    auto path = std::exchange(target.path, {});
    for (const auto& flow : flows)
        target.path.append(target.path.empty() ? "" : ", ").append(sip::route_to(flow));
    if (!path.empty()) target.path.append(", ").append(path);
    flows = {sip::inside(sip::Inside::b2bua)};
    target.where = flows.front();
}

} // namespace lyceum::proxy
