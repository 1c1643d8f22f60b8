// SPDX-License-Identifier: Apache-2.0
#include "rtp/dtls.hpp"

#include "base/assert.hpp"
#include "base/text.hpp"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>

namespace lyceum::rtp {
namespace {

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;

constexpr std::string_view profiles = "SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM:"
                                      "SRTP_AES128_CM_SHA1_80:SRTP_AES128_CM_SHA1_32";

std::optional<SrtpSuite> suite_of(const SRTP_PROTECTION_PROFILE* profile) {
    switch (profile ? profile->id : 0) {
    case SRTP_AEAD_AES_256_GCM: return SrtpSuite::aead_aes_256_gcm;
    case SRTP_AEAD_AES_128_GCM: return SrtpSuite::aead_aes_128_gcm;
    case SRTP_AES128_CM_SHA1_80: return SrtpSuite::aes_cm_128_sha1_80;
    case SRTP_AES128_CM_SHA1_32: return SrtpSuite::aes_cm_128_sha1_32;
    default: return std::nullopt;
    }
}

const EVP_MD* digest_of(std::string_view hash) {
    if (hash == "sha-256") return EVP_sha256();
    if (hash == "sha-384") return EVP_sha384();
    if (hash == "sha-512") return EVP_sha512();
    return nullptr;
}

Fingerprint fingerprint_of(const X509* certificate, std::string hash) {
    Fingerprint out{std::move(hash), Bytes(EVP_MAX_MD_SIZE)};
    unsigned length = 0;
    LYCEUM_ASSERT(X509_digest(certificate, digest_of(out.hash), out.octets.data(), &length) == 1);
    out.octets.resize(length);
    return out;
}

Certificate self_signed(EVP_PKEY* key) {
    Certificate out(X509_new());
    X509_set_version(out.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(out.get()), 1);
    // Nobody checks the dates; a day back allows for clocks that differ.
    X509_gmtime_adj(X509_getm_notBefore(out.get()), -86'400);
    X509_gmtime_adj(X509_getm_notAfter(out.get()), 10L * 365 * 86'400);
    auto* name = X509_get_subject_name(out.get());
    static constexpr unsigned char common_name[] = "lyceum";
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0);
    X509_set_issuer_name(out.get(), name);
    X509_set_pubkey(out.get(), key);
    LYCEUM_ASSERT(X509_sign(out.get(), key, EVP_sha256()) > 0);
    return out;
}

} // namespace

// ── Fingerprint ──────────────────────────────────────────────────────────────────────────────────

std::optional<Fingerprint> Fingerprint::parse(std::string_view text) {
    auto rest = trim(text);
    Fingerprint out;
    out.hash = to_lower(cut(rest, ' '));
    const auto* digest = digest_of(out.hash);
    if (!digest) return std::nullopt;
    for (rest = trim(rest); !rest.empty();) {
        const auto pair = cut(rest, ':');
        if (pair.size() != 2 || !is_hex(pair[0]) || !is_hex(pair[1])) return std::nullopt;
        out.octets.push_back(
            static_cast<std::uint8_t>(hex_value(pair[0]) << 4 | hex_value(pair[1])));
    }
    if (out.octets.size() != static_cast<std::size_t>(EVP_MD_get_size(digest))) return std::nullopt;
    return out;
}

std::string Fingerprint::to_string() const {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    auto out = hash + " ";
    for (const auto octet : octets) {
        if (out.back() != ' ') out += ':';
        out += digits[octet >> 4];
        out += digits[octet & 15];
    }
    return out;
}

// ── Identity ─────────────────────────────────────────────────────────────────────────────────────

struct DtlsIdentity::Context {
    std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>> ssl{SSL_CTX_new(DTLS_method())};
};

DtlsIdentity::DtlsIdentity() : context_(std::make_unique<Context>()) {
    const Key key(EVP_EC_gen("P-256"));
    const auto certificate = self_signed(key.get());
    fingerprint_ = fingerprint_of(certificate.get(), "sha-256");
    auto* ssl = context_->ssl.get();
    SSL_CTX_set_min_proto_version(ssl, DTLS1_2_VERSION);
    SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_QUERY_MTU);
    // Any certificate passes here; which one it must be is checked against SDP.
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       [](int, X509_STORE_CTX*) { return 1; });
    LYCEUM_ASSERT(SSL_CTX_use_certificate(ssl, certificate.get()) == 1 &&
                  SSL_CTX_use_PrivateKey(ssl, key.get()) == 1 &&
                  SSL_CTX_set_tlsext_use_srtp(ssl, profiles.data()) == 0); // 0 is success.
}

DtlsIdentity::~DtlsIdentity() = default;

// ── Handshake ────────────────────────────────────────────────────────────────────────────────────

struct DtlsHandshake::Session {
    std::unique_ptr<SSL, Freed<SSL_free>> ssl;
    BIO* in = nullptr; ///< Both belong to `ssl`.
    BIO* out = nullptr;
    Duration retransmit;
};

