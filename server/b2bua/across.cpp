// SPDX-License-Identifier: Apache-2.0
/// Calls to devices that are led through us, and whose media goes by us: the part of B2bua that is
/// not about trunks alone.
#include "server/b2bua/b2bua.hpp"

#include "server/media/reach.hpp"
#include "sip/message/writer.hpp"

#include <utility>

namespace lyceum::b2bua {

using sip::Header;
using sip::Method;

namespace {

constexpr std::size_t ways_max = 4; // Flows of one device.

} // namespace

/// Where the request was when it came to the proxy: in the Via below the proxy's own. Behind other
/// proxies it is not known.
IpAddress B2bua::source_of(const sip::Message& request) {
    const auto vias = request.values(Header::via);
    if (vias.size() != 2) return {};
    const auto via = sip::Via::parse(vias[1]);
    if (!via) return {};
    const auto received = via->params.find("received");
    return IpAddress::parse(received ? *received : via->host).value_or(IpAddress{});
}

/// The proxy has written into Route where the device is, by one of its flows after the other; what
/// comes from outside has none left when it gets here.
void B2bua::handle_across(const sip::RequestReceived& received, TimePoint now) {
    const auto& request = received.request;
    trunk::Trunk nobodys;
    nobodys.calls_max = options_.calls_max;
    Call call{received, std::move(nobodys), Kind::across, caller_of(request, false), {}};
    for (const auto value : request.values(Header::route)) {
        const auto where = sip::endpoint_of_route(value);
        if (!where) call.routes.emplace_back(value); // By proxies of the device's own.
        else if (call.ways.size() < ways_max)
            call.ways.push_back({{}, std::string(request.request_uri()), *where});
    }
    const auto to = sip::uri_in(*request.header(Header::to));
    const auto called = sip::Uri::parse(to);
    call.caller_contact =
        "sip:" + (called ? std::string(called->user) + "@" : "") + options_.domain;
    begin(std::move(call), now);
}

/// Who calls whom stays as it is said, since the proxy has looked at it; who does not want to be
/// known is not.
sip::MessageWriter B2bua::across_invite(Call& call) {
    const auto& request = call.invite.request;
    const bool hidden = call.caller.is_private;
    call.callee_contact =
        sip::own_uri(hidden ? "anonymous" : call.caller.user, local_, call.way.where);
    auto writer = sip::MessageWriter::request(Method::invite, call.way.uri);
    for (const auto& route : call.routes) writer.header(Header::route, route);
    const auto said = sip::NameAddr::parse(*request.header(Header::from));
    auto from = hidden || !said ? from_value(call.caller, options_.domain)
                                : "<" + std::string(said->uri_text) + ">";
    if (!hidden && said && !said->display.empty())
        from = "\"" + std::string(said->display) + "\" " + from;
    writer.header(Header::from, from + ";tag=" + entropy_.hex(8));
    writer.header(Header::to, *request.header(Header::to));
    // Of the device's own calls, it knows those with us by other names.
    for (const auto each : {Header::replaces, Header::join})
        if (const auto value = request.header(each))
            writer.header(each, bridge_.named_for_other(each, *value));
    return writer;
}

/// A gateway that is reached by TLS is one whose keys may stand in SDP.
std::shared_ptr<RelayedMedia> B2bua::media_for(const Call& call) {
    using Form = RelayedMedia::Form;
    using sip::Transport;
    const auto& request = call.invite.request;
    if (!options_.relays || call.kind == Kind::inward) return {};
    const auto source = source_of(request);
    const auto caller = media::reach_of_caller(request, source);
    if (!caller) return {};
    const auto& there = call.way.where;
    auto form = caller->web ? Form::open : Form::as_offered;
    if (call.kind == Kind::outward) {
        const auto gateway = media::reach_of_peer(there.address.ip, there.address.ip);
        const bool by_tls = there.transport == Transport::tls;
        const auto said = sip::description_in(request);
        const bool has_keys = said.find(" RTP/SAVP") != std::string::npos && !by_tls;
        if (!has_keys && media::reach_each_other(*caller, gateway)) return {};
        if (caller->web || has_keys) form = by_tls ? Form::secure : Form::plain;
    } else if (there.transport == Transport::ws || there.transport == Transport::wss) {
        form = Form::web;
    }
    // He says how he wants it, unless it is the other side that makes the offer.
    const auto callers = caller->web ? Form::web : Form::open;
    return std::make_shared<RelayedMedia>(
        *options_.relays, entropy_,
        std::array<RelayedMedia::Party, 2>{{{source, callers}, {there.address.ip, form}}});
}

} // namespace lyceum::b2bua
