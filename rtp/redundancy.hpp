// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <array>
#include <cstdint>

namespace lyceum::rtp {

/// The payload format of RFC 2198 (RED): packets that say again what those before them said, so
/// that a lost packet is no lost sound. Blocks of a packet, the oldest first; the last is the
/// packet's own. At most `blocks_max`, which covers a burst of seven packets.
struct Redundant {
    static constexpr std::size_t blocks_max = 8;
    static constexpr std::uint32_t age_max = (1 << 14) - 1; ///< In timestamp units.
    static constexpr std::size_t old_payload_bytes_max = (1 << 10) - 1;

    struct Block {
        std::uint8_t payload_type = 0;
        std::uint32_t age = 0; ///< By how much earlier than the packet's timestamp; own block: 0.
        ByteView payload;
    };
    std::array<Block, blocks_max> blocks;
    std::size_t count = 0; ///< At least one, if parsed.

    [[nodiscard]] const Block& own() const { return blocks[count - 1]; }
};

/// The views are into `payload`.
Result<Redundant, Fault> parse_redundant(ByteView payload);

/// Appends an RTP payload to `out`: every block but the last within `age_max` and
/// `old_payload_bytes_max`.
void write_redundant(const Redundant& redundant, Bytes& out);

} // namespace lyceum::rtp
