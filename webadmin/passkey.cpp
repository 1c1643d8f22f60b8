// SPDX-License-Identifier: Apache-2.0
#include "webadmin/passkey.hpp"

#include "base/base64.hpp"
#include "base/text.hpp"
#include "webadmin/json.hpp"
#include "webadmin/secrets.hpp"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>

#include <algorithm>
#include <memory>

namespace lyceum::webadmin {
namespace {

constexpr std::uint8_t user_present = 0x01, user_verified = 0x04;

const unsigned char* octets(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string text_of(const unsigned char* from, std::size_t count) {
    return {reinterpret_cast<const char*>(from), count};
}

/// RFC 4648 §5, without padding, as client data has it.
std::string base64url(std::string_view text) {
    auto out = to_base64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    while (out.ends_with('=')) out.pop_back();
    std::replace(out.begin(), out.end(), '+', '-');
    std::replace(out.begin(), out.end(), '/', '_');
    return out;
}

/// §7.1 and §7.2: what the browser has put together is of this kind, for this challenge, and from
/// our own page.
std::optional<Problem> fault_of(const std::string& client_data, std::string_view type,
                                const Site& site, std::string_view challenge) {
    json::error_code error;
    const auto data = json::parse(client_data, error);
    if (error || !data.is_object()) return Problem{422, "that is no client data", "client_data"};
    const auto& said = data.get_object();
    const auto is = [&](std::string_view name, std::string_view value) {
        const auto* found = said.if_contains(name);
        return found && found->is_string() && std::string_view(found->get_string()) == value;
    };
    if (!is("type", type) || !is("origin", site.origin))
        return Problem{422, "it is for another page", "client_data"};
    if (!is("challenge", base64url(challenge)))
        return Problem{422, "it was not asked for now: try again", "client_data"};
    return std::nullopt;
}

template <class Key>
bool is_signed(const fido_assert_t* assertion, int algorithm, const std::string& octets_of_key,
               Key* (*make)(), void (*destroy)(Key**),
               int (*read)(Key*, const void*, std::size_t)) {
    Key* made = make();
    const auto free = [destroy](Key* key) { destroy(&key); };
    const std::unique_ptr<Key, decltype(free)> key(made, free);
    return key && read(key.get(), octets_of_key.data(), octets_of_key.size()) == FIDO_OK &&
           fido_assert_verify(assertion, 0, algorithm, key.get()) == FIDO_OK;
}

} // namespace

Site site_of(const http::Request& request) {
    const auto host = request.header("Host");
    Site out{std::string(host), std::string(request.secure ? "https://" : "http://")};
    out.origin.append(host);
    if (const auto colon = host.rfind(':'); colon != host.npos && !host.ends_with(']'))
        out.host.resize(colon);
    return out;
}

Result<Passkey, Problem> passkey_in(const NewPasskey& made, const Site& site,
                                    std::string_view challenge) {
    if (auto fault = fault_of(made.client_data, "webauthn.create", site, challenge)) return *fault;
    const auto free = [](fido_cred_t* credential) { fido_cred_free(&credential); };
    const std::unique_ptr<fido_cred_t, decltype(free)> credential(fido_cred_new(), free);
    const auto& data = made.authenticator_data;
    const bool read =
        credential && fido_cred_set_type(credential.get(), made.algorithm) == FIDO_OK &&
        fido_cred_set_authdata_raw(credential.get(), octets(data), data.size()) == FIDO_OK &&
        fido_cred_id_len(credential.get()) > 0 && fido_cred_pubkey_len(credential.get()) > 0;
    if (!read) return Problem{422, "that is no key that we can use", "authenticator_data"};
    if (hex_of(data.substr(0, 32)) != sha256_hex(site.host))
        return Problem{422, "it is for another site", "authenticator_data"};
    const auto flags = fido_cred_flags(credential.get());
    if (!(flags & user_present) || !(flags & user_verified))
        return Problem{422, "the device did not ask who you are", "authenticator_data"};
    Passkey out;
    out.id =
        base64url(text_of(fido_cred_id_ptr(credential.get()), fido_cred_id_len(credential.get())));
    out.algorithm = made.algorithm;
    out.key =
        text_of(fido_cred_pubkey_ptr(credential.get()), fido_cred_pubkey_len(credential.get()));
    out.counter = fido_cred_sigcount(credential.get());
    return out;
}

Result<Passkey, Problem> verify(Passkey passkey, const Assertion& assertion, const Site& site,
                                std::string_view challenge) {
    if (auto fault = fault_of(assertion.client_data, "webauthn.get", site, challenge))
        return *fault;
    const Problem wrong{401, "the passkey does not fit"};
    const auto free = [](fido_assert_t* made) { fido_assert_free(&made); };
    const std::unique_ptr<fido_assert_t, decltype(free)> made(fido_assert_new(), free);
    const auto& [client_data, data, signature] = assertion;
    auto* it = made.get();
    const bool read =
        it && fido_assert_set_clientdata(it, octets(client_data), client_data.size()) == FIDO_OK &&
        fido_assert_set_rp(it, site.host.c_str()) == FIDO_OK &&
        fido_assert_set_count(it, 1) == FIDO_OK &&
        fido_assert_set_up(it, FIDO_OPT_TRUE) == FIDO_OK &&
        fido_assert_set_uv(it, FIDO_OPT_TRUE) == FIDO_OK &&
        fido_assert_set_authdata_raw(it, 0, octets(data), data.size()) == FIDO_OK &&
        fido_assert_set_sig(it, 0, octets(signature), signature.size()) == FIDO_OK;
    if (!read) return wrong;
    const auto& key = passkey.key;
    const bool right =
        passkey.algorithm == COSE_ES256
            ? is_signed(it, COSE_ES256, key, es256_pk_new, es256_pk_free, es256_pk_from_ptr)
        : passkey.algorithm == COSE_RS256
            ? is_signed(it, COSE_RS256, key, rs256_pk_new, rs256_pk_free, rs256_pk_from_ptr)
        : passkey.algorithm == COSE_EDDSA
            ? is_signed(it, COSE_EDDSA, key, eddsa_pk_new, eddsa_pk_free, eddsa_pk_from_ptr)
            : false;
    const auto counter = fido_assert_sigcount(it, 0);
    const bool grows = counter > passkey.counter || (counter == 0 && passkey.counter == 0);
    if (!right || !grows) return wrong;
    passkey.counter = counter;
    return passkey;
}

} // namespace lyceum::webadmin
