// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lyceum::presence {

inline constexpr std::string_view cpim_type = "message/cpim";
inline constexpr std::string_view imdn_ns = "urn:ietf:params:imdn";

/// A message in an envelope of its own (CPIM, RFC 3862): what its sender says of it for its reader,
/// whatever the way there. What is inside is not looked at.
struct Cpim {
    struct Header {
        std::string ns; ///< What its prefix means; empty: one of RFC 3862.
        std::string name, value;
    };
    std::vector<Header> headers;
    std::string content; ///< With its own headers (Content-Type and others).

    static constexpr std::size_t headers_max = 64;

    /// Names are told apart by case, as in §3.1. Escapes (`\n`, `\u20ac`) stay as they are.
    static Result<Cpim, Fault> parse(std::string_view text);

    /// The first such value.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view ns,
                                                         std::string_view name) const;
};

/// What a message asks to be told of (IMDN, RFC 5438 §6.3), as far as a server that keeps it for
/// its reader has to do with it.
struct ReceiptRequest {
    std::string message_id;
    bool processing = false; ///< That it is kept.
    bool failure = false;    ///< That it will not be delivered.

    /// None: it asks for nothing of ours.
    static std::optional<ReceiptRequest> of(std::string_view content_type, std::string_view body);
};

/// A receipt (RFC 5438 §7.2) as the body of a MESSAGE, of type `message/cpim`.
struct Receipt {
    enum class Kind { stored, failed };
    Kind kind;
    std::string message_id;     ///< Of what it is about.
    std::string own_id;         ///< Its own, as every IMDN has one.
    std::string sender, reader; ///< URIs: to whom it goes, and who was to read the message.
    std::string date_time;

    [[nodiscard]] std::string text() const;
};

} // namespace lyceum::presence
