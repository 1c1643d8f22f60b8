// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <array>
#include <cstdint>

namespace lyceum::rtp {

/// Whether `a` comes after `b` on the 16-bit circle (RFC 1982).
constexpr bool is_after(std::uint16_t a, std::uint16_t b) {
    return static_cast<std::int16_t>(a - b) > 0;
}

/// The fixed header of RFC 3550 §5.1 without what we neither read nor write.
struct Header {
    std::uint8_t payload_type = 0;
    bool marker = false;
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    std::uint32_t ssrc = 0;

    bool operator==(const Header&) const = default;
};

/// A received packet; `payload` is a view into the datagram, without CSRCs, extension and padding.
struct PacketView {
    Header header;
    ByteView payload;
    std::uint16_t extension_form = 0; ///< "Defined by profile": how the extension is to be read…
    ByteView extension{};             ///< …and what it holds; empty: there is none.
};

inline constexpr std::size_t header_bytes = 12;
using HeaderBytes = std::array<std::uint8_t, header_bytes>; ///< A header as it is sent.
/// The most that we take as one RTP packet: an Ethernet frame's worth.
inline constexpr std::size_t packet_bytes_max = 1500;

Result<PacketView, Fault> parse_packet(ByteView datagram);

/// Appends header and payload to `out`.
void write_packet(Bytes& out, const Header& header, ByteView payload);

/// RFC 5761 §4: on a port that carries both, payload types 64–95 (with the marker bit, 192–223) are
/// RTCP.
bool is_rtcp(ByteView datagram);

} // namespace lyceum::rtp
