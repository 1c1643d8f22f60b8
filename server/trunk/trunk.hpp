// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"
#include "sip/auth/digest_client.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::trunk {

/// One machine of a provider, or a telephone gateway of our own.
struct Gateway {
    std::string uri;       ///< "sip:gw.example.net", "sip:192.0.2.7:5080;transport=tcp".
    unsigned priority = 1; ///< The lowest is tried first; …
    unsigned weight = 1;   ///< …among equals, so often in proportion (as in RFC 2782).

    bool operator==(const Gateway&) const = default;
};

/// A way out to telephones and other places where we are a customer or a neighbour, and a way in.
struct Trunk {
    std::string name;
    std::vector<Gateway> gateways;
    sip::Login login{};     ///< What we answer when asked for a password; no user: we cannot.
    bool registers = false; ///< It finds us by REGISTER, not by a fixed address.
    std::string caller;     ///< Shown of who has no number of his own: "+49891234".
    std::string inbound;    ///< Where calls for a number lead that nobody here has.
    std::size_t calls_max = 30;
    std::vector<IpAddress> sources; ///< Who may call in, beside the gateways themselves.
    /// P-Asserted-Identity is believed from there and told there (RFC 3325): a contract says so.
    bool trusted = false;

    bool operator==(const Trunk&) const;
};

/// "sip:+4989@gw.example.net;user=phone": somebody behind a gateway.
std::string uri_at(const Gateway& gateway, std::string_view number);

} // namespace lyceum::trunk
