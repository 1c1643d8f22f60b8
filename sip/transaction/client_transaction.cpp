// SPDX-License-Identifier: Apache-2.0
#include "sip/transaction/client_transaction.hpp"

#include <algorithm>

namespace lyceum::sip {

Effects InviteClientTransaction::start(TimePoint now) {
    interval_a_ = values_.t1;
    if (!reliable_) timers_.set(Timer::a, now + interval_a_);
    timers_.set(Timer::b, now + values_.timeout());
    return {.transmit = true};
}

Effects InviteClientTransaction::handle_response(int status, TimePoint now) {
    switch (state_) {
    case State::calling:
    case State::proceeding:
        if (status >= 300) return complete(now);
        if (status >= 200) return accept(now);
        // "the client transaction SHOULD NOT retransmit the request any longer" (§17.1.1.2). The
        // bound that a CANCEL has set stays.
        if (state_ == State::calling) timers_.stop_all();
        state_ = State::proceeding;
        return {.pass_up = true};
    case State::accepted:
        // Each 2xx, of this or another fork, goes up; anything else is too late (RFC 6026 §7.2).
        return {.pass_up = status >= 200 && status < 300};
    case State::completed: return {.ack = status >= 300};
    case State::terminated: break;
    }
    return {};
}

void InviteClientTransaction::handle_cancelled(TimePoint now) {
    if (state_ == State::proceeding) timers_.set(Timer::b, now + values_.timeout());
}

Effects InviteClientTransaction::accept(TimePoint now) {
    timers_.stop_all();
    timers_.set(Timer::m, now + values_.timeout());
    state_ = State::accepted;
    return {.pass_up = true};
}

Effects InviteClientTransaction::complete(TimePoint now) {
    timers_.stop_all();
    timers_.set(Timer::d, now + (reliable_ ? Duration::zero() : values_.d));
    state_ = State::completed;
    return {.ack = true, .pass_up = true};
}

Effects InviteClientTransaction::handle_transport_error() {
    switch (state_) {
    case State::calling:
    case State::completed: return terminate(Effects::Failure::transport);
    case State::proceeding:
    case State::accepted:
    case State::terminated: break; // Nothing of ours was being sent.
    }
    return {};
}

Effects InviteClientTransaction::handle_timeout(TimePoint now) {
    const auto timer = timers_.expired(now);
    if (!timer) return {};
    switch (*timer) {
    case Timer::a:
        interval_a_ *= 2; // No ceiling: Timer B ends it (§17.1.1.2).
        timers_.set(Timer::a, now + interval_a_);
        return {.transmit = true};
    case Timer::b: return terminate(Effects::Failure::timeout);
    case Timer::d:
    case Timer::m:
    case Timer::count_: break;
    }
    return terminate(Effects::Failure::none);
}

Effects InviteClientTransaction::terminate(Effects::Failure failure) {
    timers_.stop_all();
    state_ = State::terminated;
    return {.failure = failure};
}

Effects NonInviteClientTransaction::start(TimePoint now) {
    interval_e_ = values_.t1;
    if (!reliable_) timers_.set(Timer::e, now + interval_e_);
    timers_.set(Timer::f, now + values_.timeout());
    return {.transmit = true};
}

Effects NonInviteClientTransaction::handle_response(int status, TimePoint now) {
    switch (state_) {
    case State::trying:
    case State::proceeding:
        if (status < 200) {
            state_ = State::proceeding;
            return {.pass_up = true};
        }
        timers_.stop_all();
        timers_.set(Timer::k, now + (reliable_ ? Duration::zero() : values_.t4));
        state_ = State::completed;
        return {.pass_up = true};
    case State::completed:
    case State::terminated: break; // A retransmitted final response is absorbed (§17.1.2.2).
    }
    return {};
}

Effects NonInviteClientTransaction::handle_transport_error() {
    if (state_ == State::trying || state_ == State::proceeding)
        return terminate(Effects::Failure::transport);
    return {};
}

Effects NonInviteClientTransaction::handle_timeout(TimePoint now) {
    const auto timer = timers_.expired(now);
    if (!timer) return {};
    switch (*timer) {
    case Timer::e:
        // "set to MIN(2*T1, T2)" while trying, T2 once proceeding (§17.1.2.2).
        interval_e_ =
            state_ == State::proceeding ? values_.t2 : std::min(2 * interval_e_, values_.t2);
        timers_.set(Timer::e, now + interval_e_);
        return {.transmit = true};
    case Timer::f: return terminate(Effects::Failure::timeout);
    case Timer::k:
    case Timer::count_: break;
    }
    return terminate(Effects::Failure::none);
}

Effects NonInviteClientTransaction::terminate(Effects::Failure failure) {
    timers_.stop_all();
    state_ = State::terminated;
    return {.failure = failure};
}

} // namespace lyceum::sip
