// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "sip/message/message.hpp"

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::sip {

/// RFC 8760 §2: MD5 for the phones of today, SHA-256 for those of tomorrow; the stronger first.
enum class DigestAlgorithm { sha256, md5 };
std::string_view name_of(DigestAlgorithm algorithm);
/// As a challenge names it; MD5 if it names none (RFC 7616 §3.3).
std::optional<DigestAlgorithm> digest_algorithm_of(std::string_view name);

/// Lower-case hexadecimal.
std::string digest_hash(DigestAlgorithm algorithm, std::string_view text);

/// H(user:realm:password): what is stored in place of a password (RFC 7616 §3.4.2).
std::string digest_ha1(DigestAlgorithm algorithm, std::string_view user, std::string_view realm,
                       std::string_view password);

/// The credentials of one user, one HA1 for each algorithm.
struct StoredCredentials {
    std::string ha1_sha256, ha1_md5;
};

/// Authorization or WWW-Authenticate, RFC 7616 §3.3 and §3.4. Views into the header value.
struct DigestFields {
    std::string_view username, realm, nonce, uri, response, algorithm, cnonce, qop, nc, opaque;
    bool stale = false;

    /// Fails for another scheme than Digest and for broken syntax.
    static Result<DigestFields, Fault> parse(std::string_view header_value);
};

/// The response of RFC 7616 §3.4.1 with qop=auth.
std::string digest_response(DigestAlgorithm algorithm, std::string_view ha1, std::string_view nonce,
                            std::string_view nc, std::string_view cnonce, std::string_view method,
                            std::string_view uri);
/// The same without qop, as servers before RFC 2617 want it.
std::string digest_response(DigestAlgorithm algorithm, std::string_view ha1, std::string_view nonce,
                            std::string_view method, std::string_view uri);

/// Challenges and checks requests of one realm. Nonces are remembered for their lifetime, with the
/// highest count seen: a count that does not grow is a replay and gets a new challenge with
/// stale=true. Knows no users; the caller looks the credentials up by name between `claim` and
/// `verify`.
class DigestAuthenticator {
public:
    struct Options {
        std::string realm;
        /// Offered in this order. Some clients (libre 1.0) give up on a challenge that they do not
        /// know beside one that they do; for them, MD5 alone.
        std::vector<DigestAlgorithm> algorithms{DigestAlgorithm::sha256, DigestAlgorithm::md5};
        Duration nonce_lifetime = 300s;
        std::size_t nonces_max = 50'000; ///< Beyond, the oldest are forgotten and come back stale.
    };

    DigestAuthenticator(Options options, Entropy& entropy);

    enum class Verdict {
        accepted,
        wrong,
        unproven, ///< Wrong, and the nonce is none that this address was given: anybody may have
                  ///< sent it.
        stale,
    };

    /// The credentials in the request that are for our realm: Authorization, or for a proxy
    /// Proxy-Authorization.
    [[nodiscard]] std::optional<DigestFields> claim(const Message& request,
                                                    Header in = Header::authorization) const;
    Verdict verify(const Message& request, const DigestFields& fields,
                   const StoredCredentials& stored, const IpAddress& from, TimePoint now);

    /// WWW-Authenticate values, one for each algorithm, the strongest first (RFC 8760 §2.2); or
    /// for `alone` only, if it is one of them. The nonce is good for this address only.
    std::vector<std::string> challenge(const IpAddress& to, bool stale, TimePoint now,
                                       std::optional<DigestAlgorithm> alone = std::nullopt);

    [[nodiscard]] const std::string& realm() const { return options_.realm; }

private:
    /// On the wire: its number, which says where it is kept, and its secret, in hexadecimal.
    struct Nonce {
        TimePoint born;
        std::uint64_t secret;
        IpAddress owner;
        std::uint32_t count = 0;
    };
    Nonce* find(std::string_view text);
    void forget_old(TimePoint now);

    Options options_;
    Entropy& entropy_;
    std::uint64_t first_ = 0; ///< The number of the oldest nonce.
    std::deque<Nonce> nonces_;
};

} // namespace lyceum::sip
