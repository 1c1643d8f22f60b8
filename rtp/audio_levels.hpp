// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rtp/packet.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

/// How loud the sound of a packet is, told in a header extension (RFC 8285): by who sends it (RFC
/// 6464), and by a mixer of each source in its mix (RFC 6465). In clear also where the payload is
/// not, so that who sees the packets sees who speaks.
namespace lyceum::rtp {

inline constexpr std::string_view client_level_uri = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
inline constexpr std::string_view mixer_levels_uri = "urn:ietf:params:rtp-hdrext:csrc-audio-level";

/// In decibels below the loudest that there is: 0 to 127, which is silence.
using AudioLevel = std::uint8_t;
inline constexpr AudioLevel level_silent = 127;
inline constexpr AudioLevel audio_level(int dbov) {
    return static_cast<AudioLevel>(dbov >= 0 ? 0 : dbov <= -level_silent ? level_silent : -dbov);
}

/// What the sender says of this packet; none: nothing. Reads both forms of RFC 8285.
std::optional<AudioLevel> client_level(const PacketView& packet, std::uint8_t id);

struct SourceLevel {
    std::uint32_t source; ///< As the list of contributing sources has it.
    AudioLevel level;
};
inline constexpr std::size_t sources_max = 15; ///< RFC 3550 §5.1.

/// A header with these sources and their levels; without any, one of the usual length.
void write_header(Bytes& out, const Header& header, std::uint8_t id,
                  std::span<const SourceLevel> sources);

} // namespace lyceum::rtp
