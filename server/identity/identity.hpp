// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/log.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "server/identity/domains.hpp"
#include "server/protection/guard.hpp"
#include "sip/auth/digest.hpp"
#include "sip/message/refusal.hpp"
#include "sip/transaction/endpoint.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lyceum::identity {

/// A port: the credentials of the members. Answers without waiting for the network.
class Credentials {
public:
    virtual ~Credentials() = default;
    virtual std::optional<sip::StoredCredentials> credentials(std::string_view user) = 0;
    /// Who may act for others.
    virtual bool is_administrator(std::string_view user) = 0;
};

/// Who challenges: a user agent server with 401, or a proxy with 407 (RFC 3261 §22.2, §22.3).
enum class Challenger { server, proxy };

/// Who sends a request: digest (RFC 7616) against the credentials of the members, the same for
/// everybody who asks, so that a phone's nonce is good for its calls and its registrations. Says
/// who it is, not what he may; tells the guard who guesses.
class Identity {
public:
    Identity(sip::DigestAuthenticator::Options options, Credentials& credentials,
             protection::Guard& guard, Entropy& entropy, Log& log);

    /// The member that the request is from, or the headers of the 401 or 407 to answer with.
    struct Outcome {
        std::optional<std::string> user;
        std::vector<std::pair<sip::Header, std::string>> challenge;
    };
    Outcome check(const sip::Message& request, const sip::Endpoint& from, TimePoint now,
                  Challenger by = Challenger::server);
    /// The same of an HTTP request, of its method and its Authorization.
    Outcome check(std::string_view method, std::string_view authorization,
                  const sip::Endpoint& from, TimePoint now);
    /// The member that it is from, for who answers it himself; a From that says otherwise is
    /// refused.
    Result<std::string, sip::Refusal> sender(const sip::Message& request, const sip::Endpoint& from,
                                             const Domains& domains, TimePoint now);
    [[nodiscard]] bool is_member(std::string_view user) {
        return credentials_.credentials(user).has_value();
    }
    [[nodiscard]] bool is_administrator(std::string_view user) {
        return credentials_.is_administrator(user);
    }
    /// Of the credentials that were for us, nobody behind us learns (§22.3).
    [[nodiscard]] bool is_for_us(std::string_view credentials) const;

private:
    sip::DigestAuthenticator authenticator_;
    Credentials& credentials_;
    protection::Guard& guard_;
    Log& log_;
};

} // namespace lyceum::identity
