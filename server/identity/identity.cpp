// SPDX-License-Identifier: Apache-2.0
#include "server/identity/identity.hpp"

namespace lyceum::identity {

Identity::Identity(sip::DigestAuthenticator::Options options, Credentials& credentials,
                   Entropy& entropy, Log& log)
    : authenticator_(std::move(options), entropy), credentials_(credentials), log_(log) {}

Identity::Outcome Identity::check(const sip::Message& request, const sip::Endpoint& from,
                                  TimePoint now) {
    bool stale = false;
    if (const auto claim = authenticator_.claim(request)) {
        using Verdict = sip::DigestAuthenticator::Verdict;
        const auto stored = credentials_.credentials(claim->username);
        const auto verdict =
            authenticator_.verify(request, *claim, stored.value_or(sip::StoredCredentials{}), now);
        if (verdict == Verdict::accepted) return {std::string(claim->username), {}};
        stale = verdict == Verdict::stale;
        if (!stale) log_.warning("auth.failed", {{"from", Redacted{from.address.ip.to_string()}}});
    }
    Outcome out;
    for (auto& value : authenticator_.challenge(stale, now))
        out.challenge.emplace_back(sip::Header::www_authenticate, std::move(value));
    return out;
}

} // namespace lyceum::identity
