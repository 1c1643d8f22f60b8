// SPDX-License-Identifier: Apache-2.0
#include "rtp/srtp_ciphers.hpp"

#include "base/assert.hpp"

// SHA-1 by its own functions: through EVP, a digest of a hundred octets is mostly calls and
// contexts, and a state cannot be copied without memory being asked for.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <srtp2/auth.h>
#include <srtp2/cipher.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

namespace lyceum::rtp {
namespace {

constexpr srtp_err_status_t status(bool good) {
    return good ? srtp_err_status_ok : srtp_err_status_cipher_fail;
}

/// A context of OpenSSL for one cipher. A thread has one of each, keyed anew for each packet:
/// those of thousands of sessions, a dozen pieces each, would have to be fetched from memory, which
/// takes longer than to expand a key. libsrtp2 finishes a packet before it begins the next.
class CipherContext {
public:
    explicit CipherContext(const char* name) : context_(EVP_CIPHER_CTX_new()) {
        // EVP_aes_…() would be looked up among the providers at each use; this is looked up once.
        auto* cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
        LYCEUM_ASSERT(EVP_CipherInit_ex2(context_, cipher, nullptr, nullptr, 1, nullptr) == 1);
        EVP_CIPHER_free(cipher); // The context keeps it.
    }
    ~CipherContext() { EVP_CIPHER_CTX_free(context_); }
    CipherContext(const CipherContext&) = delete;
    CipherContext& operator=(const CipherContext&) = delete;

    bool start(const std::uint8_t* key, const std::uint8_t* iv, bool encrypt) {
        return EVP_CipherInit_ex2(context_, nullptr, key, iv, encrypt, nullptr) == 1;
    }
    bool update(std::uint8_t* out, const std::uint8_t* in, unsigned length) {
        int done = 0;
        return EVP_CipherUpdate(context_, out, &done, in, static_cast<int>(length)) == 1;
    }
    bool finish(std::uint8_t* out) {
        int done = 0;
        return EVP_CipherFinal_ex(context_, out, &done) == 1;
    }
    bool control(int what, int length, std::uint8_t* tag) {
        return EVP_CIPHER_CTX_ctrl(context_, what, length, tag) == 1;
    }

private:
    EVP_CIPHER_CTX* context_;
};

/// The state that libsrtp2 hands from call to call. The base part must be what it allocates.
template <class Derived, int KeyBits>
struct Cipher : srtp_cipher_t {
    static constexpr int key_bytes = KeyBits / 8;

    static Derived* of(void* state) { return static_cast<Derived*>(state); }
    static CipherContext& context() {
        thread_local CipherContext one(Derived::openssl_name);
        return one;
    }
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

    std::array<std::uint8_t, key_bytes> key{};
    int tag_bytes = 0;
};

// ── AES in counter mode, RFC 3711 §4.1.1 and RFC 6188 ────────────────────────────────────────────

template <int KeyBits>
struct CounterMode : Cipher<CounterMode<KeyBits>, KeyBits> {
    static constexpr int salt_bytes = 14, key_bytes_with_salt = KeyBits / 8 + salt_bytes;
    static constexpr const char* openssl_name = KeyBits == 128 ? "AES-128-CTR" : "AES-256-CTR";
    static const srtp_cipher_type_t description;

    static srtp_err_status_t init(void* state, const std::uint8_t* key) {
        auto* self = CounterMode::of(state);
        std::copy_n(key, self->key.size(), self->key.begin());
        std::copy_n(key + self->key.size(), salt_bytes, self->offset.begin());
        return srtp_err_status_ok;
    }
    static srtp_err_status_t set_iv(void* state, std::uint8_t* iv, srtp_cipher_direction_t) {
        auto* self = CounterMode::of(state);
        std::array<std::uint8_t, 16> counter;
        for (std::size_t i = 0; i < counter.size(); ++i)
            counter[i] = static_cast<std::uint8_t>(self->offset[i] ^ iv[i]);
        return status(CounterMode::context().start(self->key.data(), counter.data(), true));
    }
    static srtp_err_status_t run(void*, std::uint8_t* buffer, unsigned* length) {
        return status(CounterMode::context().update(buffer, buffer, *length));
    }

