// SPDX-License-Identifier: Apache-2.0
#include "server/identity/identity.hpp"

#include "sip/message/values.hpp"
#include "sip/message/writer.hpp"

namespace lyceum::identity {

Identity::Identity(sip::DigestAuthenticator::Options options, Credentials& credentials,
                   protection::Guard& guard, Entropy& entropy, Log& log)
    : authenticator_(std::move(options), entropy), credentials_(credentials), guard_(guard),
      log_(log) {}

Identity::Outcome Identity::check(const sip::Message& request, const sip::Endpoint& from,
                                  TimePoint now, Challenger by) {
    const auto& ip = from.address.ip;
    bool stale = false;
    if (const auto claim =
            authenticator_.claim(request, by == Challenger::proxy ? sip::Header::proxy_authorization
                                                                  : sip::Header::authorization)) {
        using Verdict = sip::DigestAuthenticator::Verdict;
        const auto stored = credentials_.credentials(claim->username);
        const auto verdict = authenticator_.verify(
            request, *claim, stored.value_or(sip::StoredCredentials{}), ip, now);
        stale = verdict == Verdict::stale;
        if (verdict == Verdict::accepted) {
            guard_.handle_login(ip, now);
            return {std::string(claim->username), {}};
        }
        if (!stale) log_.warning("auth.failed", {{"from", Redacted{ip.to_string()}}});
        if (verdict == Verdict::wrong) guard_.handle_failed_login(ip, now);
    }
    Outcome out;
    // The libraries of browsers (JsSIP, SIP.js) know MD5 only, and give up on the first challenge
    // that they do not know. They come by TLS.
    const auto alone =
        sip::is_web(from.transport) ? std::optional(sip::DigestAlgorithm::md5) : std::nullopt;
    for (auto& value : authenticator_.challenge(ip, stale, now, alone))
        out.challenge.emplace_back(by == Challenger::proxy ? sip::Header::proxy_authenticate
                                                           : sip::Header::www_authenticate,
                                   std::move(value));
    return out;
}

Identity::Outcome Identity::check(std::string_view method, std::string_view authorization,
                                  const sip::Endpoint& from, TimePoint now) {
    // Digest in SIP is digest in HTTP (RFC 7616); of a request it looks at no more than these.
    auto writer = sip::MessageWriter::request(method, "sip:here.invalid");
    if (!authorization.empty()) writer.header(sip::Header::authorization, authorization);
    return check(writer.finish(), from, now);
}

Result<std::string, sip::Refusal> Identity::sender(const sip::Message& request,
                                                   const sip::Endpoint& from,
                                                   const Domains& domains, TimePoint now) {
    auto outcome = check(request, from, now);
    if (!outcome.user) return sip::Refusal{401, {}, std::move(outcome.challenge)};
    const auto said = sip::NameAddr::parse(*request.header(sip::Header::from));
    const auto uri = said->uri();
    if (!domains.contains(*uri) || uri->user_name() != *outcome.user)
        return sip::Refusal{403, "From Is Another's"};
    return std::move(*outcome.user);
}

bool Identity::is_for_us(std::string_view credentials) const {
    const auto fields = sip::DigestFields::parse(credentials);
    return fields && fields->realm == authenticator_.realm();
}

} // namespace lyceum::identity
