// SPDX-License-Identifier: Apache-2.0
#include "server/proxy/route_token.hpp"

#include "base/base64.hpp"
#include "base/bytes.hpp"

namespace lyceum::proxy {
namespace {

constexpr std::size_t mark_octets = 8;
constexpr std::uint8_t nowhere = 0, v6_flag = 0x80, by_uri_flag = 0x40, transport_bits = 0x0f;

/// Kind (0, or the transport and one, with flags), port, address, flow.
Bytes pack(const std::optional<sip::Endpoint>& where, bool by_uri) {
    Bytes packed;
    ByteWriter out(packed);
    if (!where) {
        out.u8(nowhere);
        return packed;
    }
    const auto& ip = where->address.ip;
    const auto kind = static_cast<std::uint8_t>(static_cast<unsigned>(where->transport) + 1);
    out.u8(
        static_cast<std::uint8_t>(kind | (ip.is_v6() ? v6_flag : 0) | (by_uri ? by_uri_flag : 0)));
    out.u16(where->address.port);
    if (ip.is_v6()) out.bytes(ip.v6_octets());
    else out.u32(ip.v4_value());
    if (is_reliable(where->transport)) out.u64(where->flow.value);
    return packed;
}

std::optional<RouteToken> unpack(ByteView packed) {
    ByteReader in(packed);
    const auto kind = in.u8();
    if (kind == nowhere) return RouteToken{};
    sip::Endpoint where;
    where.transport = static_cast<sip::Transport>((kind & transport_bits) - 1);
    where.address.port = in.u16();
    if (kind & v6_flag) {
        std::array<std::uint8_t, 16> octets{};
        for (auto& octet : octets) octet = in.u8();
        where.address.ip = IpAddress::v6(octets);
    } else {
        where.address.ip = IpAddress::v4(in.u32());
    }
    if (is_reliable(where.transport)) where.flow = sip::FlowId{in.u64()};
    if (!in.ok()) return std::nullopt;
    return RouteToken{where, (kind & by_uri_flag) != 0};
}

std::string mark_of(ByteView packed, std::string_view call_id, const sip::KeyedHash& hash) {
    std::string text(call_id);
    text.append("\n").append(packed.begin(), packed.end());
    return hash(text).substr(0, mark_octets);
}

} // namespace

std::string RouteToken::seal(std::string_view call_id, const sip::KeyedHash& hash) const {
    const auto packed = pack(where, by_uri);
    const auto mark = mark_of(packed, call_id, hash);
    Bytes all(mark.begin(), mark.end());
    all.insert(all.end(), packed.begin(), packed.end());
    auto text = to_base64(all);
    while (text.ends_with('=')) text.pop_back(); // Every other digit may stand in a user part.
    return text;
}

std::optional<RouteToken> RouteToken::open(std::string_view text, std::string_view call_id,
                                           const sip::KeyedHash& hash) {
    static constexpr std::size_t digits_max = 64;
    if (text.size() > digits_max) return std::nullopt;
    const auto all = from_base64(text);
    if (!all || all->size() <= mark_octets) return std::nullopt;
    const ByteView packed = ByteView(*all).subspan(mark_octets);
    const std::string_view mark(reinterpret_cast<const char*>(all->data()), mark_octets);
    if (!sip::equal_in_constant_time(mark, mark_of(packed, call_id, hash))) return std::nullopt;
    return unpack(packed);
}

} // namespace lyceum::proxy
