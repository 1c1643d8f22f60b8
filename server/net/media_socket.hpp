// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/time.hpp"

#include <functional>
#include <optional>
#include <span>
#include <utility>

namespace lyceum::net {

/// One bound UDP socket of a leg's media. Read without waiting, many datagrams by one call, each
/// with the time at which the kernel got it: so the mixer may look only once a tick and still see
/// the jitter.
class MediaSocket {
public:
    MediaSocket() = default;
    ~MediaSocket();
    MediaSocket(MediaSocket&& other) noexcept;
    MediaSocket& operator=(MediaSocket&& other) noexcept;

    static std::optional<MediaSocket> bind(const SocketAddress& local);

    using Receive = std::function<void(ByteView, const SocketAddress& from, TimePoint arrived)>;
    /// At most `batch` datagrams; returns how many. `wall_offset` is wall clock less monotonic
    /// clock.
    std::size_t receive(Duration wall_offset, TimePoint now, const Receive& receive);
    static constexpr std::size_t batch = 16;

    /// Header and payload leave as one datagram without being joined in memory.
    bool send(const SocketAddress& to, ByteView header, ByteView payload);

private:
    struct Batch;
    explicit MediaSocket(int descriptor) : descriptor_(descriptor) {}

    int descriptor_ = -1;
};

} // namespace lyceum::net
