// SPDX-License-Identifier: Apache-2.0
#include "base/address.hpp"

#include "base/text.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace lyceum {

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    if (text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
    const std::string terminated(text);
    IpAddress out;
    if (inet_pton(AF_INET, terminated.c_str(), out.octets_.data()) == 1) return out;
    std::array<std::uint8_t, 16> octets{};
    if (inet_pton(AF_INET6, terminated.c_str(), octets.data()) == 1) return v6(octets);
    return std::nullopt;
}

IpAddress IpAddress::v4(std::uint32_t host_order) {
    IpAddress out;
    for (std::size_t i = 0; i < 4; ++i)
        out.octets_[i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
    return out;
}

IpAddress IpAddress::v6(const std::array<std::uint8_t, 16>& octets) {
    IpAddress out;
    static constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (std::equal(mapped.begin(), mapped.end(), octets.begin())) {
        std::copy(octets.begin() + 12, octets.end(), out.octets_.begin());
        return out;
    }
    out.octets_ = octets;
    out.v6_ = true;
    return out;
}

bool IpAddress::is_unspecified() const {
    return std::all_of(octets_.begin(), octets_.end(), [](auto octet) { return octet == 0; });
}

bool IpAddress::is_loopback() const {
    if (!v6_) return octets_[0] == 127;
    return octets_[15] == 1 &&
           std::all_of(octets_.begin(), octets_.end() - 1, [](auto octet) { return octet == 0; });
}

bool IpAddress::is_private() const {
    const auto [a, b] = std::pair(octets_[0], octets_[1]);
    if (is_loopback()) return true;
    if (v6_) return (a & 0xfe) == 0xfc || (a == 0xfe && (b & 0xc0) == 0x80);
    return a == 10 || (a == 172 && (b & 0xf0) == 16) || (a == 192 && b == 168) ||
           (a == 100 && (b & 0xc0) == 64) || (a == 169 && b == 254);
}

std::uint32_t IpAddress::v4_value() const {
    return static_cast<std::uint32_t>(octets_[0]) << 24 |
           static_cast<std::uint32_t>(octets_[1]) << 16 |
           static_cast<std::uint32_t>(octets_[2]) << 8 | octets_[3];
}

IpAddress IpAddress::network() const {
    if (!v6_) return *this;
    auto octets = octets_;
    std::fill(octets.begin() + 8, octets.end(), std::uint8_t{0});
    return v6(octets);
}

std::string IpAddress::to_string() const {
    if (!v6_) { // Written into every message, so not by way of printf.
        std::string out;
        for (std::size_t i = 0; i < 4; ++i) {
            if (i > 0) out += '.';
            const unsigned octet = octets_[i];
            if (octet >= 100) out += static_cast<char>('0' + octet / 100);
            if (octet >= 10) out += static_cast<char>('0' + octet / 10 % 10);
            out += static_cast<char>('0' + octet % 10);
        }
        return out;
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(AF_INET6, octets_.data(), text.data(), text.size());
    return text.data();
}

std::string IpAddress::to_host() const { return v6_ ? "[" + to_string() + "]" : to_string(); }

std::optional<SocketAddress> SocketAddress::parse(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    auto host = text.substr(0, colon);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    const auto ip = IpAddress::parse(host);
    const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
    if (!ip || !port || ip->is_v6() != bracketed) return std::nullopt;
    return SocketAddress{*ip, *port};
}

} // namespace lyceum
