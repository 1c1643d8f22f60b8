// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <string_view>

namespace lyceum::net {

/// Listens for TCP; the unspecified address means IPv6 and IPv4 where both are there. Throws
/// std::runtime_error that names what it was for, and the port.
boost::asio::ip::tcp::acceptor listen(boost::asio::io_context& io, const SocketAddress& address,
                                      std::string_view what);

SocketAddress address_of(const boost::asio::ip::tcp::endpoint& endpoint);
boost::asio::ip::tcp::endpoint endpoint_of(const SocketAddress& address);

} // namespace lyceum::net
