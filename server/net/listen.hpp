// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <string_view>

namespace lyceum::net {

/// Takes the TCP connections that come to a port; the unspecified address means IPv6 and IPv4 where
/// both are there. While there is no descriptor for another one it waits, and looks again now and
/// then: whoever knocks stays in the queue of the system.
class Listener {
public:
    using Taken = std::function<void(boost::asio::ip::tcp::socket)>;

    /// Throws std::runtime_error that names what it was for, and the port.
    Listener(boost::asio::io_context& io, const SocketAddress& address, std::string_view what);

    void start(Taken taken);
    void close();
    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

private:
    void accept();

    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer pause_;
    Taken taken_;
};

/// A port that is free for TCP and for UDP, now: the system chooses for one of them only.
std::uint16_t free_port(boost::asio::io_context& io, const IpAddress& bind);

SocketAddress address_of(const boost::asio::ip::tcp::endpoint& endpoint);
boost::asio::ip::tcp::endpoint endpoint_of(const SocketAddress& address);

} // namespace lyceum::net
