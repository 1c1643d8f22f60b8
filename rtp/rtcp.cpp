// SPDX-License-Identifier: Apache-2.0
#include "rtp/rtcp.hpp"

#include <algorithm>

namespace lyceum::rtp {
namespace {

enum PacketType : std::uint8_t { sr = 200, rr = 201, sdes = 202, bye = 203, xr = 207 };

// RFC 3611 §4.7.
constexpr std::uint8_t voip_block = 7, unavailable = 127;
constexpr std::uint16_t voip_block_words = 8;

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

/// The first VoIP metrics block; blocks of other types are skipped (§3).
void read_extended(ByteReader in, Rtcp& out) {
    in.u32(); // Who says it.
    while (in.left() >= 4) {
        const auto type = in.u8();
        in.u8();
        const auto words = in.u16();
        ByteReader block(in.take(std::size_t{4} * words));
        if (!in.ok() || type != voip_block || words != voip_block_words) continue;
        VoipMetrics voip;
        voip.ssrc = block.u32();
        for (auto* share : {&voip.loss, &voip.discard, &voip.burst_density, &voip.gap_density})
            *share = block.u8();
        for (auto* time : {&voip.burst_ms, &voip.gap_ms, &voip.round_trip_ms, &voip.end_system_ms})
            *time = block.u16();
        voip.signal_level_dbm0 = static_cast<std::int8_t>(block.u8());
        block.take(3); // Noise level, echo return loss, Gmin.
        voip.r_factor = block.u8();
        block.u8(); // Of another part of the way.
        voip.mos_tenths = block.u8();
        block.take(3); // The same for conversation; configuration; reserved.
        voip.playout_ms = block.u16();
        out.voip = voip;
        return;
    }
}

void write_extended(ByteWriter& writer, std::uint32_t from, const VoipMetrics& voip) {
    writer.u8(0x80);
    writer.u8(xr);
    writer.u16(1 + 1 + voip_block_words);
    writer.u32(from);
    writer.u8(voip_block);
    writer.u8(0);
    writer.u16(voip_block_words);
    writer.u32(voip.ssrc);
    for (const auto share : {voip.loss, voip.discard, voip.burst_density, voip.gap_density})
        writer.u8(share);
    for (const auto time : {voip.burst_ms, voip.gap_ms, voip.round_trip_ms, voip.end_system_ms})
        writer.u16(time);
    writer.u8(static_cast<std::uint8_t>(voip.signal_level_dbm0));
    writer.u8(unavailable); // Noise level.
    writer.u8(unavailable); // Echo return loss.
    writer.u8(BurstMeter::gap_min);
    writer.u8(voip.r_factor);
    writer.u8(unavailable); // R factor of another part of the way.
    writer.u8(voip.mos_tenths);
    writer.u8(voip.mos_tenths);
    writer.u8(0xb0); // Standard concealment, adaptive jitter buffer.
    writer.u8(0);
    writer.u16(voip.playout_ms);
    writer.u16(voip.playout_ms);
    writer.u16(400); // The most that it ever becomes.
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
        } else if (type == xr) {
            read_extended(packet, out);
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
    if (rtcp.voip) write_extended(writer, rtcp.ssrc, *rtcp.voip);
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

VoipMetrics voip_metrics(std::uint32_t ssrc, const Quality& quality) {
    const auto share = [](double part) {
        return static_cast<std::uint8_t>(std::clamp(part * 256, 0.0, 255.0));
    };
    const auto ms = [](Duration time) {
        return static_cast<std::uint16_t>(std::clamp<std::int64_t>(time / 1ms, 0, 0xffff));
    };
    VoipMetrics out;
    out.ssrc = ssrc;
    out.loss = share(quality.loss);
    out.discard = share(quality.discard);
    out.burst_density = share(quality.burst_density);
    out.gap_density = share(quality.gap_density);
    out.burst_ms = ms(quality.burst);
    out.gap_ms = ms(quality.gap);
    out.round_trip_ms = ms(quality.round_trip.value_or(Duration{}));
    out.end_system_ms = ms(quality.playout_delay + 20ms); // And a packet's sound.
    // Full scale of a sine is 3 dBm0 (ITU-T G.711 §4).
    if (quality.level_db > -127)
        out.signal_level_dbm0 = static_cast<std::int8_t>(quality.level_db + 6);
    out.r_factor = static_cast<std::uint8_t>(quality.r_factor);
    out.mos_tenths = static_cast<std::uint8_t>(quality.mos * 10);
    out.playout_ms = ms(quality.playout_delay);
    return out;
}

std::uint64_t ntp_time(WallTime time) {
    constexpr std::uint64_t from_1900_to_1970 = 2'208'988'800;
    const auto micros = static_cast<std::uint64_t>(time.time_since_epoch().count());
    const auto seconds = micros / 1'000'000 + from_1900_to_1970;
    return seconds << 32 | ((micros % 1'000'000) << 32) / 1'000'000;
}

std::uint64_t ntp_later(std::uint64_t ntp, Duration by) {
    const auto micros = static_cast<std::uint64_t>(by.count());
    return ntp + (micros / 1'000'000 << 32) + ((micros % 1'000'000) << 32) / 1'000'000;
}

std::optional<Duration> round_trip(const ReportBlock& report, std::uint64_t arrival_ntp) {
    if (report.last_sr == 0) return std::nullopt;
    const auto arrival = static_cast<std::uint32_t>(arrival_ntp >> 16);
    const auto units = arrival - report.last_sr - report.delay_since_last_sr;
    if (units > 60u << 16) return std::nullopt; // A clock was moved, or the report is made up.
    return Duration(static_cast<std::int64_t>(units) * 1'000'000 / 65536);
}

} // namespace lyceum::rtp
