// SPDX-License-Identifier: Apache-2.0
#include "server/net/udp_socket.hpp"

#include "server/net/clock.hpp"

#include <boost/asio/ip/v6_only.hpp>

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
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

bool knows_segments(int socket) {
    int size = 0;
    socklen_t length = sizeof size;
    return ::getsockopt(socket, SOL_UDP, UDP_SEGMENT, &size, &length) == 0;
}

/// What one system call sends, laid out as the kernel wants it.
struct Outgoing {
    static constexpr std::size_t bursts_max = 64;
    union Control { ///< How long each datagram of a burst is.
        cmsghdr header;
        std::array<char, CMSG_SPACE(sizeof(std::uint16_t))> room;
    };
    std::array<mmsghdr, bursts_max> messages{};
    std::array<sockaddr_storage, bursts_max> names{};
    std::array<Control, bursts_max> controls{};
    std::vector<iovec> vectors;
};

void cut_after(msghdr& message, Outgoing::Control& control, std::size_t bytes) {
    message.msg_control = control.room.data();
    message.msg_controllen = control.room.size();
    auto* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
    const auto size = static_cast<std::uint16_t>(bytes);
    std::memcpy(CMSG_DATA(header), &size, sizeof size);
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
    if (knows_segments(socket_.native_handle())) together_ = Burst::datagrams_max;
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
    if (queue_.size() < queued_max) queue_.push_back({to, std::move(datagram)});
}

void UdpSocket::flush() {
    if (queue_.empty()) return;
    const BurstPlan plan(queue_, together_);
    const auto& bursts = plan.bursts();
    Outgoing out;
    out.vectors.reserve(queue_.size());
    for (std::size_t at = 0; at < bursts.size();) {
        const auto size = std::min(Outgoing::bursts_max, bursts.size() - at);
        out.vectors.clear();
        for (std::size_t i = 0; i < size; ++i) {
            const auto& burst = bursts[at + i];
            auto& message = out.messages[i].msg_hdr;
            message = {};
            message.msg_iov = out.vectors.data() + out.vectors.size();
            message.msg_iovlen = burst.count;
            message.msg_name = &out.names[i];
            message.msg_namelen = write_sockaddr(queue_[burst.first].to, dual_stack_, out.names[i]);
            for (auto each = burst.first, n = burst.count; n > 0; --n, each = plan.after(each))
                out.vectors.push_back({queue_[each].bytes.data(), queue_[each].bytes.size()});
            if (burst.count > 1)
                cut_after(message, out.controls[i], queue_[burst.first].bytes.size());
        }
        const int sent = sendmmsg(socket_.native_handle(), out.messages.data(),
                                  static_cast<unsigned>(size), MSG_DONTWAIT);
        at += sent > 0 ? static_cast<std::size_t>(sent) : 0;
        if (sent > 0) continue;
        send_alone(plan, bursts[at]);
        ++at;
    }
    queue_.clear();
}

/// The first of a batch was refused. Of a burst, the way there may be one whose devices cut
/// nothing. A datagram that the kernel refuses for itself is skipped: retransmission is SIP's
/// answer to loss.
void UdpSocket::send_alone(const BurstPlan& plan, const Burst& burst) {
    if (burst.count == 1) return;
    sockaddr_storage name{};
    const auto length = write_sockaddr(queue_[burst.first].to, dual_stack_, name);
    for (auto each = burst.first, n = burst.count; n > 0; --n, each = plan.after(each))
        ::sendto(socket_.native_handle(), queue_[each].bytes.data(), queue_[each].bytes.size(),
                 MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&name), length);
}

} // namespace lyceum::net
