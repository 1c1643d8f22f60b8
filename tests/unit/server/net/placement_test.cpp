// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"
#include "server/net/placement.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace lyceum::net {
namespace {

using focus::ConferenceId;

const ConferenceId a{1}, b{2}, c{3};

void add(Placement& placement, ConferenceId id, std::size_t legs) {
    for (std::size_t i = 0; i < legs; ++i) placement.add_leg(id);
}

TEST(Placement, ANewConferenceGoesWhereLeastIs) {
    Placement placement(2);
    EXPECT_EQ(placement.begin(a), 0u);
    add(placement, a, 3);
    EXPECT_EQ(placement.begin(b), 1u);
    EXPECT_EQ(placement.begin(c), 1u);
    add(placement, c, 4);
    EXPECT_EQ(placement.begin(ConferenceId{4}), 0u);
}

TEST(Placement, AThreadThatHasTooMuchGivesSomethingAway) {
    Placement placement(2);
    for (const auto id : {a, b, c}) placement.begin(id); // All on the first: nobody is there yet.
    add(placement, a, 10);
    EXPECT_EQ(placement.next_move(), std::nullopt) << "so little is late for nobody";
    add(placement, b, 30);
    ASSERT_EQ(placement.thread_of(a), placement.thread_of(b));
    const auto move = placement.next_move();
    ASSERT_TRUE(move);
    EXPECT_EQ(move->conference, a) << "the other would only turn the scales over";
    EXPECT_EQ(placement.thread_of(a), move->to);
    EXPECT_EQ(placement.next_move(), std::nullopt);
}

TEST(Placement, OneLargeConferenceStaysWhereItIs) {
    Placement placement(4);
    placement.begin(a);
    add(placement, a, 5000);
    EXPECT_EQ(placement.next_move(), std::nullopt);
}

/// Whoever comes and goes: no thread has more than it should while there is something to move, and
/// nothing moves to and fro.
TEST(Placement, ItComesToRest) {
    Random random(3);
    Placement placement(3);
    std::map<ConferenceId, std::size_t> legs;
    for (std::uint64_t i = 1; i <= 40; ++i) {
        placement.begin(ConferenceId{i});
        legs[ConferenceId{i}] = 0;
    }
    for (int step = 0; step < 20'000; ++step) {
        const ConferenceId id{1 + random.below(40)};
        if (random.chance(60)) {
            placement.add_leg(id);
            ++legs[id];
        } else if (legs[id] > 0) {
            placement.remove_leg(id);
            --legs[id];
        }
        int moves = 0;
        while (placement.next_move()) ASSERT_LT(++moves, 10) << "to and fro";
        std::map<std::size_t, std::size_t> load{{0, 0}, {1, 0}, {2, 0}};
        std::size_t largest = 0;
        for (const auto& [conference, count] : legs) {
            load[placement.thread_of(conference)] += count;
            largest = std::max(largest, count);
        }
        const auto [least, most] =
            std::minmax_element(load.begin(), load.end(),
                                [](const auto& x, const auto& y) { return x.second < y.second; });
        ASSERT_LE(most->second - least->second,
                  std::max(Placement::difference_max, 2 * largest + 1));
    }
}

} // namespace
} // namespace lyceum::net
