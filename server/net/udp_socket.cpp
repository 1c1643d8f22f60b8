// SPDX-License-Identifier: Apache-2.0
#include "server/net/udp_socket.hpp"

#include "server/net/clock.hpp"

#include <boost/asio/ip/v6_only.hpp>

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace lyceum::net {
namespace {

using boost::asio::ip::udp;

/// Whether this kernel speaks IPv6 at all.
bool has_v6(boost::asio::io_context& io) {
    udp::socket probe(io);
    boost::system::error_code error;
    probe.open(udp::v6(), error);
    if (error) return false;
    probe.bind({boost::asio::ip::address_v6::any(), 0}, error);
    return !error;
}

} // namespace

UdpSocket::UdpSocket(boost::asio::io_context& io, const SocketAddress& bind, Receive receive,
                     BatchEnd batch_end)
    : socket_(io), receive_(std::move(receive)), batch_end_(std::move(batch_end)),
      buffers_(batch, std::string(datagram_bytes_max, '\0')) {
    dual_stack_ = bind.ip.is_unspecified() && has_v6(io);
    const bool v6 = dual_stack_ || bind.ip.is_v6();
    socket_.open(v6 ? udp::v6() : udp::v4());
    if (v6) socket_.set_option(boost::asio::ip::v6_only(!dual_stack_));
    socket_.set_option(boost::asio::socket_base::receive_buffer_size(4 << 20));
    socket_.set_option(boost::asio::socket_base::send_buffer_size(4 << 20));
    const auto address = dual_stack_ ? boost::asio::ip::make_address("::")
                                     : boost::asio::ip::make_address(bind.ip.to_string());
    boost::system::error_code error;
    socket_.bind({address, bind.port}, error);
    if (error)
        throw std::runtime_error("SIP over UDP, port " + std::to_string(bind.port) + ": " +
                                 error.message());
    socket_.non_blocking(true);
    port_ = socket_.local_endpoint().port();
}

void UdpSocket::start() { wait(); }

void UdpSocket::close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
}

void UdpSocket::wait() {
    socket_.async_wait(udp::socket::wait_read, [this](boost::system::error_code error) {
        if (error) return;
        read_batch();
        wait();
    });
}

void UdpSocket::read_batch() {
    std::array<mmsghdr, batch> headers{};
    std::array<iovec, batch> vectors{};
    std::array<sockaddr_storage, batch> names{};
    for (std::size_t i = 0; i < batch; ++i) {
        vectors[i] = {buffers_[i].data(), buffers_[i].size()};
        headers[i].msg_hdr.msg_iov = &vectors[i];
        headers[i].msg_hdr.msg_iovlen = 1;
        headers[i].msg_hdr.msg_name = &names[i];
        headers[i].msg_hdr.msg_namelen = sizeof names[i];
    }
    const int count =
        recvmmsg(socket_.native_handle(), headers.data(), batch, MSG_DONTWAIT, nullptr);
    for (int i = 0; i < count; ++i)
        receive_({buffers_[i].data(), headers[i].msg_len}, read_sockaddr(names[i]));
    more_waits_ = count == static_cast<int>(batch);
    if (count > 0) batch_end_();
}

double UdpSocket::backlog() {
    if (!more_waits_) return 0;
    std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
    socklen_t size = sizeof memory;
    if (::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_MEMINFO, memory.data(), &size) != 0)
        return 0;
    return double(memory[SK_MEMINFO_RMEM_ALLOC]) / std::max(1u, memory[SK_MEMINFO_RCVBUF]);
}

void UdpSocket::send(const SocketAddress& to, std::string datagram) {
    if (queue_.size() < queued_max) queue_.emplace_back(to, std::move(datagram));
}

void UdpSocket::flush() {
    for (std::size_t at = 0; at < queue_.size();) {
        const auto size = std::min(batch, queue_.size() - at);
        std::array<mmsghdr, batch> headers{};
        std::array<iovec, batch> vectors{};
        std::array<sockaddr_storage, batch> names{};
        for (std::size_t i = 0; i < size; ++i) {
            auto& [to, datagram] = queue_[at + i];
            vectors[i] = {datagram.data(), datagram.size()};
            headers[i].msg_hdr.msg_iov = &vectors[i];
            headers[i].msg_hdr.msg_iovlen = 1;
            headers[i].msg_hdr.msg_name = &names[i];
            headers[i].msg_hdr.msg_namelen = write_sockaddr(to, dual_stack_, names[i]);
        }
        const int sent = sendmmsg(socket_.native_handle(), headers.data(),
                                  static_cast<unsigned>(size), MSG_DONTWAIT);
        // A datagram that the kernel refuses is skipped: retransmission is SIP's answer to loss.
        at += sent > 0 ? static_cast<std::size_t>(sent) : 1;
    }
    queue_.clear();
}

} // namespace lyceum::net
