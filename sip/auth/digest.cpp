// SPDX-License-Identifier: Apache-2.0
#include "sip/auth/digest.hpp"

#include "base/assert.hpp"
#include "base/text.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace lyceum::sip {
namespace {

/// `text` without quotes; \x stands for x (RFC 3261 §25.1). A view, since names with escapes are
/// not user names of ours.
std::string_view unquoted(std::string_view text) {
    text = trim(text);
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
        return text.substr(1, text.size() - 2);
    return text;
}

} // namespace

std::string_view name_of(DigestAlgorithm algorithm) {
    return algorithm == DigestAlgorithm::sha256 ? "SHA-256" : "MD5";
}

std::optional<DigestAlgorithm> digest_algorithm_of(std::string_view name) {
    if (name.empty() || iequals(name, "MD5")) return DigestAlgorithm::md5;
    if (iequals(name, "SHA-256")) return DigestAlgorithm::sha256;
    return std::nullopt;
}

std::string digest_hash(DigestAlgorithm algorithm, std::string_view text) {
    // Looked up once: OpenSSL 3 would do it again for each hash, which takes longer than the hash.
    static const auto* const md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
    static const auto* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    std::array<char, EVP_MAX_MD_SIZE> raw{};
    unsigned size = 0;
    LYCEUM_ASSERT(EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(raw.data()),
                             &size, algorithm == DigestAlgorithm::sha256 ? sha256 : md5,
                             nullptr) == 1);
    return hex_of({raw.data(), size});
}

std::string digest_ha1(DigestAlgorithm algorithm, std::string_view user, std::string_view realm,
                       std::string_view password) {
    std::string text(user);
    text.append(":").append(realm).append(":").append(password);
    return digest_hash(algorithm, text);
}

Result<DigestFields, Fault> DigestFields::parse(std::string_view value) {
    value = trim(value);
    if (!istarts_with(value, "Digest ")) return Fault{"not Digest", 0};
    DigestFields out;
    value.remove_prefix(7);
    while (const auto element = next_element(value)) {
        auto rest = *element;
        const auto name = trim(cut(rest, '='));
        const auto text = unquoted(rest);
        if (iequals(name, "username")) out.username = text;
        else if (iequals(name, "realm")) out.realm = text;
        else if (iequals(name, "nonce")) out.nonce = text;
        else if (iequals(name, "uri")) out.uri = text;
        else if (iequals(name, "response")) out.response = text;
        else if (iequals(name, "algorithm")) out.algorithm = text;
        else if (iequals(name, "cnonce")) out.cnonce = text;
        else if (iequals(name, "qop")) out.qop = text;
        else if (iequals(name, "nc")) out.nc = text;
        else if (iequals(name, "opaque")) out.opaque = text;
        else if (iequals(name, "stale")) out.stale = iequals(text, "true");
    }
    if (out.realm.empty() || out.nonce.empty()) return Fault{"incomplete Digest", 0};
    return out;
}

std::string digest_response(DigestAlgorithm algorithm, std::string_view ha1, std::string_view nonce,
                            std::string_view nc, std::string_view cnonce, std::string_view method,
                            std::string_view uri) {
    std::string a2(method);
    a2.append(":").append(uri);
    std::string text(ha1);
    text.append(":").append(nonce).append(":").append(nc).append(":").append(cnonce);
    text.append(":auth:").append(digest_hash(algorithm, a2));
    return digest_hash(algorithm, text);
}

std::string digest_response(DigestAlgorithm algorithm, std::string_view ha1, std::string_view nonce,
                            std::string_view method, std::string_view uri) {
    std::string a2(method);
    a2.append(":").append(uri);
    std::string text(ha1);
    text.append(":").append(nonce).append(":").append(digest_hash(algorithm, a2));
    return digest_hash(algorithm, text);
}

DigestAuthenticator::DigestAuthenticator(Options options, Entropy& entropy)
    : options_(std::move(options)), entropy_(entropy) {}

std::optional<DigestFields> DigestAuthenticator::claim(const Message& request, Header in) const {
    for (const auto& field : request.fields()) {
        if (field.id != in) continue;
        const auto fields = DigestFields::parse(request.value(field));
        if (fields && fields->realm == options_.realm) return *fields;
    }
    return std::nullopt;
}

DigestAuthenticator::Verdict DigestAuthenticator::verify(const Message& request,
                                                         const DigestFields& fields,
                                                         const StoredCredentials& stored,
                                                         const IpAddress& from, TimePoint now) {
    forget_old(now);
    auto* const known = find(fields.nonce);
    const bool ours = known && known->owner == from;
    const auto wrong = ours ? Verdict::wrong : Verdict::unproven;
    const auto algorithm = digest_algorithm_of(fields.algorithm);
    const auto count = parse_hex<std::uint32_t>(fields.nc);
    const auto& offered = options_.algorithms;
    if (!algorithm || std::find(offered.begin(), offered.end(), *algorithm) == offered.end())
        return wrong;
    if (fields.qop != "auth" || !count || fields.cnonce.empty()) return wrong;
    const auto& ha1 = *algorithm == DigestAlgorithm::sha256 ? stored.ha1_sha256 : stored.ha1_md5;
    const auto expected = digest_response(*algorithm, ha1, fields.nonce, fields.nc, fields.cnonce,
                                          request.method_name(), fields.uri);
    if (ha1.empty() || expected.size() != fields.response.size() ||
        CRYPTO_memcmp(expected.data(), fields.response.data(), expected.size()) != 0)
        return wrong;
    // Only who knows the password learns whether the nonce is still good (RFC 7616 §3.3, stale).
    if (!ours || *count <= known->count) return Verdict::stale;
    known->count = *count;
    return Verdict::accepted;
}

std::vector<std::string> DigestAuthenticator::challenge(const IpAddress& to, bool stale,
                                                        TimePoint now,
                                                        std::optional<DigestAlgorithm> alone) {
    forget_old(now);
    const auto secret = entropy_.u64();
    const auto nonce = hex_of(first_ + nonces_.size()) + hex_of(secret);
    nonces_.push_back({now, secret, to});
    const auto& offered = options_.algorithms;
    if (alone && std::find(offered.begin(), offered.end(), *alone) == offered.end()) alone.reset();
    std::vector<std::string> values;
    for (const auto algorithm : offered) {
        if (alone && algorithm != *alone) continue;
        std::string value = "Digest realm=\"" + options_.realm + "\", nonce=\"" + nonce;
        value.append("\", qop=\"auth\", algorithm=").append(name_of(algorithm));
        if (stale) value += ", stale=true";
        values.push_back(std::move(value));
    }
    return values;
}

DigestAuthenticator::Nonce* DigestAuthenticator::find(std::string_view text) {
    static constexpr std::size_t digits = 16; // Of each.
    if (text.size() != 2 * digits) return nullptr;
    const auto number = parse_hex<std::uint64_t>(text.substr(0, digits));
    const auto secret = parse_hex<std::uint64_t>(text.substr(digits));
    if (!number || !secret || *number - first_ >= nonces_.size()) return nullptr;
    auto& known = nonces_[*number - first_];
    return known.secret == *secret ? &known : nullptr;
}

void DigestAuthenticator::forget_old(TimePoint now) {
    while (!nonces_.empty()) {
        const bool expired = nonces_.front().born + options_.nonce_lifetime <= now;
        if (!expired && nonces_.size() < options_.nonces_max) return;
        nonces_.pop_front();
        ++first_;
    }
}

} // namespace lyceum::sip
