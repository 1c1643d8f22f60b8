// SPDX-License-Identifier: Apache-2.0
#include "server/net/clock.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace lyceum::net {

TimePoint monotonic_now() {
    return TimePoint(
        std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

WallTime wall_now() {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
}

std::chrono::steady_clock::time_point steady(TimePoint time) {
    return std::chrono::steady_clock::time_point(time.time_since_epoch());
}

unsigned write_sockaddr(const SocketAddress& address, bool dual_stack, sockaddr_storage& out) {
    std::memset(&out, 0, sizeof out);
    if (!address.ip.is_v6() && !dual_stack) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(address.port);
        v4.sin_addr.s_addr = htonl(address.ip.v4_value());
        std::memcpy(&out, &v4, sizeof v4);
        return sizeof v4;
    }
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    if (address.ip.is_v6()) {
        std::memcpy(&v6.sin6_addr, address.ip.v6_octets().data(), 16);
    } else if (!address.ip.is_unspecified()) {
        v6.sin6_addr.s6_addr[10] = v6.sin6_addr.s6_addr[11] = 0xff;
        std::memcpy(v6.sin6_addr.s6_addr + 12, address.ip.v6_octets().data(), 4);
    }
    std::memcpy(&out, &v6, sizeof v6);
    return sizeof v6;
}

SocketAddress read_sockaddr(const sockaddr_storage& in) {
    if (in.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &in, sizeof v4);
        return {IpAddress::v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
    }
    sockaddr_in6 v6{};
    std::memcpy(&v6, &in, sizeof v6);
    std::array<std::uint8_t, 16> octets{};
    std::memcpy(octets.data(), &v6.sin6_addr, 16);
    return {IpAddress::v6(octets), ntohs(v6.sin6_port)};
}

} // namespace lyceum::net
