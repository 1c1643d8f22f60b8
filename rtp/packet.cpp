// SPDX-License-Identifier: Apache-2.0
#include "rtp/packet.hpp"

namespace lyceum::rtp {

Result<PacketView, Fault> parse_packet(ByteView datagram) {
    if (datagram.size() > packet_bytes_max) return Fault{"too long", 0};
    ByteReader in(datagram);
    const auto first = in.u8(), second = in.u8();
    PacketView out;
    out.header.marker = second & 0x80;
    out.header.payload_type = second & 0x7f;
    out.header.sequence = in.u16();
    out.header.timestamp = in.u32();
    out.header.ssrc = in.u32();
    if (!in.ok()) return Fault{"truncated header", 0};
    if (first >> 6 != 2) return Fault{"not RTP version 2", 0};
    in.take(std::size_t{4} * (first & 0x0f)); // CSRCs
    if (first & 0x10) {
        out.extension_form = in.u16(); // §5.3.1.
        out.extension = in.take(std::size_t{4} * in.u16());
    }
    if (!in.ok()) return Fault{"truncated header", header_bytes};
    out.payload = in.rest();
    if (first & 0x20) {
        const std::size_t padding = out.payload.empty() ? 0 : out.payload.back();
        if (padding == 0 || padding > out.payload.size()) return Fault{"bad padding", header_bytes};
        out.payload = out.payload.first(out.payload.size() - padding);
    }
    return out;
}

void write_packet(Bytes& out, const Header& header, ByteView payload) {
    ByteWriter writer(out);
    writer.u8(0x80);
    writer.u8(static_cast<std::uint8_t>((header.marker ? 0x80 : 0) | (header.payload_type & 0x7f)));
    writer.u16(header.sequence);
    writer.u32(header.timestamp);
    writer.u32(header.ssrc);
    writer.bytes(payload);
}

bool is_rtcp(ByteView datagram) {
    return datagram.size() >= 2 && datagram[1] >= 192 && datagram[1] <= 223;
}

} // namespace lyceum::rtp
