// SPDX-License-Identifier: Apache-2.0
#include "rtp/rtcp.hpp"

#include <algorithm>

namespace lyceum::rtp {
namespace {

enum PacketType : std::uint8_t { sr = 200, rr = 201, sdes = 202, bye = 203 };

void read_reports(ByteReader& in, unsigned count, Rtcp& out) {
    for (unsigned i = 0; i < count; ++i) {
        ReportBlock block;
        block.ssrc = in.u32();
        block.fraction_lost = in.u8();
        const auto lost = in.u24();
        block.cumulative_lost = static_cast<std::int32_t>(lost << 8) >> 8;
        block.highest_sequence = in.u32();
        block.jitter = in.u32();
        block.last_sr = in.u32();
        block.delay_since_last_sr = in.u32();
        if (in.ok()) out.reports.push_back(block);
    }
}

/// The first chunk's CNAME is enough: a compound speaks for one source (§6.5).
void read_sdes(ByteReader in, Rtcp& out) {
    in.u32();
    while (in.ok() && in.left() >= 2) {
        const auto type = in.u8();
        if (type == 0) return;
        const auto text = in.take(in.u8());
        if (type == 1 && in.ok()) out.cname.assign(text.begin(), text.end());
    }
}

void write_length(Bytes& out, std::size_t start) {
    const auto words = (out.size() - start) / 4 - 1;
    out[start + 2] = static_cast<std::uint8_t>(words >> 8);
    out[start + 3] = static_cast<std::uint8_t>(words);
}

} // namespace

Result<Rtcp, Fault> parse_rtcp(ByteView datagram) {
    Rtcp out;
    ByteReader in(datagram);
    bool first = true;
    while (in.left() > 0) {
        const auto offset = datagram.size() - in.left();
        const auto flags = in.u8();
        const auto type = in.u8();
        const auto length = 4u * in.u16();
        ByteReader packet(in.take(length));
        if (!in.ok()) return Fault{"truncated RTCP", offset};
        if (flags >> 6 != 2) return Fault{"not RTCP version 2", offset};
        if (first && type != sr && type != rr) return Fault{"compound starts without report", 0};
        const unsigned count = flags & 0x1f;
        if (type == sr || type == rr) {
            const auto ssrc = packet.u32();
            if (first) out.ssrc = ssrc;
            if (type == sr) {
                SenderInfo sender;
                sender.ntp = packet.u64();
                sender.rtp_timestamp = packet.u32();
                sender.packets = packet.u32();
                sender.octets = packet.u32();
                if (first) out.sender = sender;
            }
            read_reports(packet, count, out);
            if (!packet.ok()) return Fault{"truncated report", offset};
        } else if (type == sdes && count > 0) {
            read_sdes(packet, out);
        } else if (type == bye) {
            for (unsigned i = 0; i < count; ++i) out.bye.push_back(packet.u32());
            if (!packet.ok()) return Fault{"truncated BYE", offset};
        }
        first = false;
    }
    if (first) return Fault{"empty RTCP", 0};
    return out;
}

Bytes write_rtcp(const Rtcp& rtcp) {
    Bytes out;
    ByteWriter writer(out);
    const auto count = std::min<std::size_t>(rtcp.reports.size(), 31);
    writer.u8(static_cast<std::uint8_t>(0x80 | count));
    writer.u8(rtcp.sender ? sr : rr);
    writer.u16(0);
    writer.u32(rtcp.ssrc);
    if (rtcp.sender) {
        writer.u64(rtcp.sender->ntp);
        writer.u32(rtcp.sender->rtp_timestamp);
        writer.u32(rtcp.sender->packets);
        writer.u32(rtcp.sender->octets);
    }
    for (std::size_t i = 0; i < count; ++i) {
        const auto& block = rtcp.reports[i];
        writer.u32(block.ssrc);
        writer.u8(block.fraction_lost);
        writer.u24(static_cast<std::uint32_t>(block.cumulative_lost) & 0xffffff);
        writer.u32(block.highest_sequence);
        writer.u32(block.jitter);
        writer.u32(block.last_sr);
        writer.u32(block.delay_since_last_sr);
    }
    write_length(out, 0);
    const auto cname_bytes = std::min<std::size_t>(rtcp.cname.size(), 255);
    const auto start = out.size();
    writer.u8(0x81);
    writer.u8(sdes);
    writer.u16(0);
    writer.u32(rtcp.ssrc);
    writer.u8(1);
    writer.u8(static_cast<std::uint8_t>(cname_bytes));
    for (std::size_t i = 0; i < cname_bytes; ++i)
        writer.u8(static_cast<std::uint8_t>(rtcp.cname[i]));
    do writer.u8(0); // At least one octet ends the chunk, more fill the word.
    while (out.size() % 4 != 0);
    write_length(out, start);
    if (!rtcp.bye.empty()) {
        const auto at = out.size();
        writer.u8(static_cast<std::uint8_t>(0x80 | std::min<std::size_t>(rtcp.bye.size(), 31)));
        writer.u8(bye);
        writer.u16(0);
        for (const auto ssrc : rtcp.bye) writer.u32(ssrc);
        write_length(out, at);
    }
    return out;
}

std::uint64_t ntp_time(WallTime time) {
    constexpr std::uint64_t from_1900_to_1970 = 2'208'988'800;
    const auto micros = static_cast<std::uint64_t>(time.time_since_epoch().count());
    const auto seconds = micros / 1'000'000 + from_1900_to_1970;
    return seconds << 32 | ((micros % 1'000'000) << 32) / 1'000'000;
}

std::optional<Duration> round_trip(const ReportBlock& report, std::uint64_t arrival_ntp) {
    if (report.last_sr == 0) return std::nullopt;
    const auto arrival = static_cast<std::uint32_t>(arrival_ntp >> 16);
    const auto units = arrival - report.last_sr - report.delay_since_last_sr;
    if (units > 60u << 16) return std::nullopt; // A clock was moved, or the report is made up.
    return Duration(static_cast<std::int64_t>(units) * 1'000'000 / 65536);
}

} // namespace lyceum::rtp
