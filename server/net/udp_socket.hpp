// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"
#include "server/net/datagram_bursts.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::net {

/// The UDP socket of SIP: reads and writes many datagrams by one system call, and has those that go
/// to one address travel through the kernel together where it can.
class UdpSocket {
public:
    static constexpr std::size_t batch = 64;
    static constexpr std::size_t datagram_bytes_max = 65535;
    static constexpr std::size_t queued_max = 4096;

    using Receive = std::function<void(std::string_view datagram, const SocketAddress& from)>;
    using BatchEnd = std::function<void()>;

    /// Binds at once; throws std::runtime_error that names the port. An unspecified address takes
    /// IPv4 and IPv6.
    UdpSocket(boost::asio::io_context& io, const SocketAddress& bind, Receive receive,
              BatchEnd batch_end);

    void start();
    void close();
    /// Queues; `flush` sends. Over the limit, or refused by the kernel, a datagram is lost like
    /// any.
    void send(const SocketAddress& to, std::string datagram);
    void flush();

    /// How full the kernel's queue is of what came and is not read yet, 0 to 1.
    [[nodiscard]] double backlog();
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    void wait();
    void read_batch();
    void send_alone(const BurstPlan& plan, const Burst& burst);

    boost::asio::ip::udp::socket socket_;
    Receive receive_;
    BatchEnd batch_end_;
    bool dual_stack_ = false;
    bool more_waits_ = false; ///< The last batch was full.
    std::uint16_t port_ = 0;
    std::vector<std::string> buffers_;
    std::size_t together_ = 1; ///< More where the kernel knows UDP_SEGMENT.
    std::vector<Datagram> queue_;
};

} // namespace lyceum::net
