// SPDX-License-Identifier: Apache-2.0
#include "server/net/handshakes.hpp"

#include "base/deadline_queue.hpp"
#include "server/net/clock.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>
#include <string>
#include <thread>

namespace lyceum::net {

/// Everything but `post` and `stop` runs on its thread.
class Handshakes::Worker {
public:
    Worker()
        : timer_(io_), work_(boost::asio::make_work_guard(io_)), thread_([this] { io_.run(); }) {}
    ~Worker() { stop(); }

    void stop() {
        io_.stop();
        if (thread_.joinable()) thread_.join();
    }

    template <class Command>
    void post(Command command) {
        boost::asio::post(io_, std::move(command));
    }

    void begin(HandshakeId id, rtp::DtlsPeer peer, Tell tell) {
        if (running_.size() >= running_max) return tell(Failed{"too many handshakes"});
        const auto now = monotonic_now();
        running_.emplace(id, Running{{identity, std::move(peer), now}, std::move(tell)});
        turn(id);
    }

    void handle_datagram(HandshakeId id, const Bytes& datagram) {
        const auto found = running_.find(id);
        if (found == running_.end()) return;
        found->second.handshake.handle_datagram(datagram, monotonic_now());
        turn(id);
    }

    void end(HandshakeId id) {
        running_.erase(id);
        deadlines_.remove(id);
    }

    const rtp::DtlsIdentity identity;

private:
    struct Running {
        rtp::DtlsHandshake handshake;
        Tell tell;
        bool told = false;
    };

    /// How long one that is done stays, to repeat its last flight to who did not get it.
    static constexpr Duration linger = 10s;

    /// Says what a handshake has to say.
    void turn(HandshakeId id) {
        auto& [handshake, tell, told] = running_.at(id);
        while (auto datagram = handshake.poll()) tell(std::move(*datagram));
        using State = rtp::DtlsHandshake::State;
        if (handshake.state() == State::done) {
            if (std::exchange(told, true)) return;
            tell(handshake.keys());
            deadlines_.set(id, monotonic_now() + linger);
            return arm();
        }
        if (handshake.state() == State::failed) {
            tell(Failed{handshake.fault()});
            return end(id);
        }
        deadlines_.set(id, handshake.deadline());
        arm();
    }

    void arm() {
        const auto next = deadlines_.deadline();
        if (!next) return;
        timer_.expires_at(steady(*next));
        timer_.async_wait([this](boost::system::error_code error) {
            if (error) return;
            const auto now = monotonic_now();
            while (const auto id = deadlines_.expired(now)) {
                auto& running = running_.at(*id);
                if (running.told) {
                    end(*id);
                    continue;
                }
                running.handshake.handle_timeout(now);
                turn(*id);
            }
            arm();
        });
    }

    boost::asio::io_context io_{1};
    boost::asio::steady_timer timer_;
    std::map<HandshakeId, Running> running_;
    DeadlineQueue<HandshakeId> deadlines_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::thread thread_; ///< Last: it uses all of the above.
};

Handshakes::Handshakes() : worker_(std::make_unique<Worker>()) {}
Handshakes::~Handshakes() = default;

std::string Handshakes::fingerprint() const { return worker_->identity.fingerprint().to_string(); }

HandshakeId Handshakes::begin(rtp::DtlsPeer peer, Tell tell) {
    const HandshakeId id{++last_};
    worker_->post([this, id, peer = std::move(peer), tell = std::move(tell)]() mutable {
        worker_->begin(id, std::move(peer), std::move(tell));
    });
    return id;
}

void Handshakes::handle_datagram(HandshakeId id, Bytes datagram) {
    worker_->post(
        [this, id, datagram = std::move(datagram)] { worker_->handle_datagram(id, datagram); });
}

void Handshakes::end(HandshakeId id) {
    worker_->post([this, id] { worker_->end(id); });
}

void Handshakes::stop() { worker_->stop(); }

} // namespace lyceum::net
