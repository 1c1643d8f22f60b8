// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace lyceum::rtp {

/// How media is protected: RFC 4568 §6.2, RFC 6188, RFC 7714.
enum class SrtpSuite {
    aead_aes_256_gcm,
    aead_aes_128_gcm,
    aes_256_cm_sha1_80,
    aes_256_cm_sha1_32,
    aes_cm_128_sha1_80,
    aes_cm_128_sha1_32,
};
/// All of them in the order of our preference.
inline constexpr std::array srtp_suites{
    SrtpSuite::aead_aes_256_gcm,   SrtpSuite::aead_aes_128_gcm,   SrtpSuite::aes_256_cm_sha1_80,
    SrtpSuite::aes_cm_128_sha1_80, SrtpSuite::aes_256_cm_sha1_32, SrtpSuite::aes_cm_128_sha1_32};

/// As SDP writes it: "AES_CM_128_HMAC_SHA1_80".
std::string_view name_of(SrtpSuite suite);
std::optional<SrtpSuite> srtp_suite_of(std::string_view name);
/// Octets of the master key and the master salt behind it.
std::size_t srtp_key_bytes(SrtpSuite suite);

struct SrtpKey {
    SrtpSuite suite = SrtpSuite::aes_cm_128_sha1_80;
    Bytes key; ///< Master key, then master salt.

    bool operator==(const SrtpKey&) const = default;
};

/// SRTP and SRTCP of one direction of one stream under one master key (RFC 3711): encryption,
/// authentication, replay protection, roll-over counters for each SSRC. A new key is a new context.
///
/// Datagrams longer than `datagram_bytes_max` are refused. How keys are agreed on is not its
/// business.
class SrtpContext {
public:
    enum class Direction { inbound, outbound };
    enum class Refusal { authentication, replayed, malformed };
    static constexpr std::size_t datagram_bytes_max = 2048;
    static constexpr std::uint64_t replay_window = 128; ///< Packets; RFC 3711 §3.3.2 asks for 64.

    /// `key.key` has the length that its suite wants.
    SrtpContext(const SrtpKey& key, Direction direction);
    ~SrtpContext();
    SrtpContext(SrtpContext&&) noexcept;
    SrtpContext& operator=(SrtpContext&&) noexcept;

    [[nodiscard]] const SrtpKey& key() const { return key_; }

    /// \name Outbound: `out` becomes the datagram.
    ///@{
    void protect_rtp(ByteView header, ByteView payload, Bytes& out);
    void protect_rtcp(ByteView packet, Bytes& out);
    /// What somebody else has numbered. False: it is no packet, or one of that number has been
    /// protected before, which must not happen twice under one key (RFC 3711 §9.1).
    [[nodiscard]] bool protect_foreign_rtp(ByteView packet, Bytes& out);
    [[nodiscard]] bool protect_foreign_rtcp(ByteView packet, Bytes& out);
    ///@}
    /// \name Inbound: what comes back is valid until the next call.
    ///@{
    Result<ByteView, Refusal> unprotect_rtp(ByteView datagram);
    Result<ByteView, Refusal> unprotect_rtcp(ByteView datagram);
    ///@}

private:
    struct Session;

    template <class Protect>
    [[nodiscard]] bool finish(Protect protect, std::size_t bytes, Bytes& out);

    SrtpKey key_;
    std::unique_ptr<Session> session_;
    Bytes buffer_;
};

[[noreturn]] void throw_exception_from_error(SrtpContext::Refusal refusal,
                                             const boost::source_location&);

} // namespace lyceum::rtp
