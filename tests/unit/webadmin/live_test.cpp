// SPDX-License-Identifier: Apache-2.0
#include "webadmin/live.hpp"

#include <gtest/gtest.h>

namespace lyceum::webadmin {
namespace {

struct LiveTest : testing::Test {
    static Live::Room room(std::initializer_list<std::pair<std::uint64_t, const char*>> people,
                           bool locked = false) {
        Live::Room out{{{"room", "7b"}, {"locked", locked}}, {}};
        for (const auto& [id, name] : people)
            out.participants[id] = {{"id", std::to_string(id)}, {"name", name}};
        return out;
    }
    /// What somebody is shown: "seq type …", in order.
    std::vector<std::string> shown_to(WatcherId watcher) {
        std::vector<std::string> out;
        while (auto output = live.poll()) {
            if (output->to != watcher) continue;
            const auto event = json::parse(output->text).get_object();
            auto line = text_in(event, "type");
            if (const auto* seq = event.if_contains("seq"))
                line = json::serialize(*seq) + " " + line;
            if (const auto* who = event.if_contains("participant"))
                line += " " + (who->is_object() ? text_in(who->get_object(), "name")
                                                : std::string(who->get_string()));
            out.push_back(line);
        }
        return out;
    }

    Live live{"today"};
    const WatcherId me{1}, other{2};
    const Live::MaySee all = [](const std::string&) { return true; };
};

using Lines = std::vector<std::string>;

TEST_F(LiveTest, ASnapshotAndThenOnlyWhatChanges) {
    live.set_room("7b", room({{1, "Ann"}}));
    live.attach(me, all, "", std::nullopt);
    EXPECT_EQ(shown_to(me), (Lines{"2 snapshot"}));
    live.set_room("7b", room({{1, "Ann"}, {2, "Bob"}}));
    EXPECT_EQ(shown_to(me), (Lines{"3 participant Bob"}));
    live.set_room("7b", room({{1, "Ann"}, {2, "Bob"}}));
    EXPECT_EQ(shown_to(me), Lines{}) << "nothing has changed";
    live.set_room("7b", room({{2, "Bo"}}, true));
    EXPECT_EQ(shown_to(me), (Lines{"4 conference", "5 left 1", "6 participant Bo"}));
    live.set_room("7b", std::nullopt);
    live.set_room("7b", std::nullopt);
    EXPECT_EQ(shown_to(me), (Lines{"7 ended"}));
    EXPECT_TRUE(live.rooms().empty());
}

TEST_F(LiveTest, WhoComesBackGetsWhatHeHasMissedOrASnapshot) {
    live.set_room("7b", room({{1, "Ann"}}));
    live.set_room("7b", room({{1, "Ann"}, {2, "Bob"}}));
    live.attach(me, all, "today", 2);
    EXPECT_EQ(shown_to(me), (Lines{"3 participant Bob"}));
    live.attach(me, all, "yesterday", 2);
    EXPECT_EQ(shown_to(me), (Lines{"3 snapshot"})) << "another start of the server";
    live.attach(me, all, "today", 4);
    EXPECT_EQ(shown_to(me), (Lines{"3 snapshot"})) << "a number that there was not yet";
    for (std::size_t i = 0; i < Live::events_max; ++i)
        live.set_room("7b", room({{1, i % 2 == 0 ? "Anna" : "Ann"}, {2, "Bob"}}));
    shown_to(me);
    live.attach(me, all, "today", 2);
    EXPECT_EQ(shown_to(me).size(), 1u) << "too long ago";
}

TEST_F(LiveTest, HowSomebodyIsHeardIsToldAndIsInTheNextSnapshot) {
    live.attach(me, all, "", std::nullopt);
    live.set_room("7b", room({{1, "Ann"}}));
    shown_to(me);
    live.set_quality("7b", {{1, {{"loss_permille", 30}}}, {9, {{"loss_permille", 50}}}});
    const auto told = live.poll();
    ASSERT_TRUE(told);
    EXPECT_EQ(told->text, R"({"type":"quality","room":"7b","quality":{"1":{"loss_permille":30}}})");
    const auto heard = [&] {
        const auto whole = Live::whole(live.rooms().at("7b"));
        return json::serialize(whole.at("participants").at(0).at("quality"));
    };
    EXPECT_EQ(heard(), R"({"loss_permille":30})");
    live.set_room("7b", room({{1, "Anna"}}));
    EXPECT_EQ(heard(), R"({"loss_permille":30})") << "it goes with who it is about";
    live.set_room("7b", room({{2, "Bob"}}));
    EXPECT_EQ(heard(), "{}");
}

TEST_F(LiveTest, NobodySeesRoomsThatHeMayNot) {
    live.attach(
        me, [](const std::string& name) { return name == "7b"; }, "", std::nullopt);
    live.attach(other, all, "", std::nullopt);
    shown_to(me);
    live.set_room("8a", room({{1, "Ann"}}));
    live.set_levels("8a", {{1, -20}});
    EXPECT_EQ(shown_to(me), Lines{});
    live.attach(
        me, [](const std::string& name) { return name == "7b"; }, "today", 0);
    EXPECT_EQ(shown_to(me), Lines{}) << "nor what he has missed";
    live.set_levels("8a", {{1, -20}});
    EXPECT_EQ(shown_to(other), (Lines{"levels"})) << "without a number: the next one replaces it";
    live.detach(other);
    live.set_levels("8a", {{1, -20}});
    EXPECT_FALSE(live.poll());
}

} // namespace
} // namespace lyceum::webadmin
