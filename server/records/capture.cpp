// SPDX-License-Identifier: Apache-2.0
#include "server/records/capture.hpp"

#include <algorithm>

namespace lyceum::records {
namespace {

constexpr std::uint8_t protocol_udp = 17, protocol_tcp = 6;
constexpr std::size_t udp_header_bytes = 8, text_bytes_max = 65'000;

ByteView octets_of(std::string_view text) {
    text = text.substr(0, text_bytes_max);
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

ByteView octets_of(const IpAddress& ip) {
    return ByteView(ip.v6_octets()).first(ip.is_v6() ? 16 : 4);
}

std::pair<std::uint32_t, std::uint32_t> seconds_and_micros(WallTime at) {
    const auto micros = at.time_since_epoch().count();
    return {static_cast<std::uint32_t>(micros / 1'000'000),
            static_cast<std::uint32_t>(micros % 1'000'000)};
}

/// RFC 1071.
std::uint16_t checksum(ByteView bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        sum += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : bytes[i];
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

/// Header and payload, with the checksum over the addresses, which IPv6 insists on.
Bytes udp_datagram(const Captured& message) {
    const auto payload = octets_of(message.text);
    const auto length = static_cast<std::uint16_t>(udp_header_bytes + payload.size());
    const auto write = [&](ByteWriter& out, std::uint16_t sum) {
        out.u16(message.from.port);
        out.u16(message.to.port);
        out.u16(length);
        out.u16(sum);
        out.bytes(payload);
    };
    Bytes summed;
    ByteWriter pseudo(summed);
    pseudo.bytes(octets_of(message.from.ip));
    pseudo.bytes(octets_of(message.to.ip));
    pseudo.u32(length);
    pseudo.u32(protocol_udp);
    write(pseudo, 0);
    const auto sum = checksum(summed);
    Bytes out;
    ByteWriter writer(out);
    write(writer, sum == 0 ? 0xffff : sum);
    return out;
}

Bytes ip_packet(const Captured& message) {
    const auto datagram = udp_datagram(message);
    Bytes out;
    ByteWriter writer(out);
    if (message.from.ip.is_v6()) {
        writer.u32(0x6000'0000);
        writer.u16(static_cast<std::uint16_t>(datagram.size()));
        writer.u8(protocol_udp);
        writer.u8(64); // Hops.
    } else {
        writer.u16(0x4500);
        writer.u16(static_cast<std::uint16_t>(20 + datagram.size()));
        writer.u32(0x0000'4000); // Not to be fragmented.
        writer.u8(64);
        writer.u8(protocol_udp);
        writer.u16(0);
    }
    writer.bytes(octets_of(message.from.ip));
    writer.bytes(octets_of(message.to.ip));
    if (!message.from.ip.is_v6()) {
        const auto sum = checksum(out);
        out[10] = static_cast<std::uint8_t>(sum >> 8);
        out[11] = static_cast<std::uint8_t>(sum);
    }
    writer.bytes(datagram);
    return out;
}

} // namespace

Captured captured(const MessageTrace::Seen& seen) {
    const auto &from = seen.received ? seen.peer.address : seen.own,
               &to = seen.received ? seen.own : seen.peer.address;
    return {seen.at, seen.peer.transport, from, to, seen.text};
}

Bytes pcap_of(std::span<const Captured> messages) {
    constexpr std::uint32_t magic = 0xa1b2c3d4, raw_ip = 101; // LINKTYPE_RAW.
    Bytes out;
    ByteWriter writer(out);
    writer.u32(magic);
    writer.u16(2);
    writer.u16(4);
    writer.u64(0); // Times are in UTC, and exact.
    writer.u32(0x40000);
    writer.u32(raw_ip);
    for (const auto& message : messages) {
        const auto packet = ip_packet(message);
        const auto [seconds, micros] = seconds_and_micros(message.at);
        writer.u32(seconds);
        writer.u32(micros);
        writer.u32(static_cast<std::uint32_t>(packet.size()));
        writer.u32(static_cast<std::uint32_t>(packet.size()));
        writer.bytes(packet);
    }
    return out;
}

Bytes hep_of(const Captured& message, std::uint32_t agent, std::string_view correlation) {
    constexpr std::uint8_t family_v4 = 2, family_v6 = 10, sip = 1;
    Bytes out{'H', 'E', 'P', '3', 0, 0};
    ByteWriter writer(out);
    const auto chunk = [&](std::uint16_t type, ByteView value) {
        writer.u16(0); // Of no vendor.
        writer.u16(type);
        writer.u16(static_cast<std::uint16_t>(6 + value.size()));
        writer.bytes(value);
    };
    const auto number = [&](std::uint16_t type, std::uint64_t value, std::size_t width) {
        Bytes octets;
        ByteWriter(octets).u64(value);
        chunk(type, ByteView(octets).last(width));
    };
    const bool v6 = message.from.ip.is_v6();
    const auto [seconds, micros] = seconds_and_micros(message.at);
    number(0x01, v6 ? family_v6 : family_v4, 1);
    number(0x02, message.transport == sip::Transport::udp ? protocol_udp : protocol_tcp, 1);
    chunk(v6 ? 0x05 : 0x03, octets_of(message.from.ip));
    chunk(v6 ? 0x06 : 0x04, octets_of(message.to.ip));
    number(0x07, message.from.port, 2);
    number(0x08, message.to.port, 2);
    number(0x09, seconds, 4);
    number(0x0a, micros, 4);
    number(0x0b, sip, 1);
    number(0x0c, agent, 4);
    if (!correlation.empty()) chunk(0x11, octets_of(correlation.substr(0, 256)));
    chunk(0x0f, octets_of(message.text));
    out[4] = static_cast<std::uint8_t>(out.size() >> 8);
    out[5] = static_cast<std::uint8_t>(out.size());
    return out;
}

} // namespace lyceum::records
