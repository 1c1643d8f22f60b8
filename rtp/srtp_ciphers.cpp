// SPDX-License-Identifier: Apache-2.0
#include "rtp/srtp_ciphers.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <srtp2/auth.h>
#include <srtp2/cipher.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

namespace lyceum::rtp {
namespace {

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Freed<EVP_CIPHER_CTX_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Freed<EVP_MAC_CTX_free>>;

constexpr srtp_err_status_t status(bool good) {
    return good ? srtp_err_status_ok : srtp_err_status_cipher_fail;
}

/// EVP_aes_…() would be looked up among the providers at each use; these are looked up once.
const EVP_CIPHER* fetched(const char* name) {
    return EVP_CIPHER_fetch(nullptr, name, nullptr); // For the life of the process.
}

/// The state that libsrtp2 hands from call to call. The base part must be what it allocates.
template <class Derived>
struct Cipher : srtp_cipher_t {
    static Derived* of(void* state) { return static_cast<Derived*>(state); }
    static srtp_err_status_t make(srtp_cipher_t** out, int key_length, int tag_length) {
        if (key_length != Derived::key_bytes_with_salt) return srtp_err_status_bad_param;
        auto made = std::make_unique<Derived>();
        made->type = &Derived::description;
        made->state = made.get();
        made->key_len = key_length;
        made->algorithm = Derived::description.id;
        made->tag_bytes = tag_length; // Its own in GCM; of the HMAC beside it in counter mode.
        *out = made.release();
        return srtp_err_status_ok;
    }
    static srtp_err_status_t dealloc(srtp_cipher_t* cipher) {
        delete static_cast<Derived*>(cipher);
        return srtp_err_status_ok;
    }

    CipherContext context{EVP_CIPHER_CTX_new()};
    int tag_bytes = 0;
};

// ── AES in counter mode, RFC 3711 §4.1.1 and RFC 6188 ────────────────────────────────────────────

template <int KeyBits>
struct CounterMode : Cipher<CounterMode<KeyBits>> {
    static constexpr int salt_bytes = 14, key_bytes_with_salt = KeyBits / 8 + salt_bytes;
    static const srtp_cipher_type_t description;

    static srtp_err_status_t init(void* state, const std::uint8_t* key) {
        auto* self = CounterMode::of(state);
        static const EVP_CIPHER* const aes =
            fetched(KeyBits == 128 ? "AES-128-CTR" : "AES-256-CTR");
        self->offset.fill(0);
        std::copy_n(key + KeyBits / 8, salt_bytes, self->offset.begin());
        return status(EVP_EncryptInit_ex2(self->context.get(), aes, key, nullptr, nullptr) == 1);
    }
    static srtp_err_status_t set_iv(void* state, std::uint8_t* iv, srtp_cipher_direction_t) {
        auto* self = CounterMode::of(state);
        std::array<std::uint8_t, 16> counter;
        for (std::size_t i = 0; i < counter.size(); ++i)
            counter[i] = static_cast<std::uint8_t>(self->offset[i] ^ iv[i]);
        return status(EVP_EncryptInit_ex2(self->context.get(), nullptr, nullptr, counter.data(),
                                          nullptr) == 1);
    }
    static srtp_err_status_t run(void* state, std::uint8_t* buffer, unsigned* length) {
        int done = 0;
        return status(EVP_EncryptUpdate(CounterMode::of(state)->context.get(), buffer, &done,
                                        buffer, static_cast<int>(*length)) == 1);
    }

    std::array<std::uint8_t, 16> offset{};
};

// ── AES-GCM, RFC 7714 ────────────────────────────────────────────────────────────────────────────

template <int KeyBits>
struct GaloisMode : Cipher<GaloisMode<KeyBits>> {
    static constexpr int salt_bytes = 12, key_bytes_with_salt = KeyBits / 8 + salt_bytes;
    static const srtp_cipher_type_t description;

