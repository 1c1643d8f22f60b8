// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/core.hpp"
#include "base/deadline_queue.hpp"
#include "base/log.hpp"
#include "base/rate_limit.hpp"
#include "sip/message/message.hpp"
#include "sip/transaction/endpoint.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lyceum::protection {

/// Whom the server does not answer, and why.
struct Ban {
    IpAddress address; ///< Of IPv6, the first of its /64: that is what one customer has.
    WallTime until{};
    std::string why;

    bool operator==(const Ban&) const = default;
};

/// What to do with a message.
enum class Verdict {
    admit,
    drop,      ///< Without an answer.
    turn_away, ///< 503 with Retry-After, at the least cost.
};

/// Keeps guessers, scanners and floods away. Who fails to log in again and again is banned for a
/// time: his requests are dropped without an answer. Those of known scanners are dropped one by one
/// and ban nobody, since the source of a datagram can be forged.
///
/// A failed login counts only from where our challenge had arrived (Identity says so), so nobody is
/// locked out by others who use his address. An address from which somebody has logged in of late,
/// such as that of a school, may fail and ask ten times as often. Loopback is never banned.
///
/// Who asks too often is turned away, and so is a share of everybody when more comes than can be
/// done. What belongs to a dialog goes on: only requests that begin something are counted
/// (RFC 7339 §5.10 says why).
class Guard {
public:
    struct Options {
        unsigned failures_max = 10; ///< 0: nobody is banned. Within…
        Duration window = 60s;      ///< …so long from the first of them.
        Duration ban_for = 600s;
        unsigned trusted_factor = 10;
        Duration trusted_for = 3600s;
        bool drops_scanners = true;
        double requests_per_s = 100;         ///< Of one address, on the long run…
        double requests_burst = 1000;        ///< …and at once.
        std::size_t addresses_max = 100'000; ///< Kept in mind; beyond, the oldest go.
        WallTime wall_at_zero{}; ///< What the wall clock says when the monotonic one says 0.
    };
    struct Banned { ///< To be kept on disk.
        Ban ban;
    };
    struct Released { ///< Its time is over: to be forgotten there.
        IpAddress address;
    };
    using Output = std::variant<Banned, Released>;

    Guard(Options options, Log& log)
        : options_(options), log_(log), requests_(options.requests_per_s, options.requests_burst) {}

    /// What was on disk at the start, and is now: whom it does not name any more is free.
    void restore(const std::vector<Ban>& bans, TimePoint now);

    /// Responses are always admitted: they are to requests of ours.
    Verdict judge(const sip::Message& message, const sip::Endpoint& from, TimePoint now);
    /// How full the queue is in which messages wait for us, 0 to 1.
    void handle_backlog(double share, TimePoint now);

    void handle_login(const IpAddress& from, TimePoint now);
    void handle_failed_login(const IpAddress& from, TimePoint now);
    void handle_timeout(TimePoint now);

    [[nodiscard]] bool is_banned(const IpAddress& address) const;
    [[nodiscard]] std::size_t ban_count() const { return bans_.size(); }
    struct Counters {
        std::uint64_t banned = 0, scanners = 0;    ///< Messages dropped.
        std::uint64_t too_often = 0, overload = 0; ///< Turned away.
    };
    [[nodiscard]] const Counters& counters() const { return counters_; }

    std::optional<Output> poll();
    [[nodiscard]] std::optional<TimePoint> deadline() const { return ends_.deadline(); }

private:
    struct Record { ///< Of an address that failed or logged in.
        unsigned failures = 0;
        TimePoint first_failure{};
        std::optional<TimePoint> last_login;
    };
    Record& record_of(const IpAddress& address);
    [[nodiscard]] bool is_trusted(const IpAddress& address, TimePoint now) const;

    Options options_;
    Log& log_;
    std::map<IpAddress, Record> records_;
    std::deque<IpAddress> order_; ///< Of `records_`, the oldest first.
    std::map<IpAddress, Ban> bans_;
    DeadlineQueue<IpAddress> ends_;
    RateLimit<IpAddress> requests_;
    double shed_ = 0, shed_owed_ = 0;  ///< The share of new requests to be turned away.
    std::optional<TimePoint> full_at_; ///< While there is too much, and a little longer.
    std::deque<Output> outputs_;
    Counters counters_;
};

static_assert(SansIoCore<Guard>);

} // namespace lyceum::protection
