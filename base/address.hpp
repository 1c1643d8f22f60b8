// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace lyceum {

/// An IPv4 or IPv6 address as a value. An IPv4 address that came in an IPv6 socket (::ffff:a.b.c.d)
/// is stored as IPv4, so that one peer has one address.
class IpAddress {
public:
    constexpr IpAddress() = default;
    static std::optional<IpAddress> parse(std::string_view text);
    static IpAddress v4(std::uint32_t host_order);
    static IpAddress v6(const std::array<std::uint8_t, 16>& octets);

    [[nodiscard]] bool is_v6() const { return v6_; }
    [[nodiscard]] bool is_unspecified() const;
    [[nodiscard]] bool is_loopback() const;
    /// Of networks that are their owners' own (RFC 1918, RFC 4193, RFC 6598), of a link, or of this
    /// machine: the same address means somebody else elsewhere.
    [[nodiscard]] bool is_private() const;
    [[nodiscard]] std::uint32_t v4_value() const;
    [[nodiscard]] const std::array<std::uint8_t, 16>& v6_octets() const { return octets_; }
    /// Whom abuse is counted against: an IPv4 address, or the /64 of IPv6 that one customer has.
    [[nodiscard]] IpAddress network() const;
    /// "192.0.2.1" or "2001:db8::1"; no brackets.
    [[nodiscard]] std::string to_string() const;
    /// As a SIP host: IPv6 in brackets.
    [[nodiscard]] std::string to_host() const;

    auto operator<=>(const IpAddress&) const = default;

private:
    std::array<std::uint8_t, 16> octets_{}; ///< IPv4 in the first four.
    bool v6_ = false;
};

struct SocketAddress {
    IpAddress ip;
    std::uint16_t port = 0;

    /// As `to_string` writes it: "192.0.2.1:5060", "[2001:db8::1]:5060".
    static std::optional<SocketAddress> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const {
        return ip.to_host() + ":" + std::to_string(port);
    }
    auto operator<=>(const SocketAddress&) const = default;
};

} // namespace lyceum

template <>
struct std::hash<lyceum::IpAddress> {
    std::size_t operator()(const lyceum::IpAddress& ip) const noexcept {
        const auto& octets = ip.v6_octets(); // Of IPv4 too: the rest is zero.
        return std::hash<std::string_view>{}(
            {reinterpret_cast<const char*>(octets.data()), octets.size()});
    }
};