    static srtp_err_status_t init(void* state, const std::uint8_t* key) {
        static const EVP_CIPHER* const aes =
            fetched(KeyBits == 128 ? "AES-128-GCM" : "AES-256-GCM");
        return status(EVP_CipherInit_ex2(GaloisMode::of(state)->context.get(), aes, key, nullptr, 1,
                                         nullptr) == 1);
    }
    static srtp_err_status_t set_iv(void* state, std::uint8_t* iv,
                                    srtp_cipher_direction_t direction) {
        return status(EVP_CipherInit_ex2(GaloisMode::of(state)->context.get(), nullptr, nullptr, iv,
                                         direction == srtp_direction_encrypt, nullptr) == 1);
    }
    static srtp_err_status_t set_aad(void* state, const std::uint8_t* aad, std::uint32_t length) {
        int done = 0;
        return status(EVP_CipherUpdate(GaloisMode::of(state)->context.get(), nullptr, &done, aad,
                                       static_cast<int>(length)) == 1);
    }
    static srtp_err_status_t encrypt(void* state, std::uint8_t* buffer, unsigned* length) {
        int done = 0;
        return status(EVP_CipherUpdate(GaloisMode::of(state)->context.get(), buffer, &done, buffer,
                                       static_cast<int>(*length)) == 1);
    }
    static srtp_err_status_t tag(void* state, std::uint8_t* out, std::uint32_t* length) {
        auto* self = GaloisMode::of(state);
        int done = 0;
        *length = static_cast<std::uint32_t>(self->tag_bytes);
        return status(EVP_CipherFinal_ex(self->context.get(), out, &done) == 1 &&
                      EVP_CIPHER_CTX_ctrl(self->context.get(), EVP_CTRL_AEAD_GET_TAG,
                                          self->tag_bytes, out) == 1);
    }
    /// The tag stands at the end of the buffer, and goes.
    static srtp_err_status_t decrypt(void* state, std::uint8_t* buffer, unsigned* length) {
        auto* self = GaloisMode::of(state);
        const auto tag_length = static_cast<unsigned>(self->tag_bytes);
        if (*length < tag_length) return srtp_err_status_bad_param;
        const unsigned text = *length - tag_length;
        int done = 0;
        if (EVP_CIPHER_CTX_ctrl(self->context.get(), EVP_CTRL_AEAD_SET_TAG, self->tag_bytes,
                                buffer + text) != 1 ||
            EVP_CipherUpdate(self->context.get(), buffer, &done, buffer, static_cast<int>(text)) !=
                1)
            return srtp_err_status_cipher_fail;
        if (EVP_CipherFinal_ex(self->context.get(), buffer + text, &done) != 1)
            return srtp_err_status_auth_fail;
        *length = text;
        return srtp_err_status_ok;
    }
};

// ── HMAC-SHA1 ────────────────────────────────────────────────────────────────────────────────────

struct HmacSha1 : srtp_auth_t {
    static const srtp_auth_type_t description;
    static HmacSha1* of(void* state) { return static_cast<HmacSha1*>(state); }

    static srtp_err_status_t make(srtp_auth_t** out, int key_length, int tag_length) {
        if (key_length > 20 || tag_length > 20) return srtp_err_status_bad_param;
        auto made = std::make_unique<HmacSha1>();
        made->type = &description;
        made->state = made.get();
        made->out_len = tag_length;
        made->key_len = key_length;
        made->prefix_len = 0;
        *out = made.release();
        return srtp_err_status_ok;
    }
    static srtp_err_status_t dealloc(srtp_auth_t* auth) {
        delete static_cast<HmacSha1*>(auth);
        return srtp_err_status_ok;
    }
    static srtp_err_status_t init(void* state, const std::uint8_t* key, int length) {
        char digest[] = "SHA1";
        const OSSL_PARAM params[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
            OSSL_PARAM_construct_end()};
        return status(EVP_MAC_init(of(state)->context.get(), key, static_cast<std::size_t>(length),
                                   params) == 1);
    }
    static srtp_err_status_t start(void* state) {
        return status(EVP_MAC_init(of(state)->context.get(), nullptr, 0, nullptr) == 1);
    }
    static srtp_err_status_t update(void* state, const std::uint8_t* data, int length) {
        return status(
            EVP_MAC_update(of(state)->context.get(), data, static_cast<std::size_t>(length)) == 1);
    }
    static srtp_err_status_t compute(void* state, const std::uint8_t* data, int length,
                                     int tag_length, std::uint8_t* tag) {
        std::array<std::uint8_t, 20> whole;
        std::size_t written = 0;
        if (update(state, data, length) != srtp_err_status_ok ||
            EVP_MAC_final(of(state)->context.get(), whole.data(), &written, whole.size()) != 1)
            return srtp_err_status_auth_fail;
        std::copy_n(whole.begin(), tag_length, tag);
        return srtp_err_status_ok;
    }

