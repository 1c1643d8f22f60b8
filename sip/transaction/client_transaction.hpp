// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/timer_table.hpp"
#include "sip/transaction/effects.hpp"
#include "sip/transaction/timers.hpp"

namespace lyceum::sip {

/// The client side of an INVITE transaction, RFC 3261 §17.1.1 figure 5 as amended by RFC 6026 §7.2.
///
///     calling ──1xx──▶ proceeding ──2xx──▶ accepted ──M──▶ terminated
///        │ A: resend      │                   │ 2xx: pass up
///        ├──2xx───────────┼──────▶ accepted
///        ├──300-699───────┴──────▶ completed ──D──▶ terminated
///        └──B, error────▶ terminated             │ 300-699: ACK again
///
/// States and timers only: the layer sends, matches responses and writes the ACK. No deadline means
/// that nothing is due, which holds for ever only when terminated (proceeding waits for the peer).
class InviteClientTransaction {
public:
    enum class State { calling, proceeding, accepted, completed, terminated };
    enum class Timer {
        a, ///< When to send the INVITE again.
        b, ///< When to give up waiting for any response, or for a final one after CANCEL.
        d, ///< When no retransmitted failure response can come any more.
        m, ///< When no retransmitted 2xx, or 2xx of another fork, can come any more.
        count_
    };

    InviteClientTransaction(const TimerValues& values, bool reliable)
        : values_(values), reliable_(reliable) {}

    Effects start(TimePoint now);
    Effects handle_response(int status, TimePoint now);
    /// A CANCEL went out: without a final response within 64·T1, the INVITE is over too (§9.1).
    void handle_cancelled(TimePoint now);
    Effects handle_transport_error();
    Effects handle_timeout(TimePoint now);

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] std::optional<TimePoint> deadline() const { return timers_.deadline(); }

private:
    Effects accept(TimePoint now);
    Effects complete(TimePoint now);
    Effects terminate(Effects::Failure failure);

    TimerValues values_;
    bool reliable_;
    State state_ = State::calling;
    TimerTable<Timer> timers_;
    Duration interval_a_{};
};

/// The client side of any other transaction, RFC 3261 §17.1.2 figure 6.
///
///     trying ──1xx──▶ proceeding ──200-699──▶ completed ──K──▶ terminated
///        │ E: resend     │ E: resend every T2
///        └──F, error─────┴──▶ terminated
class NonInviteClientTransaction {
public:
    enum class State { trying, proceeding, completed, terminated };
    enum class Timer {
        e, ///< When to send the request again.
        f, ///< When to give up waiting for a final response.
        k, ///< When no retransmitted final response can come any more.
        count_
    };

    NonInviteClientTransaction(const TimerValues& values, bool reliable)
        : values_(values), reliable_(reliable) {}

    Effects start(TimePoint now);
    Effects handle_response(int status, TimePoint now);
    Effects handle_transport_error();
    Effects handle_timeout(TimePoint now);

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] std::optional<TimePoint> deadline() const { return timers_.deadline(); }

private:
    Effects terminate(Effects::Failure failure);

    TimerValues values_;
    bool reliable_;
    State state_ = State::trying;
    TimerTable<Timer> timers_;
    Duration interval_e_{};
};

} // namespace lyceum::sip
