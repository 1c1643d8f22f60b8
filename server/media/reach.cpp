// SPDX-License-Identifier: Apache-2.0
#include "server/media/reach.hpp"

#include "base/text.hpp"

#include <optional>

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
    if (said.is_unspecified() || !said.is_private()) return {};
    if (source.is_unspecified() || source.is_private()) return {false, Place::here};
    return {false, Place::behind_nat, source};
}

bool reach_each_other(const Reach& one, const Reach& other) {
    return one.web == other.web &&
           (one.web || (one.place == other.place && one.outside == other.outside));
}

} // namespace lyceum::media
