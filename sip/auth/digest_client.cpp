// SPDX-License-Identifier: Apache-2.0
#include "sip/auth/digest_client.hpp"

#include "base/text.hpp"
#include "sip/auth/digest.hpp"

namespace lyceum::sip {
namespace {

/// "auth" is among those that the server takes: `auth,auth-int`.
bool offers_auth(std::string_view qop) {
    while (!qop.empty())
        if (iequals(trim(cut(qop, ',')), "auth")) return true;
    return false;
}

std::string quoted(std::string_view name, std::string_view value) {
    return ", " + std::string(name) + "=\"" + std::string(value) + "\"";
}

} // namespace

std::optional<Credentials> answer_challenge(const Message& challenge, const Login& login,
                                            std::string_view method, std::string_view uri,
                                            std::string_view cnonce) {
    const bool by_proxy = challenge.status() == 407;
    const auto asked = by_proxy ? Header::proxy_authenticate : Header::www_authenticate;
    for (const auto& field : challenge.fields()) {
        if (field.id != asked) continue;
        const auto fields = DigestFields::parse(challenge.value(field));
        if (!fields) continue;
        const auto algorithm = digest_algorithm_of(fields->algorithm);
        const bool counts = offers_auth(fields->qop);
        if (!algorithm || (!counts && !fields->qop.empty())) continue;
        static constexpr std::string_view count = "00000001";
        const auto ha1 = digest_ha1(*algorithm, login.user, fields->realm, login.password);
        const auto response =
            counts ? digest_response(*algorithm, ha1, fields->nonce, count, cnonce, method, uri)
                   : digest_response(*algorithm, ha1, fields->nonce, method, uri);
        std::string value = "Digest username=\"" + login.user + "\"";
        value.append(quoted("realm", fields->realm)).append(quoted("nonce", fields->nonce));
        value.append(quoted("uri", uri)).append(quoted("response", response));
        if (!fields->algorithm.empty()) value.append(", algorithm=").append(name_of(*algorithm));
        if (counts) value.append(", qop=auth, nc=").append(count).append(quoted("cnonce", cnonce));
        if (!fields->opaque.empty()) value.append(quoted("opaque", fields->opaque));
        return Credentials{by_proxy ? Header::proxy_authorization : Header::authorization,
                           std::move(value)};
    }
    return std::nullopt;
}

} // namespace lyceum::sip
