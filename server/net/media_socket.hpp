// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/time.hpp"
#include "rtp/packet.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace lyceum::net {

/// One bound UDP socket for the media of one leg or of several. Read without waiting, many
/// datagrams by one call, each with the time at which the kernel got it: so the mixer may look only
/// once a tick and still see the jitter.
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
    static constexpr std::size_t batch = 64;

    void send(const SocketAddress& to, ByteView datagram);

    /// For who waits until there is something to be received.
    [[nodiscard]] int descriptor() const { return descriptor_; }

    /// Many datagrams by one call, as long as they leave by the same socket one after the other.
    /// What the kernel does not take is lost, as on any other stretch of the way.
    class SendBatch {
    public:
        SendBatch();
        ~SendBatch();
        /// `payload` must stay where it is until the next `flush`; the header is copied.
        void add(const MediaSocket& by, const SocketAddress& to, const rtp::HeaderBytes& header,
                 ByteView payload);
        void flush();

    private:
        struct Room;
        std::unique_ptr<Room> room_;
        int descriptor_ = -1;
        std::size_t count_ = 0;
    };

private:
    struct Batch;
    explicit MediaSocket(int descriptor) : descriptor_(descriptor) {}

    int descriptor_ = -1;
};

} // namespace lyceum::net
