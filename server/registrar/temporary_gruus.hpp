// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "sip/auth/keyed_hash.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lyceum::registrar {

/// Addresses of one device that say nothing of whose it is (RFC 5627 §3.1.2): what they mean is
/// encrypted in them, so nothing is kept of them, and no two are alike. One is good as long as the
/// device stays registered by the Call-ID by which it was made.
class TemporaryGruus {
public:
    static constexpr std::string_view prefix = "tgruu.";

    struct Meaning {
        std::string user, gr; ///< Whose device, and which: see `gr_of`.
        std::string call;     ///< What `mark_of` says of the Call-ID.

        bool operator==(const Meaning&) const = default;
    };

    explicit TemporaryGruus(sip::KeyedHash hash) : hash_(std::move(hash)) {}

    /// The user part of a new one.
    [[nodiscard]] std::string make(std::string_view user, std::string_view gr,
                                   std::string_view call_id, Entropy& entropy) const;
    /// None: it is none of ours.
    [[nodiscard]] std::optional<Meaning> open(std::string_view user_part) const;
    [[nodiscard]] std::string mark_of(std::string_view call_id) const;

private:
    static constexpr std::size_t nonce_octets = 8, proof_octets = 8;

    [[nodiscard]] std::string masked(std::string_view nonce, std::string text) const;
    [[nodiscard]] std::string proof_of(std::string_view nonce, std::string_view hidden) const;

    sip::KeyedHash hash_;
};

} // namespace lyceum::registrar
