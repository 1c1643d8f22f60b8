// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/log.hpp"
#include "server/b2bua/media_relays.hpp"
#include "server/net/handshakes.hpp"
#include "server/net/media_ports.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <map>
#include <memory>
#include <thread>

namespace lyceum::net {

/// The relays of calls whose two sides do not reach each other, on a thread of their own: it is
/// woken by each datagram and sends it on at once, where the media threads look once a tick.
class RelayThread final : public b2bua::MediaRelays {
public:
    /// Called on the thread of the relays; post it where it belongs.
    using Lost = std::function<void(b2bua::RelayId)>;

    RelayThread(MediaPorts& ports, Handshakes& handshakes, Lost lost, Log& log);
    ~RelayThread() override;
    /// Returns once nothing runs on it any more.
    void stop();

    std::optional<Opened> open(std::array<IpAddress, 2> toward) override;
    void configure(b2bua::RelayId relay, rtp::Relay::Side side, rtp::Relay::Settings settings,
                   std::optional<rtp::DtlsPeer> dtls) override;
    void close(b2bua::RelayId relay) override;
    [[nodiscard]] std::string dtls_fingerprint() const override {
        return handshakes_.fingerprint();
    }

private:
    struct Socket;
    struct Running;
    /// What one port is read for at a time: others want to be heard, too.
    static constexpr std::size_t reads_max = 4;

    void listen(b2bua::RelayId id, Socket& socket);
    void receive(Running& running, Socket& socket);
    void begin_handshake(b2bua::RelayId id, Running& running, rtp::Relay::Side side);
    void handle_handshake(b2bua::RelayId id, rtp::Relay::Side side, Handshakes::Event event);
    void watch();

    MediaPorts& ports_;
    Handshakes& handshakes_;
    Lost lost_;
    Log& log_;
    std::uint64_t last_relay_ = 0; ///< Of the thread that opens.
    boost::asio::io_context io_{1};
    boost::asio::steady_timer timer_;
    std::map<b2bua::RelayId, std::unique_ptr<Running>> running_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::thread thread_; ///< Last: it uses all of the above.
};

} // namespace lyceum::net
