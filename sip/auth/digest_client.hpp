// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/message/message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lyceum::sip {

/// What we are known by to a server that asks us for a password.
struct Login {
    std::string user, password;
};

/// A header field with the credentials that a challenge asks for.
struct Credentials {
    Header header; ///< Authorization after a 401, Proxy-Authorization after a 407.
    std::string value;
};

/// Answers the Digest challenge in a 401 or 407 (RFC 3261 §22, RFC 7616): the first whose algorithm
/// we know (RFC 8760 §2.4), with qop=auth, or without where the server knows no qop. None: there is
/// no such challenge.
///
/// Each challenge is answered once, so its count is always 1. `cnonce` is ours to choose, and has
/// to be a new one each time.
std::optional<Credentials> answer_challenge(const Message& challenge, const Login& login,
                                            std::string_view method, std::string_view uri,
                                            std::string_view cnonce);

} // namespace lyceum::sip
