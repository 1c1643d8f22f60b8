// SPDX-License-Identifier: Apache-2.0
#include "sip/transaction/server_transaction.hpp"

#include <algorithm>

namespace lyceum::sip {

Effects InviteServerTransaction::start(TimePoint now) {
    timers_.set(Timer::trying, now + trying_after);
    return {.pass_up = true};
}

Effects InviteServerTransaction::handle_retransmission() const {
    switch (state_) {
    case State::proceeding: return {.transmit = responded_};
    case State::completed: return {.transmit = true};
    case State::accepted: // The TU resends its 2xx by itself (RFC 6026 §7.1).
    case State::confirmed:
    case State::terminated: break;
    }
    return {};
}

Effects InviteServerTransaction::handle_ack(TimePoint now) {
    switch (state_) {
    case State::accepted: return {.pass_up = true};
    case State::completed:
        timers_.stop_all();
        timers_.set(Timer::i, now + (reliable_ ? Duration::zero() : values_.t4));
        state_ = State::confirmed;
        return {};
    case State::proceeding: // An ACK to nothing.
    case State::confirmed:
    case State::terminated: break;
    }
    return {};
}

Effects InviteServerTransaction::respond(int status, TimePoint now) {
    switch (state_) {
    case State::proceeding:
        timers_.stop(Timer::trying);
        responded_ = true;
        if (status >= 300) {
            interval_g_ = values_.t1;
            if (!reliable_) timers_.set(Timer::g, now + interval_g_);
            timers_.set(Timer::h, now + values_.timeout());
            state_ = State::completed;
        } else if (status >= 200) {
            timers_.set(Timer::l, now + values_.timeout());
            state_ = State::accepted;
        }
        return {.transmit = true};
    case State::accepted: return {.transmit = status >= 200 && status < 300};
    case State::completed: // Never two different final responses.
    case State::confirmed:
    case State::terminated: break;
    }
    return {};
}

Effects InviteServerTransaction::handle_transport_error() {
    switch (state_) {
    case State::proceeding:
    case State::completed: return terminate(Effects::Failure::transport);
    case State::accepted: // The TU is told and may have another way (RFC 6026 §7.1).
        return {.failure = Effects::Failure::transport};
    case State::confirmed:
    case State::terminated: break;
    }
    return {};
}

Effects InviteServerTransaction::handle_timeout(TimePoint now) {
    const auto timer = timers_.expired(now);
    if (!timer) return {};
    switch (*timer) {
    case Timer::trying: responded_ = true; return {.transmit = true, .trying = true};
    case Timer::g:
        interval_g_ = std::min(2 * interval_g_, values_.t2);
        timers_.set(Timer::g, now + interval_g_);
        return {.transmit = true};
    case Timer::h: return terminate(Effects::Failure::timeout);
    case Timer::i:
    case Timer::l:
    case Timer::count_: break;
    }
    return terminate(Effects::Failure::none);
}

Effects InviteServerTransaction::terminate(Effects::Failure failure) {
    timers_.stop_all();
    state_ = State::terminated;
    return {.failure = failure};
}

Effects NonInviteServerTransaction::start(TimePoint) { return {.pass_up = true}; }

Effects NonInviteServerTransaction::handle_retransmission() const {
    return {.transmit = state_ == State::proceeding || state_ == State::completed};
}

Effects NonInviteServerTransaction::respond(int status, TimePoint now) {
    if (state_ != State::trying && state_ != State::proceeding) return {};
    if (status < 200) {
        state_ = State::proceeding;
        return {.transmit = true};
    }
    timers_.set(Timer::j, now + (reliable_ ? Duration::zero() : values_.timeout()));
    state_ = State::completed;
    return {.transmit = true};
}

Effects NonInviteServerTransaction::handle_transport_error() {
    if (state_ != State::proceeding && state_ != State::completed) return {};
    timers_.stop_all();
    state_ = State::terminated;
    return {.failure = Effects::Failure::transport};
}

Effects NonInviteServerTransaction::handle_timeout(TimePoint now) {
    if (timers_.expired(now)) state_ = State::terminated;
    return {};
}

} // namespace lyceum::sip
