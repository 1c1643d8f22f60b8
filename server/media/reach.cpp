// SPDX-License-Identifier: Apache-2.0
#include "server/media/reach.hpp"

#include "base/text.hpp"
#include "sip/message/uri.hpp"
#include "sip/message/values.hpp"

namespace lyceum::media {
namespace {

/// Of the first c= line; a name is nowhere in particular.
std::optional<IpAddress> address_in(std::string_view description) {
    while (!description.empty()) {
        auto line = cut_line(description);
        if (!line.starts_with("c=")) continue;
        cut(line, ' ');
        cut(line, ' ');
        return IpAddress::parse(trim(cut(line, '/')));
    }
    return std::nullopt;
}

} // namespace

/// Each INVITE to a device is looked at so: the text is searched, not parsed.
Reach reach_of_offer(std::string_view description, const IpAddress& source) {
    const auto says = [&](std::string_view what) {
        return description.find(what) != std::string_view::npos;
    };
    auto out = reach_of_peer(address_in(description).value_or(IpAddress{}), source);
    out.web = says("\na=ice-ufrag:") && says("\na=fingerprint:");
    return out;
}

Reach reach_of_peer(const IpAddress& said, const IpAddress& source) {
    using Place = Reach::Place;
    if (said.is_unspecified()) return {};
    if (!said.is_private()) return {false, Place::anywhere, {}, said.is_v6()};
    if (source.is_unspecified() || source.is_private())
        return {false, Place::here, {}, said.is_v6()};
    return {false, Place::behind_nat, source, said.is_v6()};
}

std::optional<Reach> reach_of_caller(const sip::Message& invite, const IpAddress& source) {
    if (const auto offer = sip::description_in(invite); !offer.empty())
        return reach_of_offer(offer, source);
    if (!invite.body().empty()) return std::nullopt;
    const auto contact = sip::NameAddr::parse(invite.header(sip::Header::contact).value_or(""));
    const auto uri = contact ? contact->uri() : Result<sip::Uri, Fault>(Fault{});
    const auto said = uri ? IpAddress::parse(uri->bare_host()) : std::nullopt;
    auto out = reach_of_peer(said.value_or(IpAddress{}), source);
    const auto first = sip::Via::parse(invite.values(sip::Header::via).back());
    out.web = (first && (iequals(first->transport, "WS") || iequals(first->transport, "WSS"))) ||
              (contact && contact->params.has("+sip.ice")); // RFC 5768.
    return out;
}

bool reach_each_other(const Reach& one, const Reach& other) {
    if (one.web != other.web) return false;
    if (one.web) return true; // They find a way by themselves.
    const bool same_ip = !one.v6 || !other.v6 || one.v6 == other.v6;
    return same_ip && one.place == other.place && one.outside == other.outside;
}

} // namespace lyceum::media
