// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"
#include "base/text.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What is asked by HTTP and what is answered (RFC 9110), as values: whoever serves something on
/// the web port sees no socket.
namespace lyceum::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
    std::string method, target;
    Headers headers{};
    std::string body{};
    SocketAddress peer{};
    bool secure = true; ///< By TLS; else from this machine.

    /// The first of that name; empty: there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const {
        for (const auto& [key, value] : headers)
            if (iequals(key, name)) return value;
        return {};
    }
};

struct Response {
    int status = 200;
    std::string type{}, body{};
    Headers headers{};
};

} // namespace lyceum::http
