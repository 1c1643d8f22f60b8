// SPDX-License-Identifier: Apache-2.0
/// One row for each arrow of RFC 3261 figures 5 and 6 with RFC 6026, exact to the microsecond.
#include "sip/transaction/client_transaction.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace lyceum::sip {
namespace {

using Failure = Effects::Failure;
constexpr TimePoint zero{};
constexpr TimerValues values{};

/// A step: a response (status > 0), a transport error (-1), or only time passing (0).
struct Step {
    Duration at;
    int input;
    Effects effects;
};
constexpr int time_passes = 0, transport_error = -1, cancelled = -4;

template <class Machine>
struct Row {
    const char* name;
    bool reliable;
    std::vector<Step> steps;
    typename Machine::State end;
    std::optional<Duration> deadline;
};

template <class Machine>
void run(const Row<Machine>& row) {
    SCOPED_TRACE(row.name);
    Machine machine(values, row.reliable);
    EXPECT_EQ(machine.start(zero), Effects{.transmit = true});
    for (const auto& step : row.steps) {
        SCOPED_TRACE(testing::Message() << "at " << step.at.count() << " us, input " << step.input);
        const auto now = zero + step.at;
        if (step.input == time_passes) {
            EXPECT_EQ(machine.handle_timeout(now - 1us), Effects{}) << "a microsecond early";
            EXPECT_EQ(machine.handle_timeout(now), step.effects);
        } else if (step.input == cancelled) {
            if constexpr (requires { machine.handle_cancelled(now); })
                machine.handle_cancelled(now);
        } else if (step.input == transport_error) {
            EXPECT_EQ(machine.handle_transport_error(), step.effects);
        } else {
            EXPECT_EQ(machine.handle_response(step.input, now), step.effects);
        }
    }
    EXPECT_EQ(machine.state(), row.end);
    std::optional<TimePoint> deadline;
    if (row.deadline) deadline = zero + *row.deadline;
    EXPECT_EQ(machine.deadline(), deadline);
}

constexpr Effects resend{.transmit = true}, up{.pass_up = true}, nothing{};
constexpr Effects ack_up{.ack = true, .pass_up = true}, ack{.ack = true};
constexpr Effects timed_out{.failure = Failure::timeout}, broken{.failure = Failure::transport};

TEST(InviteClientTransaction, Figure5) {
    using M = InviteClientTransaction;
    using S = M::State;
    const std::vector<Row<M>> rows{
        {"A doubles",
         false,
         {{500ms, 0, resend}, {1500ms, 0, resend}, {3500ms, 0, resend}},
         S::calling,
         7500ms},
        {"no Timer A on a reliable transport", true, {}, S::calling, 32s},
        {"B gives up, reliable", true, {{32s, 0, timed_out}}, S::terminated, {}},
        {"B gives up after A's seven times",
         false,
         {{500ms, 0, resend},
          {1500ms, 0, resend},
          {3500ms, 0, resend},
          {7500ms, 0, resend},
          {15500ms, 0, resend},
          {31500ms, 0, resend},
          {32s, 0, timed_out}},
         S::terminated,
         {}},
        {"calling, transport error", false, {{1ms, transport_error, broken}}, S::terminated, {}},
        {"calling, 1xx: stops everything", false, {{1ms, 180, up}}, S::proceeding, {}},
        {"proceeding, 1xx", false, {{1ms, 100, up}, {2ms, 183, up}}, S::proceeding, {}},
        {"cancelled, a late 1xx leaves the bound",
         false,
         {{1ms, 180, up}, {1s, cancelled, nothing}, {2s, 100, up}, {33s, 0, timed_out}},
         S::terminated,
         {}},
        {"cancelled, no final response within 64 T1",
         false,
         {{1ms, 180, up}, {1s, cancelled, nothing}, {33s, 0, timed_out}},
         S::terminated,
         {}},
        {"calling, 2xx", false, {{1s, 200, up}}, S::accepted, 33s},
        {"proceeding, 2xx", false, {{1ms, 180, up}, {1s, 200, up}}, S::accepted, 33s},
        {"accepted, 2xx again and of a fork",
         true,
         {{1s, 200, up}, {2s, 200, up}},
         S::accepted,
         33s},
        {"accepted, a late 4xx is nothing",
         false,
         {{1s, 200, up}, {2s, 486, nothing}},
         S::accepted,
         33s},
        {"accepted, transport error is nothing",
         false,
         {{1s, 200, up}, {2s, transport_error, nothing}},
         S::accepted,
         33s},
        {"accepted, M", false, {{1s, 200, up}, {33s, 0, nothing}}, S::terminated, {}},
        {"calling, 300-699", false, {{1s, 404, ack_up}}, S::completed, 33s},
        {"proceeding, 300-699", false, {{1s, 180, up}, {2s, 603, ack_up}}, S::completed, 34s},
        {"completed, 300-699 again", false, {{1s, 404, ack_up}, {2s, 404, ack}}, S::completed, 33s},
        {"completed, 2xx is nothing",
         false,
         {{1s, 404, ack_up}, {2s, 200, nothing}},
         S::completed,
         33s},
        {"completed, transport error",
         false,
         {{1s, 404, ack_up}, {2s, transport_error, broken}},
         S::terminated,
         {}},
        {"completed, D", false, {{1s, 404, ack_up}, {33s, 0, nothing}}, S::terminated, {}},
        {"completed, D is zero on a reliable transport",
         true,
         {{1s, 404, ack_up}},
         S::completed,
         1s},
    };
    for (const auto& row : rows) run(row);
}

TEST(NonInviteClientTransaction, Figure6) {
    using M = NonInviteClientTransaction;
    using S = M::State;
    const std::vector<Row<M>> rows{
        {"E doubles up to T2",
         false,
         {{500ms, 0, resend},
          {1500ms, 0, resend},
          {3500ms, 0, resend},
          {7500ms, 0, resend},
          {11500ms, 0, resend}},
         S::trying,
         15500ms},
        {"no Timer E on a reliable transport", true, {}, S::trying, 32s},
        {"F gives up, reliable", true, {{32s, 0, timed_out}}, S::terminated, {}},
        {"trying, transport error", false, {{1ms, transport_error, broken}}, S::terminated, {}},
        {"trying, 1xx", false, {{100ms, 100, up}}, S::proceeding, 500ms},
        {"proceeding resends every T2",
         false,
         {{100ms, 100, up}, {500ms, 0, resend}, {4500ms, 0, resend}},
         S::proceeding,
         8500ms},
        {"proceeding, transport error",
         false,
         {{1ms, 100, up}, {2ms, transport_error, broken}},
         S::terminated,
         {}},
        {"trying, final", false, {{1s, 200, up}}, S::completed, 6s},
        {"proceeding, final", false, {{1ms, 100, up}, {1s, 404, up}}, S::completed, 6s},
        {"completed absorbs", false, {{1s, 200, up}, {2s, 200, nothing}}, S::completed, 6s},
        {"completed, K", false, {{1s, 200, up}, {6s, 0, nothing}}, S::terminated, {}},
        {"completed, K is zero on a reliable transport", true, {{1s, 200, up}}, S::completed, 1s},
    };
    for (const auto& row : rows) run(row);
}

} // namespace
} // namespace lyceum::sip
