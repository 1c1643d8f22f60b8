// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"
#include "sip/message/message.hpp"

#include <optional>
#include <string_view>

/// Whether the two ends of a call can send to each other what they mean to.
namespace lyceum::media {

/// What is known of one end: how it protects and finds media, and where it is.
struct Reach {
    /// DTLS and ICE, as browsers do and insist on (RFC 8827, RFC 8829).
    bool web = false;
    enum class Place {
        anywhere,   ///< At a public address, or it finds one by ICE, or nothing is known of it.
        here,       ///< In networks of ours: a private address that is the one that it sends from.
        behind_nat, ///< At a private address in networks of others.
    };
    Place place = Place::anywhere;
    IpAddress outside{};      ///< Behind a NAT: its address as it is seen from here.
    std::optional<bool> v6{}; ///< Which IP it speaks; none: it is not known.

    bool operator==(const Reach&) const = default;
};

/// Of who has made this offer, whose request came from `source` (unspecified: it is not known).
/// What cannot be read is taken for what needs nothing.
Reach reach_of_offer(std::string_view description, const IpAddress& source);
/// Of who sends this INVITE from there: by its offer, or, if it leaves that to who is called (RFC
/// 3261 §13.2.1), by its Contact and by how it was sent first. None: its body is something else,
/// which only the two ends understand.
std::optional<Reach> reach_of_caller(const sip::Message& invite, const IpAddress& source);
/// Of who says that he is at `said`, and sends from `source`.
Reach reach_of_peer(const IpAddress& said, const IpAddress& source);

/// True: they need nobody between them.
bool reach_each_other(const Reach& one, const Reach& other);

} // namespace lyceum::media
