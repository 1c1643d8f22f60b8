// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/http.hpp"
#include "base/result.hpp"
#include "webadmin/backend.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// Passkeys: Web Authentication (W3C, level 2), where a device holds a key for one site and signs
/// what we make up, after its owner has shown that it is he. Checked by libfido2; nothing is known
/// of who made the device.
namespace lyceum::webadmin {

/// Where the page is that asks.
struct Site {
    std::string host;   ///< The relying party: without a port.
    std::string origin; ///< "https://school.example:8443"
};
Site site_of(const http::Request& request);

/// What the browser says of a new key; octets.
struct NewPasskey {
    std::string client_data, authenticator_data;
    int algorithm = 0; ///< Of COSE: -7 (ES256), -8 (EdDSA) or -257 (RS256).
};
/// Its id and key, without name and account.
Result<Passkey, Problem> passkey_in(const NewPasskey& made, const Site& site,
                                    std::string_view challenge);

/// What the browser says when somebody logs in; octets.
struct Assertion {
    std::string client_data, authenticator_data, signature;
};
/// The passkey as it is now: with the counter of the device, which only grows, or stays 0. One that
/// does not is a copy.
Result<Passkey, Problem> verify(Passkey passkey, const Assertion& assertion, const Site& site,
                                std::string_view challenge);

} // namespace lyceum::webadmin