    std::array<std::uint8_t, 16> offset{};
};

// ── AES-GCM, RFC 7714 ────────────────────────────────────────────────────────────────────────────

template <int KeyBits>
struct GaloisMode : Cipher<GaloisMode<KeyBits>, KeyBits> {
    static constexpr int salt_bytes = 12, key_bytes_with_salt = KeyBits / 8 + salt_bytes;
    static constexpr const char* openssl_name = KeyBits == 128 ? "AES-128-GCM" : "AES-256-GCM";
    static const srtp_cipher_type_t description;

    static srtp_err_status_t init(void* state, const std::uint8_t* key) {
        auto* self = GaloisMode::of(state);
        std::copy_n(key, self->key.size(), self->key.begin());
        return srtp_err_status_ok;
    }
    static srtp_err_status_t set_iv(void* state, std::uint8_t* iv,
                                    srtp_cipher_direction_t direction) {
        return status(GaloisMode::context().start(GaloisMode::of(state)->key.data(), iv,
                                                  direction == srtp_direction_encrypt));
    }
    static srtp_err_status_t set_aad(void*, const std::uint8_t* aad, std::uint32_t length) {
        return status(GaloisMode::context().update(nullptr, aad, length));
    }
    static srtp_err_status_t encrypt(void*, std::uint8_t* buffer, unsigned* length) {
        return status(GaloisMode::context().update(buffer, buffer, *length));
    }
    static srtp_err_status_t tag(void* state, std::uint8_t* out, std::uint32_t* length) {
        const int tag_bytes = GaloisMode::of(state)->tag_bytes;
        auto& context = GaloisMode::context();
        *length = static_cast<std::uint32_t>(tag_bytes);
        return status(context.finish(out) &&
                      context.control(EVP_CTRL_AEAD_GET_TAG, tag_bytes, out));
    }
    /// The tag stands at the end of the buffer, and goes.
    static srtp_err_status_t decrypt(void* state, std::uint8_t* buffer, unsigned* length) {
        const int tag_bytes = GaloisMode::of(state)->tag_bytes;
        auto& context = GaloisMode::context();
        if (*length < static_cast<unsigned>(tag_bytes)) return srtp_err_status_bad_param;
        const unsigned text = *length - static_cast<unsigned>(tag_bytes);
        if (!context.control(EVP_CTRL_AEAD_SET_TAG, tag_bytes, buffer + text) ||
            !context.update(buffer, buffer, text))
            return srtp_err_status_cipher_fail;
        if (!context.finish(buffer + text)) return srtp_err_status_auth_fail;
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
    /// The halves of RFC 2104 that depend on the key alone are digested once.
    static srtp_err_status_t init(void* state, const std::uint8_t* key, int length) {
        auto* self = of(state);
        std::array<std::uint8_t, SHA_CBLOCK> pad{};
        std::copy_n(key, length, pad.begin());
        for (auto& octet : pad) octet ^= 0x36;
        SHA1_Init(&self->inner);
        SHA1_Update(&self->inner, pad.data(), pad.size());
        for (auto& octet : pad) octet ^= 0x36 ^ 0x5c;
        SHA1_Init(&self->outer);
        SHA1_Update(&self->outer, pad.data(), pad.size());
        return start(state);
    }
    static srtp_err_status_t start(void* state) {
        of(state)->running = of(state)->inner;
        return srtp_err_status_ok;
    }
    static srtp_err_status_t update(void* state, const std::uint8_t* data, int length) {
        SHA1_Update(&of(state)->running, data, static_cast<std::size_t>(length));
        return srtp_err_status_ok;
    }
    static srtp_err_status_t compute(void* state, const std::uint8_t* data, int length,
                                     int tag_length, std::uint8_t* tag) {
        auto* self = of(state);
        update(state, data, length);
        std::array<std::uint8_t, SHA_DIGEST_LENGTH> digest;
        SHA1_Final(digest.data(), &self->running);
        self->running = self->outer;
        SHA1_Update(&self->running, digest.data(), digest.size());
        SHA1_Final(digest.data(), &self->running);
        std::copy_n(digest.begin(), tag_length, tag);
        return srtp_err_status_ok;
    }

    SHA_CTX inner{}, outer{}, running{};
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
