// SPDX-License-Identifier: Apache-2.0
#include "server/net/media_socket.hpp"

#include "server/net/clock.hpp"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace lyceum::net {
namespace {

constexpr std::size_t datagram_bytes_max = 2048; // Longer ones are cut, and refused as malformed.

/// The arrival that the kernel noted, on our clock; never later than now.
TimePoint arrival(const msghdr& header, Duration wall_offset, TimePoint now) {
    for (auto* part = CMSG_FIRSTHDR(&header); part;
         part = CMSG_NXTHDR(const_cast<msghdr*>(&header), part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
        timespec stamp{};
        std::memcpy(&stamp, CMSG_DATA(part), sizeof stamp);
        const auto wall = Duration(std::int64_t{stamp.tv_sec} * 1'000'000 + stamp.tv_nsec / 1000);
        const auto time = TimePoint(wall - wall_offset);
        // A wall clock that was set in between would be off by more than a tick or two.
        if (time <= now && now - time < 200ms) return time;
    }
    return now;
}

} // namespace

MediaSocket::~MediaSocket() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

MediaSocket::MediaSocket(MediaSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

MediaSocket& MediaSocket::operator=(MediaSocket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

std::optional<MediaSocket> MediaSocket::bind(const SocketAddress& local) {
    const int family = local.ip.is_v6() ? AF_INET6 : AF_INET;
    MediaSocket out(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (out.descriptor_ < 0) return std::nullopt;
    // What a few late ticks of a port full of legs leave behind; the kernel may give less.
    const int on = 1, expedited = IPTOS_DSCP_EF, room = 1 << 20; // RFC 4594: voice.
    ::setsockopt(out.descriptor_, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    ::setsockopt(out.descriptor_, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    ::setsockopt(out.descriptor_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    if (local.ip.is_v6())
        ::setsockopt(out.descriptor_, IPPROTO_IPV6, IPV6_TCLASS, &expedited, sizeof expedited);
    else ::setsockopt(out.descriptor_, IPPROTO_IP, IP_TOS, &expedited, sizeof expedited);
    sockaddr_storage name{};
    const auto size = write_sockaddr(local, false, name);
    if (::bind(out.descriptor_, reinterpret_cast<sockaddr*>(&name), size) != 0) return std::nullopt;
    return out;
}

/// Room for what one call reads. One a thread: it is read out before the next call. The headers
/// are laid out once; the kernel changes only those that it fills.
struct MediaSocket::Batch {
    Batch() {
        for (std::size_t i = 0; i < batch; ++i) reset(i);
    }
    void reset(std::size_t i) {
        vectors[i] = {buffers[i].data(), buffers[i].size()};
        auto& header = headers[i].msg_hdr;
        header.msg_iov = &vectors[i];
        header.msg_iovlen = 1;
        header.msg_name = &names[i];
        header.msg_namelen = sizeof names[i];
        header.msg_control = control[i].data();
        header.msg_controllen = control[i].size();
    }

    std::array<std::array<std::uint8_t, datagram_bytes_max>, batch> buffers;
    std::array<mmsghdr, batch> headers{};
    std::array<iovec, batch> vectors{};
    std::array<sockaddr_storage, batch> names{};
    struct alignas(cmsghdr) Control : std::array<char, 64> {};
    std::array<Control, batch> control{};
};

std::size_t MediaSocket::receive(Duration wall_offset, TimePoint now, const Receive& receive) {
    thread_local Batch room;
    const int count = ::recvmmsg(descriptor_, room.headers.data(), batch, MSG_DONTWAIT, nullptr);
    if (count <= 0) return 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        receive({room.buffers[i].data(), room.headers[i].msg_len}, read_sockaddr(room.names[i]),
                arrival(room.headers[i].msg_hdr, wall_offset, now));
        room.reset(i);
    }
    return static_cast<std::size_t>(count);
}

void MediaSocket::send(const SocketAddress& to, ByteView datagram) {
    sockaddr_storage name{};
    const auto size = write_sockaddr(to, false, name);
    ::sendto(descriptor_, datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&name), size);
}

/// Header and payload leave as one datagram without being joined in memory.
struct MediaSocket::SendBatch::Room {
    Room() {
        for (std::size_t i = 0; i < batch; ++i) {
            vectors[i][0] = {headers[i].data(), headers[i].size()};
            messages[i].msg_hdr.msg_iov = vectors[i].data();
            messages[i].msg_hdr.msg_iovlen = 2;
            messages[i].msg_hdr.msg_name = &names[i];
        }
    }

    std::array<mmsghdr, batch> messages{};
    std::array<std::array<iovec, 2>, batch> vectors{};
    std::array<rtp::HeaderBytes, batch> headers{};
    std::array<sockaddr_storage, batch> names{};
};

MediaSocket::SendBatch::SendBatch() : room_(std::make_unique<Room>()) {}
MediaSocket::SendBatch::~SendBatch() = default;

void MediaSocket::SendBatch::add(const MediaSocket& by, const SocketAddress& to,
                                 const rtp::HeaderBytes& header, ByteView payload) {
    if (count_ == batch || by.descriptor_ != descriptor_) flush();
    descriptor_ = by.descriptor_;
    room_->headers[count_] = header;
    room_->vectors[count_][1] = {const_cast<std::uint8_t*>(payload.data()), payload.size()};
    room_->messages[count_].msg_hdr.msg_namelen = write_sockaddr(to, false, room_->names[count_]);
    ++count_;
}

void MediaSocket::SendBatch::flush() {
    for (std::size_t done = 0; done < count_;) {
        const int sent =
            ::sendmmsg(descriptor_, &room_->messages[done], static_cast<unsigned>(count_ - done),
                       MSG_DONTWAIT | MSG_NOSIGNAL);
        done += sent > 0 ? static_cast<std::size_t>(sent) : 1; // One that fails is passed over.
    }
    count_ = 0;
}

} // namespace lyceum::net
