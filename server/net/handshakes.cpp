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

    void begin(mixer::LegId leg, rtp::DtlsPeer peer, Tell tell) {
        end(leg);
        if (running_.size() >= running_max) return tell(Failed{"too many handshakes"});
        const auto now = monotonic_now();
        running_.emplace(leg, Running{{identity, std::move(peer), now}, std::move(tell)});
        turn(leg);
    }

    void handle_datagram(mixer::LegId leg, const Bytes& datagram) {
        const auto found = running_.find(leg);
        if (found == running_.end()) return;
        found->second.handshake.handle_datagram(datagram, monotonic_now());
        turn(leg);
    }

    void end(mixer::LegId leg) {
        running_.erase(leg);
        deadlines_.remove(leg);
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
    void turn(mixer::LegId leg) {
        auto& [handshake, tell, told] = running_.at(leg);
        while (auto datagram = handshake.poll()) tell(std::move(*datagram));
        using State = rtp::DtlsHandshake::State;
        if (handshake.state() == State::done) {
            if (std::exchange(told, true)) return;
            tell(handshake.keys());
            deadlines_.set(leg, monotonic_now() + linger);
            return arm();
        }
        if (handshake.state() == State::failed) {
            tell(Failed{handshake.fault()});
            return end(leg);
        }
        deadlines_.set(leg, handshake.deadline());
        arm();
    }

    void arm() {
        const auto next = deadlines_.deadline();
        if (!next) return;
        timer_.expires_at(steady(*next));
        timer_.async_wait([this](boost::system::error_code error) {
            if (error) return;
            const auto now = monotonic_now();
            while (const auto leg = deadlines_.expired(now)) {
                auto& running = running_.at(*leg);
                if (running.told) {
                    end(*leg);
                    continue;
                }
                running.handshake.handle_timeout(now);
                turn(*leg);
            }
            arm();
        });
    }

    boost::asio::io_context io_{1};
    boost::asio::steady_timer timer_;
    std::map<mixer::LegId, Running> running_;
    DeadlineQueue<mixer::LegId> deadlines_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::thread thread_; ///< Last: it uses all of the above.
};

Handshakes::Handshakes() : worker_(std::make_unique<Worker>()) {}
Handshakes::~Handshakes() = default;

std::string Handshakes::fingerprint() const { return worker_->identity.fingerprint().to_string(); }

void Handshakes::begin(mixer::LegId leg, rtp::DtlsPeer peer, Tell tell) {
    worker_->post([this, leg, peer = std::move(peer), tell = std::move(tell)]() mutable {
        worker_->begin(leg, std::move(peer), std::move(tell));
    });
}

void Handshakes::handle_datagram(mixer::LegId leg, Bytes datagram) {
    worker_->post(
        [this, leg, datagram = std::move(datagram)] { worker_->handle_datagram(leg, datagram); });
}

void Handshakes::end(mixer::LegId leg) {
    worker_->post([this, leg] { worker_->end(leg); });
}

void Handshakes::stop() { worker_->stop(); }

} // namespace lyceum::net