DtlsHandshake::DtlsHandshake(const DtlsIdentity& identity, DtlsPeer peer, TimePoint now,
                             Duration retransmit)
    : session_(std::make_unique<Session>()), peer_(std::move(peer)), give_up_(now + time_max) {
    auto& s = *session_;
    s.ssl.reset(SSL_new(identity.context_->ssl.get()));
    s.in = BIO_new(BIO_s_mem());
    s.out = BIO_new(BIO_s_mem());
    s.retransmit = retransmit;
    SSL_set_bio(s.ssl.get(), s.in, s.out);
    SSL_set_mtu(s.ssl.get(), mtu);
    SSL_set_app_data(s.ssl.get(), session_.get());
    DTLS_set_timer_cb(s.ssl.get(), [](SSL* ssl, unsigned before) -> unsigned {
        const auto* session = static_cast<const Session*>(SSL_get_app_data(ssl));
        return before == 0 ? static_cast<unsigned>(session->retransmit.count()) : 2 * before;
    });
    if (peer_.we_begin) SSL_set_connect_state(s.ssl.get());
    else SSL_set_accept_state(s.ssl.get());
    proceed(now);
}

DtlsHandshake::~DtlsHandshake() = default;
DtlsHandshake::DtlsHandshake(DtlsHandshake&&) noexcept = default;

void DtlsHandshake::handle_datagram(ByteView datagram, TimePoint now) {
    if (state_ == State::failed || datagram.size() > datagram_bytes_max) return;
    BIO_write(session_->in, datagram.data(), static_cast<int>(datagram.size()));
    proceed(now);
}

void DtlsHandshake::handle_timeout(TimePoint now) {
    if (state_ == State::failed || !deadline_ || now < *deadline_) return;
    if (now >= give_up_ && state_ == State::running) return fail("handshake timed out");
    if (DTLSv1_handle_timeout(session_->ssl.get()) < 0) return fail("handshake timed out");
    collect();
    proceed(now);
}

void DtlsHandshake::proceed(TimePoint now) {
    auto* ssl = session_->ssl.get();
    ERR_clear_error(); // What another handshake of this thread left there is not ours.
    if (state_ == State::done) {
        // Our last flight may have been lost: the peer repeats its own, and OpenSSL answers.
        std::uint8_t ignored[256];
        while (SSL_read(ssl, ignored, sizeof ignored) > 0) {
        }
        return collect();
    }
    const int result = SSL_do_handshake(ssl);
    const int error = SSL_get_error(ssl, result);
    collect();
    if (result == 1) {
        deadline_.reset();
        if (!is_certificate_right()) return fail("certificate does not have the fingerprint");
        keys_ = derive_keys();
        if (!keys_) return fail("no SRTP profile in common");
        state_ = State::done;
        return;
    }
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
        return fail("handshake refused");
    deadline_ = give_up_;
    timeval left{};
    if (DTLSv1_get_timeout(ssl, &left) == 1)
        deadline_ = std::min(give_up_, now + std::chrono::seconds(left.tv_sec) +
                                           Duration(left.tv_usec) + 1ms);
}

/// OpenSSL wrote a stream; what leaves are datagrams of whole records (RFC 6347 §4.1.1).
void DtlsHandshake::collect() {
    static constexpr std::size_t header_bytes = 13;
    Bytes stream(BIO_ctrl_pending(session_->out));
    if (stream.empty()) return;
    BIO_read(session_->out, stream.data(), static_cast<int>(stream.size()));
    Bytes datagram;
    for (std::size_t at = 0; at + header_bytes <= stream.size();) {
        const std::size_t length = stream[at + 11] << 8 | stream[at + 12];
        const auto end = std::min(at + header_bytes + length, stream.size());
        if (!datagram.empty() && datagram.size() + end - at > mtu)
            outputs_.push_back(std::exchange(datagram, {}));
        datagram.insert(datagram.end(), stream.begin() + static_cast<std::ptrdiff_t>(at),
                        stream.begin() + static_cast<std::ptrdiff_t>(end));
        at = end;
    }
    if (!datagram.empty()) outputs_.push_back(std::move(datagram));
}

void DtlsHandshake::fail(std::string_view why) {
    state_ = State::failed;
    fault_ = why;
    keys_.reset();
    deadline_.reset();
}

bool DtlsHandshake::is_certificate_right() const {
    const Certificate certificate(SSL_get1_peer_certificate(session_->ssl.get()));
    return certificate &&
           fingerprint_of(certificate.get(), peer_.fingerprint.hash) == peer_.fingerprint;
}

/// RFC 5764 §4.2: client key, server key, client salt, server salt.
std::optional<DtlsHandshake::Keys> DtlsHandshake::derive_keys() const {
    auto* ssl = session_->ssl.get();
    const auto suite = suite_of(SSL_get_selected_srtp_profile(ssl));
    if (!suite) return std::nullopt;
    static constexpr std::string_view label = "EXTRACTOR-dtls_srtp";
    const auto whole = srtp_key_bytes(*suite);
    const bool galois =
        *suite == SrtpSuite::aead_aes_256_gcm || *suite == SrtpSuite::aead_aes_128_gcm;
    const std::size_t salt = galois ? 12 : 14, key = whole - salt;
    Bytes material(2 * whole);
    if (SSL_export_keying_material(ssl, material.data(), material.size(), label.data(),
                                   label.size(), nullptr, 0, 0) != 1)
        return std::nullopt;
    const auto part = [&](std::size_t side) {
        const auto at = [&](std::size_t offset) {
            return material.begin() + static_cast<std::ptrdiff_t>(offset);
        };
        SrtpKey out{*suite, Bytes(at(side * key), at((side + 1) * key))};
        out.key.insert(out.key.end(), at(2 * key + side * salt), at(2 * key + (side + 1) * salt));
        return out;
    };
    return peer_.we_begin ? Keys{part(0), part(1)} : Keys{part(1), part(0)};
}

std::optional<Bytes> DtlsHandshake::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
}

} // namespace lyceum::rtp
