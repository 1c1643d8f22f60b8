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

/// A call that runs gets pictures by a device beside the phone that it is on.
TEST(Preferences, PicturesAloneAreForWhoShowsThem) {
    const Target phone{"phone", {}, {}, {}, ";audio", {}, true};
    const Target screen{"screen", {}, {}, {}, ";audio;video", {}, true};
    const auto left = [](const std::string& media, std::vector<Target> devices) {
        Plan plan;
        plan.groups.push_back({When::next, std::move(devices), {}, {}});
        const auto sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nt=0 0\r\n" + media;
        Preferences::of(kit::request("INVITE", "z9hG4bK1", "Content-Type: application/sdp\n", sdp))
            .apply(plan, 15s);
        std::string out;
        for (const auto& target : plan.groups.at(0).targets) out += target.uri + " ";
        return out;
    };
    const std::string sound = "m=audio 4000 RTP/AVP 0\r\n",
                      pictures = "m=video 4002 RTP/AVP 96\r\n";
    EXPECT_EQ(left(pictures, {phone, screen}), "screen ");
    EXPECT_EQ(left("m=audio 0 RTP/AVP 0\r\n" + pictures, {phone, screen}), "screen ");
    EXPECT_EQ(left(pictures, {phone}), "phone ") << "it may be that it does not say so";
    EXPECT_EQ(left(sound + pictures, {phone, screen}), "phone screen ");
    EXPECT_EQ(left(sound + "m=video 0 RTP/AVP 96\r\n", {phone, screen}), "phone screen ");
}

} // namespace
} // namespace lyceum::routing
