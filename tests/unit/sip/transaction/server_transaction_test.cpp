// SPDX-License-Identifier: Apache-2.0
/// One row for each arrow of RFC 3261 figures 7 and 8 with RFC 6026, exact to the microsecond.
#include "sip/transaction/server_transaction.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace lyceum::sip {
namespace {

using Failure = Effects::Failure;
constexpr TimePoint zero{};
constexpr TimerValues values{};

/// A step: the TU responds (status > 0), or one of these.
constexpr int time_passes = 0, transport_error = -1, again = -2, ack = -3;
struct Step {
    Duration at;
    int input;
    Effects effects;
};

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
    EXPECT_EQ(machine.start(zero), Effects{.pass_up = true});
    for (const auto& step : row.steps) {
        SCOPED_TRACE(testing::Message() << "at " << step.at.count() << " us, input " << step.input);
        const auto now = zero + step.at;
        if (step.input == time_passes) {
            EXPECT_EQ(machine.handle_timeout(now - 1us), Effects{}) << "a microsecond early";
            EXPECT_EQ(machine.handle_timeout(now), step.effects);
        } else if (step.input == transport_error) {
            EXPECT_EQ(machine.handle_transport_error(), step.effects);
        } else if (step.input == again) {
            EXPECT_EQ(machine.handle_retransmission(), step.effects);
        } else if (step.input == ack) {
            if constexpr (requires { machine.handle_ack(now); }) {
                EXPECT_EQ(machine.handle_ack(now), step.effects);
            }
        } else {
            EXPECT_EQ(machine.respond(step.input, now), step.effects);
        }
    }
    EXPECT_EQ(machine.state(), row.end);
    std::optional<TimePoint> deadline;
    if (row.deadline) deadline = zero + *row.deadline;
    EXPECT_EQ(machine.deadline(), deadline);
}

constexpr Effects send{.transmit = true}, up{.pass_up = true}, nothing{};
constexpr Effects trying{.transmit = true, .trying = true};
constexpr Effects timed_out{.failure = Failure::timeout}, broken{.failure = Failure::transport};

TEST(InviteServerTransaction, Figure7) {
    using M = InviteServerTransaction;
    using S = M::State;
    const std::vector<Row<M>> rows{
        {"100 after 200 ms", false, {{200ms, time_passes, trying}}, S::proceeding, {}},
        {"no 100 once the TU has answered", false, {{199ms, 180, send}}, S::proceeding, {}},
        {"INVITE again before any response", false, {{1ms, again, nothing}}, S::proceeding, 200ms},
        {"INVITE again after 1xx",
         false,
         {{1ms, 180, send}, {2ms, again, send}},
         S::proceeding,
         {}},
        {"proceeding, transport error", false, {{1ms, transport_error, broken}}, S::terminated, {}},
        {"2xx", false, {{1s, 200, send}}, S::accepted, 33s},
        {"accepted, INVITE again is absorbed",
         false,
         {{1s, 200, send}, {2s, again, nothing}},
         S::accepted,
         33s},
        {"accepted, ACK goes up", false, {{1s, 200, send}, {2s, ack, up}}, S::accepted, 33s},
        {"accepted, 2xx again", true, {{1s, 200, send}, {2s, 200, send}}, S::accepted, 33s},
        {"accepted, never another final response",
         false,
         {{1s, 200, send}, {2s, 486, nothing}},
         S::accepted,
         33s},
        {"accepted, transport error is told and survived",
         false,
         {{1s, 200, send}, {2s, transport_error, broken}},
         S::accepted,
         33s},
        {"accepted, L", false, {{1s, 200, send}, {33s, time_passes, nothing}}, S::terminated, {}},
        {"300-699", false, {{1s, 486, send}}, S::completed, 1500ms},
        {"completed, G doubles up to T2",
         false,
         {{1s, 486, send},
          {1500ms, 0, send},
          {2500ms, 0, send},
          {4500ms, 0, send},
          {8500ms, 0, send},
          {12500ms, 0, send}},
         S::completed,
         16500ms},
        {"completed, no G on a reliable transport", true, {{1s, 486, send}}, S::completed, 33s},
        {"completed, INVITE again",
         false,
         {{1s, 486, send}, {1100ms, again, send}},
         S::completed,
         1500ms},
        {"completed, the first final response stays",
         false,
         {{1s, 486, send}, {1100ms, 200, nothing}},
         S::completed,
         1500ms},
        {"completed, H", true, {{1s, 486, send}, {33s, 0, timed_out}}, S::terminated, {}},
        {"completed, transport error",
         false,
         {{1s, 486, send}, {2s, transport_error, broken}},
         S::terminated,
         {}},
        {"completed, ACK", false, {{1s, 486, send}, {1100ms, ack, nothing}}, S::confirmed, 6100ms},
        {"confirmed, ACK and INVITE again",
         false,
         {{1s, 486, send}, {1100ms, ack, nothing}, {2s, ack, nothing}, {2s, again, nothing}},
         S::confirmed,
         6100ms},
        {"confirmed, I",
         false,
         {{1s, 486, send}, {1100ms, ack, nothing}, {6100ms, 0, nothing}},
         S::terminated,
         {}},
        {"confirmed, I is zero on a reliable transport",
         true,
         {{1s, 486, send}, {1100ms, ack, nothing}},
         S::confirmed,
         1100ms},
    };
    for (const auto& row : rows) run(row);
}

TEST(NonInviteServerTransaction, Figure8) {
    using M = NonInviteServerTransaction;
    using S = M::State;
    const std::vector<Row<M>> rows{
        {"trying absorbs", false, {{1ms, again, nothing}}, S::trying, {}},
        {"1xx", false, {{1s, 100, send}}, S::proceeding, {}},
        {"proceeding, request again",
         false,
         {{1s, 100, send}, {2s, again, send}},
         S::proceeding,
         {}},
        {"proceeding, transport error",
         false,
         {{1s, 100, send}, {2s, transport_error, broken}},
         S::terminated,
         {}},
        {"final from trying", false, {{1s, 200, send}}, S::completed, 33s},
        {"final from proceeding", false, {{1s, 100, send}, {2s, 404, send}}, S::completed, 34s},
        {"completed, request again",
         false,
         {{1s, 200, send}, {2s, again, send}},
         S::completed,
         33s},
        {"completed, another final response is nothing",
         false,
         {{1s, 200, send}, {2s, 500, nothing}},
         S::completed,
         33s},
        {"completed, transport error",
         false,
         {{1s, 200, send}, {2s, transport_error, broken}},
         S::terminated,
         {}},
        {"completed, J", false, {{1s, 200, send}, {33s, 0, nothing}}, S::terminated, {}},
        {"completed, J is zero on a reliable transport", true, {{1s, 200, send}}, S::completed, 1s},
    };
    for (const auto& row : rows) run(row);
}

} // namespace
} // namespace lyceum::sip