    static EVP_MAC* algorithm() {
        static auto* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
        return hmac;
    }
    MacContext context{EVP_MAC_CTX_new(algorithm())};
};

// ── What each must compute before it is trusted ──────────────────────────────────────────────────

constexpr std::size_t digits_of(const char* hex) {
    std::size_t length = 0;
    while (hex[length]) ++length;
    return length;
}
template <std::size_t Octets>
constexpr std::array<std::uint8_t, Octets> octets(const char* hex) {
    constexpr auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    std::array<std::uint8_t, Octets> out{};
    for (std::size_t i = 0; i < Octets && 2 * i + 1 < digits_of(hex); ++i)
        out[i] = static_cast<std::uint8_t>(value(hex[2 * i]) << 4 | value(hex[2 * i + 1]));
    return out;
}

// RFC 3711 §B.2 and RFC 6188 §7.1: the key stream is what zeros become.
constexpr auto ctr_128_key =
    octets<30>("2b7e151628aed2a6abf7158809cf4f3cf0f1f2f3f4f5f6f7f8f9fafbfcfd");
constexpr auto ctr_128_stream =
    octets<48>("e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe"
               "4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0");
constexpr auto ctr_256_key = octets<46>("57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438"
                                        "944a98f0f1f2f3f4f5f6f7f8f9fafbfcfd");
constexpr auto ctr_256_stream =
    octets<48>("92bdd28a93c3f52511c677d08b5515a49da71b2378a854f67050756d"
               "ed165bac63c4868b7096d88421b563b8c94c9a31");
constexpr std::array<std::uint8_t, 48> zeros{};
std::array<std::uint8_t, 16> zero_iv{};

// NIST's GCM test cases with zero keys (2 and 14): one block of zeros.
constexpr std::array<std::uint8_t, 44> zero_key{};
constexpr auto gcm_128_block =
    octets<32>("0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf");
constexpr auto gcm_256_block =
    octets<32>("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");

// RFC 2202 case 1.
constexpr auto mac_key = octets<20>("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
constexpr auto mac_text = octets<8>("4869205468657265");
constexpr auto mac_tag = octets<20>("b617318655057264e28bc0b6fb378c8ef146be00");

template <class Key, class Out>
constexpr srtp_cipher_test_case_t counter_case(const Key& key, const Out& out) {
    return {int(key.size()), key.data(),
            zero_iv.data(),  unsigned(zeros.size()),
            zeros.data(),    unsigned(out.size()),
            out.data(),      0,
            nullptr,         0,
            nullptr};
}
template <class Out>
constexpr srtp_cipher_test_case_t galois_case(int key_length, const Out& out) {
    return {key_length,     zero_key.data(),
            zero_iv.data(), 16,
            zeros.data(),   unsigned(out.size()),
            out.data(),     0,
            zeros.data(),   16,
            nullptr};
}
const auto ctr_128_case = counter_case(ctr_128_key, ctr_128_stream),
           ctr_256_case = counter_case(ctr_256_key, ctr_256_stream),
           gcm_128_case = galois_case(28, gcm_128_block),
           gcm_256_case = galois_case(44, gcm_256_block);
const srtp_auth_test_case_t mac_case{
    int(mac_key.size()), mac_key.data(), int(mac_text.size()), mac_text.data(), int(mac_tag.size()),
    mac_tag.data(),      nullptr};

template <class T>
srtp_cipher_type_t counter_type(const char* name, const srtp_cipher_test_case_t& test,
                                srtp_cipher_type_id_t id) {
    return {T::make,   T::dealloc, T::init, nullptr, T::run, T::run,
            T::set_iv, nullptr,    name,    &test,   id};
}
template <class T>
srtp_cipher_type_t galois_type(const char* name, const srtp_cipher_test_case_t& test,
                               srtp_cipher_type_id_t id) {
    return {T::make,   T::dealloc, T::init, T::set_aad, T::encrypt, T::decrypt,
            T::set_iv, T::tag,     name,    &test,      id};
}

template <>
const srtp_cipher_type_t CounterMode<128>::description =
    counter_type<CounterMode<128>>("AES-128 CM over OpenSSL", ctr_128_case, SRTP_AES_ICM_128);
template <>
const srtp_cipher_type_t CounterMode<256>::description =
    counter_type<CounterMode<256>>("AES-256 CM over OpenSSL", ctr_256_case, SRTP_AES_ICM_256);
template <>
const srtp_cipher_type_t GaloisMode<128>::description =
    galois_type<GaloisMode<128>>("AES-128 GCM over OpenSSL", gcm_128_case, SRTP_AES_GCM_128);
template <>
const srtp_cipher_type_t GaloisMode<256>::description =
    galois_type<GaloisMode<256>>("AES-256 GCM over OpenSSL", gcm_256_case, SRTP_AES_GCM_256);
const srtp_auth_type_t HmacSha1::description{
    make,      dealloc,       init, compute, update, start, "HMAC-SHA1 over OpenSSL",
    &mac_case, SRTP_HMAC_SHA1};

} // namespace

bool use_openssl_ciphers() {
    const auto replace = [](const auto& description) {
        return srtp_replace_cipher_type(&description, description.id) == srtp_err_status_ok;
    };
    return replace(CounterMode<128>::description) && replace(CounterMode<256>::description) &&
           replace(GaloisMode<128>::description) && replace(GaloisMode<256>::description) &&
           srtp_replace_auth_type(&HmacSha1::description, SRTP_HMAC_SHA1) == srtp_err_status_ok;
}

} // namespace lyceum::rtp
