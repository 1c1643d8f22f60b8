// SPDX-License-Identifier: Apache-2.0
#include "sip/transaction/endpoint.hpp"

#include "base/text.hpp"

namespace lyceum::sip {

std::optional<Endpoint> endpoint_of(std::string_view uri_text) {
    const auto uri = Uri::parse(uri_text);
    if (!uri || !uri->is_sip()) return std::nullopt;
    const auto host = uri->params.find("maddr").value_or(uri->bare_host());
    const auto ip = IpAddress::parse(host);
    if (!ip) return std::nullopt;
    Endpoint out;
    const auto wanted = transport_of(uri->params.find("transport").value_or("udp"));
    if (!wanted) return std::nullopt;
    out.transport = uri->scheme == Uri::Scheme::sips ? Transport::tls : *wanted;
    const std::uint16_t standard = out.transport == Transport::tls ? 5061 : 5060;
    out.address = {*ip, uri->port.value_or(standard)};
    return out;
}

std::string own_uri(std::string_view user, const LocalAddresses& local, const Endpoint& peer) {
    std::string out = "sip:";
    if (!user.empty()) out.append(user).append("@");
    out.append(local.toward(peer).to_string());
    if (peer.transport != Transport::udp)
        out.append(";transport=").append(param_of(peer.transport));
    return out;
}

std::string to_string(const Endpoint& endpoint) {
    return std::string(name_of(endpoint.transport)) + " " + endpoint.address.to_string();
}

std::string route_to(const Endpoint& endpoint) {
    auto out = "<sip:" + endpoint.address.to_string() +
               ";lr;by=" + std::string(name_of(endpoint.transport));
    if (endpoint.flow) out += ";flow=" + std::to_string(endpoint.flow.value);
    return out + ">";
}

std::optional<Endpoint> endpoint_of_route(std::string_view value) {
    const auto text = uri_in(value);
    const auto uri = Uri::parse(text);
    if (!uri) return std::nullopt;
    const auto ip = IpAddress::parse(uri->bare_host());
    const auto transport = transport_of(uri->params.find("by").value_or(""));
    if (!ip || !uri->port || !transport) return std::nullopt;
    const auto flow = parse_number<std::uint64_t>(uri->params.find("flow").value_or(""));
    return Endpoint{*transport, {*ip, *uri->port}, FlowId{flow.value_or(0)}};
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
    const auto transport = transport_of(cut(text, ' '));
    const auto where = parse_host_port(text);
    if (!transport || !where || !where->port) return std::nullopt;
    Uri host;
    host.host = where->host;
    const auto ip = IpAddress::parse(host.bare_host());
    if (!ip) return std::nullopt;
    return Endpoint{*transport, {*ip, *where->port}, {}};
}

} // namespace lyceum::sip
