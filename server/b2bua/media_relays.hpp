// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"
#include "base/strong_id.hpp"
#include "rtp/dtls.hpp"
#include "rtp/relay.hpp"

#include <array>
#include <optional>
#include <string>

namespace lyceum::b2bua {

using RelayId = StrongId<struct RelayTag>;

/// A port: relays for media, each with two ports of ours, one toward each side. The edge has them
/// on a thread of their own; a test calls rtp::Relay at once. That a side is gone comes back by
/// `B2bua::handle_media_lost`.
class MediaRelays {
public:
    virtual ~MediaRelays() = default;

    struct Opened {
        RelayId id;
        std::array<SocketAddress, 2> local; ///< As each side sees us; RTCP is at the next port.
    };
    /// None: no port is free.
    virtual std::optional<Opened> open(std::array<IpAddress, 2> toward) = 0;

    /// What was agreed on with one side; with `dtls`, its keys come from this handshake.
    virtual void configure(RelayId relay, rtp::Relay::Side side, rtp::Relay::Settings settings,
                           std::optional<rtp::DtlsPeer> dtls) = 0;
    virtual void close(RelayId relay) = 0;

    /// Of the certificate that DTLS shows, for SDP.
    [[nodiscard]] virtual std::string dtls_fingerprint() const = 0;
};

} // namespace lyceum::b2bua
