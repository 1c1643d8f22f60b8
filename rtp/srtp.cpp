// SPDX-License-Identifier: Apache-2.0
#include "rtp/srtp.hpp"

#include "base/assert.hpp"
#include "rtp/srtp_ciphers.hpp"

#include <srtp2/srtp.h>

#include <stdexcept>
#include <utility>

namespace lyceum::rtp {
namespace {

struct Suite {
    SrtpSuite suite;
    std::string_view name;
    std::size_t key_bytes;
    void (*set_rtp)(srtp_crypto_policy_t*);
    void (*set_rtcp)(srtp_crypto_policy_t*); ///< SRTCP always has the long tag (RFC 4568 §6.2.2).
};

constexpr Suite suites[] = {
    {SrtpSuite::aead_aes_256_gcm, "AEAD_AES_256_GCM", 44,
     srtp_crypto_policy_set_aes_gcm_256_16_auth, srtp_crypto_policy_set_aes_gcm_256_16_auth},
    {SrtpSuite::aead_aes_128_gcm, "AEAD_AES_128_GCM", 28,
     srtp_crypto_policy_set_aes_gcm_128_16_auth, srtp_crypto_policy_set_aes_gcm_128_16_auth},
    {SrtpSuite::aes_256_cm_sha1_80, "AES_256_CM_HMAC_SHA1_80", 46,
     srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80,
     srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
    {SrtpSuite::aes_256_cm_sha1_32, "AES_256_CM_HMAC_SHA1_32", 46,
     srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32,
     srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
    {SrtpSuite::aes_cm_128_sha1_80, "AES_CM_128_HMAC_SHA1_80", 30,
     srtp_crypto_policy_set_rtp_default, srtp_crypto_policy_set_rtp_default},
    {SrtpSuite::aes_cm_128_sha1_32, "AES_CM_128_HMAC_SHA1_32", 30,
     srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32, srtp_crypto_policy_set_rtp_default},
};

const Suite& entry(SrtpSuite suite) { return suites[static_cast<std::size_t>(suite)]; }

void initialize_library() {
    static const bool done = srtp_init() == srtp_err_status_ok && use_openssl_ciphers();
    LYCEUM_ASSERT(done);
}

/// libsrtp2 works in place and needs room for tag and index behind the packet.
void load(Bytes& out, ByteView first, ByteView second) {
    static constexpr std::size_t room = SRTP_MAX_TRAILER_LEN + 4;
    out.clear();
    out.reserve(first.size() + second.size() + room);
    out.insert(out.end(), first.begin(), first.end());
    out.insert(out.end(), second.begin(), second.end());
    out.resize(out.size() + room);
}

SrtpContext::Refusal refusal_of(srtp_err_status_t status) {
    switch (status) {
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old: return SrtpContext::Refusal::replayed;
    case srtp_err_status_auth_fail:
    case srtp_err_status_cipher_fail: return SrtpContext::Refusal::authentication;
    default: return SrtpContext::Refusal::malformed;
    }
}

} // namespace

std::string_view name_of(SrtpSuite suite) { return entry(suite).name; }

std::optional<SrtpSuite> srtp_suite_of(std::string_view name) {
    for (const auto& known : suites)
        if (known.name == name) return known.suite;
    return std::nullopt;
}

std::size_t srtp_key_bytes(SrtpSuite suite) { return entry(suite).key_bytes; }

struct SrtpContext::Session {
    ~Session() { srtp_dealloc(handle); }
    srtp_t handle = nullptr;
};

SrtpContext::SrtpContext(const SrtpKey& key, Direction direction)
    : key_(key), session_(std::make_unique<Session>()) {
    initialize_library();
    LYCEUM_ASSERT(key.key.size() == srtp_key_bytes(key.suite));
    srtp_policy_t policy{};
    entry(key.suite).set_rtp(&policy.rtp);
    entry(key.suite).set_rtcp(&policy.rtcp);
    policy.ssrc.type = direction == Direction::inbound ? ssrc_any_inbound : ssrc_any_outbound;
    policy.key = key_.key.data();
    policy.window_size = replay_window;
    LYCEUM_ASSERT(srtp_create(&session_->handle, &policy) == srtp_err_status_ok);
}

SrtpContext::~SrtpContext() = default;
SrtpContext::SrtpContext(SrtpContext&&) noexcept = default;
SrtpContext& SrtpContext::operator=(SrtpContext&&) noexcept = default;

void SrtpContext::protect_rtp(ByteView header, ByteView payload, Bytes& out) {
    load(out, header, payload);
    const bool done = finish(srtp_protect, header.size() + payload.size(), out);
    LYCEUM_ASSERT(done);
}

void SrtpContext::protect_rtcp(ByteView packet, Bytes& out) {
    load(out, packet, {});
    const bool done = finish(srtp_protect_rtcp, packet.size(), out);
    LYCEUM_ASSERT(done);
}

bool SrtpContext::protect_foreign_rtp(ByteView packet, Bytes& out) {
    if (packet.size() > datagram_bytes_max) return false;
    load(out, packet, {});
    return finish(srtp_protect, packet.size(), out);
}

bool SrtpContext::protect_foreign_rtcp(ByteView packet, Bytes& out) {
    if (packet.size() > datagram_bytes_max) return false;
    load(out, packet, {});
    return finish(srtp_protect_rtcp, packet.size(), out);
}

template <class Protect>
bool SrtpContext::finish(Protect protect, std::size_t bytes, Bytes& out) {
    int length = static_cast<int>(bytes);
    if (protect(session_->handle, out.data(), &length) != srtp_err_status_ok) return false;
    out.resize(static_cast<std::size_t>(length));
    return true;
}

Result<ByteView, SrtpContext::Refusal> SrtpContext::unprotect_rtp(ByteView datagram) {
    if (datagram.size() > datagram_bytes_max) return Refusal::malformed;
    load(buffer_, datagram, {});
    int length = static_cast<int>(datagram.size());
    const auto status = srtp_unprotect(session_->handle, buffer_.data(), &length);
    if (status != srtp_err_status_ok) return refusal_of(status);
    return ByteView(buffer_).first(static_cast<std::size_t>(length));
}

Result<ByteView, SrtpContext::Refusal> SrtpContext::unprotect_rtcp(ByteView datagram) {
    if (datagram.size() > datagram_bytes_max) return Refusal::malformed;
    load(buffer_, datagram, {});
    int length = static_cast<int>(datagram.size());
    const auto status = srtp_unprotect_rtcp(session_->handle, buffer_.data(), &length);
    if (status != srtp_err_status_ok) return refusal_of(status);
    return ByteView(buffer_).first(static_cast<std::size_t>(length));
}

void throw_exception_from_error(SrtpContext::Refusal, const boost::source_location&) {
    throw std::logic_error("unchecked Result: SRTP refused");
}

} // namespace lyceum::rtp
