// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"
#include "base/time.hpp"

#include <chrono>

struct sockaddr_storage;

namespace lyceum::net {

/// The one place where the program reads a clock.
TimePoint monotonic_now();
WallTime wall_now();

/// A deadline as Asio's steady timer wants it.
std::chrono::steady_clock::time_point steady(TimePoint time);

/// Between our addresses and the socket interface's. With `dual_stack`, an IPv4 address is written
/// as a mapped IPv6 one.
unsigned write_sockaddr(const SocketAddress& address, bool dual_stack, sockaddr_storage& out);
SocketAddress read_sockaddr(const sockaddr_storage& in);

} // namespace lyceum::net
