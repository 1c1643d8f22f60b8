// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/net/media_socket.hpp"

#include <cstdint>
#include <optional>

namespace lyceum::net {

/// Hands out ports for media from one range: RTP by an even port, RTCP by the next (RFC 3550 §11).
/// A port is free again when its sockets are gone.
class MediaPorts {
public:
    struct Options {
        IpAddress bind; ///< Unspecified: the address that leads to each peer.
        std::uint16_t min = 16384, max = 32767;
    };
    struct Pair {
        SocketAddress local; ///< Of RTP, as the peer sees us.
        MediaSocket rtp, rtcp;
    };

    explicit MediaPorts(const Options& options);

    /// Toward this peer. None: all are taken.
    std::optional<Pair> open(const IpAddress& peer);

private:
    Options options_;
    std::uint16_t next_;
};

} // namespace lyceum::net
