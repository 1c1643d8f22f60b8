// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "rtp/srtp.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace lyceum::rtp {

/// What a peer says of its certificate in SDP (RFC 8122): the hash's name and its octets.
struct Fingerprint {
    std::string hash; ///< "sha-256", "sha-384" or "sha-512".
    Bytes octets;

    /// `sha-256 12:DF:3E:…`. None: broken, or a hash that nobody should trust any more.
    static std::optional<Fingerprint> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;
    bool operator==(const Fingerprint&) const = default;
};

/// What one leg's handshake has to be like: who begins it, and whose certificate it must show.
struct DtlsPeer {
    bool we_begin = false; ///< We are the client: a=setup:active on our side.
    Fingerprint fingerprint;

    bool operator==(const DtlsPeer&) const = default;
};

/// Our certificate, self-signed, ECDSA over P-256, made anew with the process: what vouches for it
/// is the fingerprint in SDP. Shared by all handshakes.
class DtlsIdentity {
public:
    DtlsIdentity();
    ~DtlsIdentity();
    DtlsIdentity(const DtlsIdentity&) = delete;
    DtlsIdentity& operator=(const DtlsIdentity&) = delete;

    [[nodiscard]] const Fingerprint& fingerprint() const { return fingerprint_; }

private:
    friend class DtlsHandshake;
    struct Context;
    std::unique_ptr<Context> context_;
    Fingerprint fingerprint_;
};

/// One DTLS 1.2 handshake for SRTP (RFC 5764), in either role, up to the keys. The peer's
/// certificate must have the fingerprint that SDP promised; there is no other trust in it.
///
/// A core but for one thing: OpenSSL measures its own retransmission time-outs with the clock of
/// the system, so `deadline` says when to look again and not when exactly something happens.
class DtlsHandshake {
public:
    enum class State { running, done, failed };
    struct Keys {
        SrtpKey send, receive;
    };
    static constexpr Duration time_max = 30s; ///< Then it has failed.
    static constexpr std::size_t datagram_bytes_max = 2048;
    static constexpr unsigned mtu = 1200;

    /// `retransmit`: the first time-out, doubled each time (RFC 6347 §4.2.4.1).
    DtlsHandshake(const DtlsIdentity& identity, DtlsPeer peer, TimePoint now,
                  Duration retransmit = 1s);
    ~DtlsHandshake();
    DtlsHandshake(DtlsHandshake&&) noexcept;

    void handle_datagram(ByteView datagram, TimePoint now);
    void handle_timeout(TimePoint now);
    /// The next datagram to send.
    std::optional<Bytes> poll();
    [[nodiscard]] std::optional<TimePoint> deadline() const { return deadline_; }

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] const Keys& keys() const { return *keys_; } ///< Once it is done.
    [[nodiscard]] std::string_view fault() const { return fault_; }

private:
    struct Session;
    void proceed(TimePoint now);
    void collect();
    void fail(std::string_view why);
    [[nodiscard]] bool is_certificate_right() const;
    [[nodiscard]] std::optional<Keys> derive_keys() const;

    std::unique_ptr<Session> session_;
    DtlsPeer peer_;
    TimePoint give_up_;
    std::optional<TimePoint> deadline_;
    State state_ = State::running;
    std::optional<Keys> keys_;
    std::string_view fault_;
    std::deque<Bytes> outputs_;
};

/// Whether a datagram on a media port belongs to DTLS, by its first octet (RFC 7983).
constexpr bool is_dtls(ByteView datagram) {
    return !datagram.empty() && datagram[0] >= 20 && datagram[0] <= 63;
}

} // namespace lyceum::rtp
