// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/message/message.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// The edits that a proxy makes to what it passes on. All else goes through octet for octet: header
/// fields that nobody here knows, and bodies, signed or encrypted ones among them.
namespace lyceum::proxy {

/// What is different in a request behind us (RFC 3261 §16.6). Our Via is added by the transaction.
struct NextHop {
    std::string uri;
    std::vector<std::string> routes;        ///< In place of those that it came with.
    std::vector<std::string> record_routes; ///< Before those that it came with.
    std::vector<std::pair<std::string, std::string>> headers;        ///< Before all others.
    std::vector<std::pair<std::string, std::string>> last_headers{}; ///< After them.
    std::string asserted{}; ///< P-Asserted-Identity, in place of what it came with (RFC 3325 §5).
    unsigned max_forwards = 70;
    unsigned max_breadth = 60; ///< RFC 5393 §5.3.3: written if less than that.
    /// What Replaces or Join says there instead.
    std::function<std::string(sip::Header, std::string_view)> named;
    /// Whether these Authorization or Proxy-Authorization credentials end here (§22.3).
    std::function<bool(std::string_view)> keeps_credentials;
};

sip::Message forwarded_request(const sip::Message& request, const NextHop& hop);

/// The History-Info values (RFC 7044 §7.3) that say that this request goes to `uri` in place of its
/// Request-URI, as the `branch`th attempt: one for where it was meant to go, unless somebody has
/// said that before, and one for where it goes.
std::vector<std::string> history_of(const sip::Message& request, std::string_view uri,
                                    std::size_t branch);

/// Without our Via (§16.7, 3).
sip::Message forwarded_response(const sip::Message& response);

/// The same request with another Request-URI: for ourselves.
sip::Message retargeted(const sip::Message& request, std::string_view uri);

} // namespace lyceum::proxy
