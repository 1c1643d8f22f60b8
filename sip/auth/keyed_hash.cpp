// SPDX-License-Identifier: Apache-2.0
#include "sip/auth/keyed_hash.hpp"

#include "base/assert.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace lyceum::sip {

struct KeyedHash::Context {
    EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    EVP_MAC_CTX* keyed = EVP_MAC_CTX_new(mac);

    Context() = default;
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() {
        EVP_MAC_CTX_free(keyed);
        EVP_MAC_free(mac);
    }
};

KeyedHash::KeyedHash(std::string_view key) : context_(std::make_unique<Context>()) {
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                 OSSL_PARAM_construct_end()};
    LYCEUM_ASSERT(EVP_MAC_init(context_->keyed, reinterpret_cast<const unsigned char*>(key.data()),
                               key.size(), params) == 1);
}

KeyedHash::~KeyedHash() = default;
KeyedHash::KeyedHash(KeyedHash&&) noexcept = default;

std::string KeyedHash::operator()(std::string_view text) const {
    std::string out(32, '\0');
    std::size_t size = 0;
    auto* context = context_->keyed;
    LYCEUM_ASSERT(EVP_MAC_init(context, nullptr, 0, nullptr) == 1);
    LYCEUM_ASSERT(EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size()) == 1);
    LYCEUM_ASSERT(EVP_MAC_final(context, reinterpret_cast<unsigned char*>(out.data()), &size,
                                out.size()) == 1);
    LYCEUM_ASSERT(size == out.size());
    return out;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace lyceum::sip
