// SPDX-License-Identifier: Apache-2.0
#include "server/routing/preferences.hpp"
#include "tests/kit/sip.hpp"

#include <gtest/gtest.h>

namespace lyceum::routing {
namespace {

TEST(Preferences, FeaturesMatchOrDoNot) {
    struct Row {
        const char* wanted;
        const char* device;
        bool matches, explicitly;
    };
    for (const auto& row : {
             Row{";audio", ";audio;video", true, true},
             Row{";audio", ";audio=\"FALSE\"", false, false},
             Row{";video", ";audio", true, false}, // It may be able to: it does not say.
             Row{";methods=\"REFER\"", ";methods=\"INVITE,REFER\"", true, true},
             Row{";methods=\"REFER\"", ";methods=\"INVITE\"", false, false},
             Row{";methods=\"!REFER\"", ";methods=\"INVITE\"", true, true},
             Row{";mobility=\"fixed\"", ";mobility=\"mobile\"", false, false},
             Row{";audio;video;require", ";audio;video", true, true},
             Row{"", ";audio", true, true},
             Row{";audio", "", true, false},
         }) {
        EXPECT_EQ(matches(row.wanted, row.device, false), row.matches) << row.wanted << row.device;
        EXPECT_EQ(matches(row.wanted, row.device, true), row.explicitly)
            << row.wanted << row.device;
    }
}

/// "desk mobile | room": what is left of two devices of different kinds, and a room behind them.
TEST(Preferences, DecideWhichDevicesAreTriedAndHow) {
    struct Row {
        const char* headers;
        const char* left;
    };
    for (const auto& row : {
             Row{"", "desk mobile | room"},
             Row{"Accept-Contact: *;video;require;explicit\n", "mobile | room"},
             Row{"a: *;video;require\n", "mobile | room"},
             Row{"Accept-Contact: *;video\n", "mobile desk | room"},
             Row{"Accept-Contact: *;text;require\n", "desk mobile | room"},
             Row{"Accept-Contact: *;text;require;explicit\n", "room"},
             Row{"Reject-Contact: *;mobility=\"mobile\"\n", "desk | room"},
             Row{"j: *;mobility=\"fixed\", *;video\n", "room"},
             Row{"Reject-Contact: *;automata\n", "desk mobile | room"},
             Row{"Request-Disposition: sequential\n", "desk 15s | mobile | room"},
             Row{"d: no-fork\n", "desk"},
             Row{"Request-Disposition: redirect\n", "told: desk mobile | room"},
         }) {
        Plan plan;
        Target desk{"desk", {}, {}, {}, ";audio;video=\"FALSE\";mobility=\"fixed\"", {}, true};
        Target mobile{"mobile", {}, {}, {}, ";audio;video;mobility=\"mobile\"", {}, true};
        plan.groups.push_back({When::next, {desk, mobile}, {}, {}});
        plan.groups.push_back({When::next, {}, {}, "room"});
        Preferences::of(kit::request("INVITE", "z9hG4bK1", row.headers)).apply(plan, 15s);
        std::string left = plan.redirects ? "told:" : "";
        for (const auto& group : plan.groups) {
            if (!left.empty()) left += left == "told:" ? " " : " | ";
            for (const auto& target : group.targets)
                left += (&target == &group.targets.front() ? "" : " ") + target.uri;
            left += group.here.value_or("");
            if (group.ring_for) left += " " + std::to_string(*group.ring_for / 1s) + "s";
        }
        EXPECT_EQ(left, row.left) << row.headers;
    }
}

} // namespace
} // namespace lyceum::routing
