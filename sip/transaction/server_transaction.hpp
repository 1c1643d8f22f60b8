// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/timer_table.hpp"
#include "sip/transaction/effects.hpp"
#include "sip/transaction/timers.hpp"

namespace lyceum::sip {

/// The server side of an INVITE transaction, RFC 3261 §17.2.1 figure 7 as amended by RFC 6026 §7.1.
///
///     proceeding ──2xx──▶ accepted ──L──▶ terminated
///        │ INVITE: resend 1xx    │ INVITE: absorbed, ACK: pass up, 2xx of the TU: send
///        └──300-699──▶ completed ──ACK──▶ confirmed ──I──▶ terminated
///                        │ G, INVITE: resend    │ ACK: absorbed
///                        └──H──▶ terminated, the TU is told that no ACK came
class InviteServerTransaction {
public:
    enum class State { proceeding, accepted, completed, confirmed, terminated };
    enum class Timer {
        trying, ///< When to send 100 because the TU has not answered within 200 ms.
        g,      ///< When to send the failure response again.
        h,      ///< When to give up waiting for the ACK.
        i,      ///< When no retransmitted ACK can come any more.
        l,      ///< When no retransmitted INVITE can come any more after a 2xx.
        count_
    };
    static constexpr Duration trying_after = 200ms;

    InviteServerTransaction(const TimerValues& values, bool reliable)
        : values_(values), reliable_(reliable) {}

    Effects start(TimePoint now);
    Effects handle_retransmission() const; ///< The INVITE again.
    Effects handle_ack(TimePoint now);
    Effects respond(int status, TimePoint now);
    Effects handle_transport_error();
    Effects handle_timeout(TimePoint now);

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] std::optional<TimePoint> deadline() const { return timers_.deadline(); }

private:
    Effects terminate(Effects::Failure failure);

    TimerValues values_;
    bool reliable_;
    State state_ = State::proceeding;
    bool responded_ = false;
    TimerTable<Timer> timers_;
    Duration interval_g_{};
};

/// The server side of any other transaction, RFC 3261 §17.2.2 figure 8.
///
///     trying ──1xx──▶ proceeding ──200-699──▶ completed ──J──▶ terminated
///        │ request: absorbed  │ request: resend   │ request: resend
///
/// RFC 4320 §4: no provisional response but 100, and never a 408, goes to a non-INVITE request.
class NonInviteServerTransaction {
public:
    enum class State { trying, proceeding, completed, terminated };
    enum class Timer {
        j, ///< When no retransmitted request can come any more.
        count_
    };

    NonInviteServerTransaction(const TimerValues& values, bool reliable)
        : values_(values), reliable_(reliable) {}

    Effects start(TimePoint now);
    Effects handle_retransmission() const;
    Effects respond(int status, TimePoint now);
    Effects handle_transport_error();
    Effects handle_timeout(TimePoint now);

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] std::optional<TimePoint> deadline() const { return timers_.deadline(); }

private:
    TimerValues values_;
    bool reliable_;
    State state_ = State::trying;
    TimerTable<Timer> timers_;
};

} // namespace lyceum::sip
