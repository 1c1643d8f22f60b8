// SPDX-License-Identifier: Apache-2.0
#include "rtp/audio_levels.hpp"

#include <algorithm>

namespace lyceum::rtp {
namespace {

constexpr std::uint16_t one_byte_form = 0xbede, two_byte_form = 0x100;
constexpr std::uint8_t one_byte_id_max = 14; // 15 ends the extension (RFC 8285 §4.2).

} // namespace

std::optional<AudioLevel> client_level(const PacketView& packet, std::uint8_t id) {
    const bool one_byte = packet.extension_form == one_byte_form;
    if (!one_byte && packet.extension_form >> 4 != two_byte_form) return std::nullopt;
    ByteReader in(packet.extension);
    while (in.left() > 0) {
        const auto first = in.u8();
        if (first == 0) continue; // Padding.
        const auto element = one_byte ? static_cast<std::uint8_t>(first >> 4) : first;
        if (one_byte && element > one_byte_id_max) return std::nullopt;
        const std::size_t length = one_byte ? (first & 0x0f) + 1u : in.u8();
        const auto data = in.take(length);
        if (!in.ok()) return std::nullopt;
        if (element == id && !data.empty()) return data.front() & 0x7f;
    }
    return std::nullopt;
}

void write_header(Bytes& out, const Header& header, std::uint8_t id,
                  std::span<const SourceLevel> sources) {
    sources = sources.first(std::min(sources.size(), sources_max));
    const auto start = out.size();
    write_packet(out, header, {});
    if (sources.empty()) return;
    out[start] |= static_cast<std::uint8_t>(0x10 | sources.size());
    ByteWriter writer(out);
    for (const auto& each : sources) writer.u32(each.source);
    const auto words = (1 + sources.size() + 3) / 4;
    writer.u16(one_byte_form);
    writer.u16(static_cast<std::uint16_t>(words));
    writer.u8(static_cast<std::uint8_t>(id << 4 | (sources.size() - 1)));
    for (const auto& each : sources) writer.u8(each.level);
    for (auto left = words * 4 - 1 - sources.size(); left > 0; --left) writer.u8(0);
}

} // namespace lyceum::rtp
