// SPDX-License-Identifier: Apache-2.0
#include "server/net/relay_thread.hpp"

#include "server/net/clock.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <pthread.h>

#include <array>
#include <utility>

namespace lyceum::net {
namespace {

using Relay = rtp::Relay;
constexpr auto looked_at_every = 5s;

} // namespace

struct RelayThread::Socket {
    Socket(boost::asio::io_context& io, MediaSocket media, Relay::Side where, Relay::Port which)
        : socket(std::move(media)), readable(io, socket.descriptor()), side(where), port(which) {}
    ~Socket() { readable.release(); } // It is the other's to close.

    MediaSocket socket;
    boost::asio::posix::stream_descriptor readable;
    Relay::Side side;
    Relay::Port port;
};

struct RelayThread::Running {
    struct Key { ///< How one side comes to keys.
        std::optional<rtp::DtlsPeer> peer;
        HandshakeId handshake;
        SocketAddress with;
    };

    MediaSocket& by(Relay::Side side, Relay::Port port) {
        return sockets[2 * side + static_cast<std::size_t>(port)]->socket;
    }

    Relay relay;
    std::array<std::unique_ptr<Socket>, 4> sockets; ///< By their sides, RTP before RTCP.
    std::array<Key, 2> keys;
    bool lost = false; ///< And said so.
};

RelayThread::RelayThread(MediaPorts& ports, Handshakes& handshakes, Lost lost, Log& log)
    : ports_(ports), handshakes_(handshakes), lost_(std::move(lost)), log_(log), timer_(io_),
      work_(boost::asio::make_work_guard(io_)), thread_([this] {
          pthread_setname_np(pthread_self(), "relays");
          io_.run();
      }) {
    boost::asio::post(io_, [this] { watch(); });
}

RelayThread::~RelayThread() { stop(); }

void RelayThread::stop() {
    if (!thread_.joinable()) return;
    io_.stop();
    thread_.join();
    running_.clear();
}

std::optional<b2bua::MediaRelays::Opened> RelayThread::open(std::array<IpAddress, 2> toward) {
    auto first = ports_.open(toward[0]);
    auto second = first ? ports_.open(toward[1]) : std::nullopt;
    if (!second) {
        log_.warning("relay.no-port");
        return std::nullopt;
    }
    const b2bua::RelayId id{++last_relay_};
    auto running = std::make_shared<std::unique_ptr<Running>>(std::make_unique<Running>());
    auto& sockets = (*running)->sockets;
    const auto take = [&](MediaPorts::Pair& pair, Relay::Side side) {
        sockets[2 * side] =
            std::make_unique<Socket>(io_, std::move(pair.rtp), side, Relay::Port::rtp);
        sockets[2 * side + 1] =
            std::make_unique<Socket>(io_, std::move(pair.rtcp), side, Relay::Port::rtcp);
    };
    take(*first, Relay::first);
    take(*second, Relay::second);
    boost::asio::post(io_, [this, id, running] {
        auto& placed = *running_.emplace(id, std::move(*running)).first->second;
        for (auto& socket : placed.sockets) listen(id, *socket);
    });
    return Opened{id, {first->local, second->local}};
}

void RelayThread::configure(b2bua::RelayId id, Relay::Side side, Relay::Settings settings,
                            std::optional<rtp::DtlsPeer> dtls) {
    boost::asio::post(
        io_, [this, id, side, settings = std::move(settings), dtls = std::move(dtls)]() mutable {
            const auto found = running_.find(id);
            if (found == running_.end()) return;
            auto& running = *found->second;
            running.relay.update(side, std::move(settings));
            auto& key = running.keys[side];
            if (std::exchange(key.peer, std::move(dtls)) == key.peer) return;
            handshakes_.end(std::exchange(key.handshake, {}));
            if (key.peer) begin_handshake(id, running, side);
        });
}

void RelayThread::close(b2bua::RelayId id) {
    boost::asio::post(io_, [this, id] {
        const auto found = running_.find(id);
        if (found == running_.end()) return;
        const auto& running = *found->second;
        for (const auto& key : running.keys) handshakes_.end(key.handshake);
        const auto &one = running.relay.counters(Relay::first),
                   &other = running.relay.counters(Relay::second);
        log_.info("relay.closed", {{"relay", id.value},
                                   {"passed", one.passed},
                                   {"passed_back", other.passed},
                                   {"foreign", one.foreign + other.foreign},
                                   {"unauthentic", one.unauthentic + other.unauthentic},
                                   {"replayed", one.replayed + other.replayed},
                                   {"malformed", one.malformed + other.malformed}});
        running_.erase(found);
    });
}

// ── Datagrams ────────────────────────────────────────────────────────────────────────────────────

void RelayThread::listen(b2bua::RelayId id, Socket& socket) {
    using Wait = boost::asio::posix::descriptor_base;
    socket.readable.async_wait(Wait::wait_read,
                               [this, id, &socket](boost::system::error_code error) {
                                   const auto found = running_.find(id);
                                   if (error || found == running_.end()) return;
                                   receive(*found->second, socket);
                                   listen(id, socket);
                               });
}

void RelayThread::receive(Running& running, Socket& socket) {
    const auto now = monotonic_now();
    const MediaSocket::Receive take = [&](ByteView datagram, const SocketAddress& from, TimePoint) {
        const auto output =
            running.relay.handle_datagram(socket.side, socket.port, datagram, from, now);
        if (!output) return;
        if (const auto* send = std::get_if<Relay::Send>(&*output))
            return running.by(send->toward, send->port).send(send->to, send->datagram);
        auto& key = running.keys[std::get<Relay::Handshake>(*output).side];
        if (!key.handshake) return;
        key.with = from;
        handshakes_.handle_datagram(key.handshake, Bytes(datagram.begin(), datagram.end()));
    };
    for (std::size_t i = 0; i < reads_max; ++i)
        if (socket.socket.receive({}, now, take) < MediaSocket::batch) break;
}

void RelayThread::begin_handshake(b2bua::RelayId id, Running& running, Relay::Side side) {
    auto& key = running.keys[side];
    key.with = running.relay.target(side);
    key.handshake = handshakes_.begin(*key.peer, [this, id, side](Handshakes::Event event) {
        boost::asio::post(io_, [this, id, side, event = std::move(event)]() mutable {
            handle_handshake(id, side, std::move(event));
        });
    });
}

void RelayThread::handle_handshake(b2bua::RelayId id, Relay::Side side, Handshakes::Event event) {
    const auto found = running_.find(id);
    if (found == running_.end()) return;
    auto& running = *found->second;
    if (const auto* datagram = std::get_if<Bytes>(&event)) {
        running.by(side, Relay::Port::rtp).send(running.keys[side].with, *datagram);
    } else if (const auto* keys = std::get_if<rtp::DtlsHandshake::Keys>(&event)) {
        running.relay.set_keys(side, keys->send, keys->receive);
        log_.info("relay.dtls.done",
                  {{"relay", id.value}, {"suite", rtp::name_of(keys->send.suite)}});
    } else {
        log_.warning("relay.dtls.failed",
                     {{"relay", id.value}, {"why", std::get<Handshakes::Failed>(event).why}});
        if (!std::exchange(running.lost, true)) lost_(id);
    }
}

/// Who has gone without a word.
void RelayThread::watch() {
    const auto now = monotonic_now();
    for (auto& [id, running] : running_)
        if (!running->lost && running->relay.has_lapsed(now)) {
            running->lost = true;
            log_.warning("relay.lost", {{"relay", id.value}});
            lost_(id);
        }
    timer_.expires_after(looked_at_every);
    timer_.async_wait([this](boost::system::error_code error) {
        if (!error) watch();
    });
}

} // namespace lyceum::net
