// SPDX-License-Identifier: Apache-2.0
#include "server/net/listen.hpp"

#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

namespace lyceum::net {

using boost::asio::ip::tcp;
using boost::asio::ip::udp;

namespace {

constexpr auto pause = std::chrono::milliseconds(100);

tcp::acceptor listen(boost::asio::io_context& io, const SocketAddress& wanted,
                     std::string_view what) {
    tcp::acceptor acceptor(io);
    auto address = boost::asio::ip::make_address(wanted.ip.to_string());
    boost::system::error_code error;
    if (wanted.ip.is_unspecified()) {
        acceptor.open(tcp::v6(), error);
        if (!error) address = boost::asio::ip::address_v6::any();
    }
    if (!acceptor.is_open()) acceptor.open(address.is_v6() ? tcp::v6() : tcp::v4());
    if (address.is_v6()) acceptor.set_option(boost::asio::ip::v6_only(!address.is_unspecified()));
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind({address, wanted.port}, error);
    if (!error) acceptor.listen(1024, error);
    if (error)
        throw std::runtime_error(std::string(what) + ", port " + std::to_string(wanted.port) +
                                 ": " + error.message());
    return acceptor;
}

} // namespace

std::uint16_t free_port(boost::asio::io_context& io, const IpAddress& bind) {
    static constexpr int tries = 100;
    for (int i = 0; i < tries; ++i) {
        const auto taken = listen(io, {bind, 0}, "a port for SIP").local_endpoint();
        boost::asio::ip::udp::socket probe(io);
        boost::system::error_code error;
        probe.open(taken.address().is_v6() ? udp::v6() : udp::v4());
        probe.bind({taken.address(), taken.port()}, error);
        if (!error) return taken.port();
    }
    return 0; // As good as any other: whoever binds it says what is wrong.
}

Listener::Listener(boost::asio::io_context& io, const SocketAddress& address, std::string_view what)
    : acceptor_(listen(io, address, what)), pause_(io) {}

void Listener::start(Taken taken) {
    taken_ = std::move(taken);
    accept();
}

void Listener::accept() {
    acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
        if (error == boost::asio::error::operation_aborted) return;
        if (!error) {
            taken_(std::move(socket));
            return accept();
        }
        pause_.expires_after(pause);
        pause_.async_wait([this](boost::system::error_code stopped) {
            if (!stopped) accept();
        });
    });
}

void Listener::close() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
}

SocketAddress address_of(const tcp::endpoint& endpoint) {
    const auto ip = endpoint.address();
    if (ip.is_v4()) return {IpAddress::v4(ip.to_v4().to_uint()), endpoint.port()};
    return {IpAddress::v6(ip.to_v6().to_bytes()), endpoint.port()};
}

tcp::endpoint endpoint_of(const SocketAddress& address) {
    return {boost::asio::ip::make_address(address.ip.to_string()), address.port};
}

} // namespace lyceum::net
