// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/message/message.hpp"

#include <optional>
#include <string>

namespace lyceum::sip {

/// Why a request is refused: maps to one response. For a response, why it is dropped.
struct Rejection {
    int status = 400;
    std::string reason; ///< Names the fault: "Missing Call-ID".

    bool operator==(const Rejection&) const = default;
};

/// Checks what RFC 3261 demands of every message: version, the mandatory headers once each, and the
/// grammar of the header fields that routing and dialogs stand on. What the request asks for is the
/// business of the user agent, not of this.
std::optional<Rejection> validate(const Message& message);

/// Whether enough of a broken request can be read to answer it: Via, From, To, Call-ID and CSeq.
bool answerable(const Message& request);

} // namespace lyceum::sip
