// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"
#include "base/bytes.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lyceum::rtp {

/// One side of ICE as SDP carries it (RFC 8839 §5.4).
struct IceCredentials {
    std::string ufrag, password;

    bool operator==(const IceCredentials&) const = default;
};

/// Ours and the peer's.
struct IcePair {
    IceCredentials local, remote;

    bool operator==(const IcePair&) const = default;
};

/// The lite side of ICE (RFC 8445 §2.5) for one leg: answers the connectivity checks of the full
/// side, also those that ask for consent (RFC 7675), and learns from them which address the peer
/// has chosen. Sends nothing unasked; has no timers.
class IceLite {
public:
    struct Reply {
        Bytes datagram;         ///< Goes back to where the check came from.
        bool authentic = false; ///< The peer knows our password: its address can be trusted.
        bool nominated = false; ///< The peer has chosen this path (USE-CANDIDATE).
    };

    explicit IceLite(IceCredentials local, IceCredentials remote)
        : local_(std::move(local)), remote_(std::move(remote)) {}

    /// None: not a binding request, or one too broken to answer.
    [[nodiscard]] std::optional<Reply> handle_datagram(ByteView datagram,
                                                       const SocketAddress& from) const;

private:
    IceCredentials local_, remote_;
};

/// Whom a connectivity check is for, by the first half of its USERNAME (RFC 8445 §7.2.2): the ufrag
/// of our side. None: not a check, or a broken one. The view is into the datagram.
std::optional<std::string_view> checked_ufrag(ByteView datagram);

/// The answer to a keep-alive of SIP over UDP (RFC 5626 §8): a binding request without credentials,
/// to be told the address that it came from. None: it is none, or asks for what we do not know.
std::optional<Bytes> answer_keep_alive(ByteView datagram, const SocketAddress& from);

/// Whether a datagram is STUN, by its first octet (RFC 7983).
constexpr bool is_stun(ByteView datagram) { return !datagram.empty() && datagram[0] <= 3; }

} // namespace lyceum::rtp
