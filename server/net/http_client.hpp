// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/http.hpp"

#include <optional>

namespace lyceum::net {

/// Asks a server on this machine, without TLS, and waits for the answer; for programs that do
/// nothing else meanwhile. None: it is not there, says nothing for five seconds, or no HTTP.
std::optional<http::Response> ask(const SocketAddress& server, const http::Request& request);

} // namespace lyceum::net
