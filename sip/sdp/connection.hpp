// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/sdp/crypto.hpp"
#include "sip/sdp/description.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lyceum::sdp {

/// A handshake that keys a stream: DTLS-SRTP (RFC 5763, RFC 8842).
struct Dtls {
    bool we_begin = false;   ///< The peer waits (a=setup:passive).
    std::string fingerprint; ///< Of the peer's certificate, as SDP writes it.

    bool operator==(const Dtls&) const = default;
};

/// One side's ICE credentials (RFC 8839 §5.4).
struct Ice {
    std::string ufrag, password;

    bool operator==(const Ice&) const = default;
};

/// What a description says of a medium, in the medium or for the whole session. None: nothing, or
/// nothing that can be used: a hash below SHA-256, `holdconn`, credentials that are too short.
std::optional<Dtls> dtls_of(const Description& description, const Media& media);
std::optional<Ice> ice_of(const Description& description, const Media& media);

/// The first key of the peer whose suite is one of ours, with ours for it.
std::optional<CryptoPair> common_crypto(const Media& media, const std::vector<Crypto>& ours);

/// A medium that we refuse: port 0, and otherwise as offered (RFC 3264 §6).
Media refused(const Media& offered);

/// Where the sender of a description receives RTCP of a medium whose RTP it receives there, if not
/// by the same port: `a=rtcp:port [IN IP4 address]` (RFC 3605), else the next port (RFC 3550 §11).
SocketAddress rtcp_address(const Media& media, const SocketAddress& rtp);

/// The host candidates of a lite agent at `rtp` (RFC 8839 §5.1), one a component; its credentials.
void add_ice(Media& media, const Ice& ice, const SocketAddress& rtp, bool rtcp_mux);

/// The number by which the medium has this header extension (RFC 8285 §5), 1 to 14, the most that
/// the short form can say. None: it does not want it.
std::optional<std::uint8_t> extension_of(const Media& media, std::string_view uri);

/// Whether the medium is in a group of the session that shares one transport (RFC 9143).
bool is_bundled(const Description& description, const Media& media);

} // namespace lyceum::sdp
