// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/auth/keyed_hash.hpp"
#include "sip/transaction/endpoint.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lyceum::proxy {

/// What stands in the user part of our Record-Route values: where the peer on that side is reached
/// (the flow token of RFC 5626 §5.2), and a keyed hash over it and the Call-ID. Who shows one in a
/// Route was part of a dialog that we have let pass, so his requests inside it pass too; nobody
/// else can make one, and it is good for no other dialog.
struct RouteToken {
    /// Where that side is. None: it is open, behind proxies of others, and reached by the next
    /// Route or the Request-URI, whatever they say.
    std::optional<sip::Endpoint> where;
    bool by_uri = false; ///< At that address, its Request-URI says by which port and transport.

    [[nodiscard]] std::string seal(std::string_view call_id, const sip::KeyedHash& hash) const;
    static std::optional<RouteToken> open(std::string_view text, std::string_view call_id,
                                          const sip::KeyedHash& hash);
};

} // namespace lyceum::proxy
