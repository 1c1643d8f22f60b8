// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lyceum::sdp {

/// Whether media is to be encrypted: what a room or a trunk wants.
enum class Protection {
    off,       ///< Never, not even when it is offered.
    preferred, ///< Whenever the peer can (RFC 8643).
    required,  ///< Or there is no call.
};

/// One `a=crypto` line (RFC 4568 §9.1): a suite by its name in SDP and one master key with its
/// salt.
struct Crypto {
    unsigned tag = 1;
    std::string suite;
    Bytes key;

    /// None for a line that is broken or asks for what we do not do: an MKI, several keys,
    /// parameters that would weaken the protection. A lifetime is read over: ours are never
    /// reached.
    static std::optional<Crypto> parse(std::string_view value);
    [[nodiscard]] std::string to_string() const;

    bool operator==(const Crypto&) const = default;
};

/// What each side of a stream encrypts with: each chose its own key.
struct CryptoPair {
    Crypto local, remote;

    bool operator==(const CryptoPair&) const = default;
};

} // namespace lyceum::sdp
