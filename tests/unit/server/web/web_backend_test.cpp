// SPDX-License-Identifier: Apache-2.0
#include "server/web/web_backend.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include <unistd.h>

namespace lyceum::web {
namespace {

using focus::Action, focus::Denial;
using webadmin::Deed;

TEST(WebBackend, ADeedIsAnActionOfTheFocusOrSaysWhatIsWrong) {
    const auto mute = action_of({.action = "mute", .whom = "one", .participant = "7"});
    ASSERT_TRUE(mute);
    EXPECT_EQ(mute->kind, Action::Kind::mute);
    EXPECT_EQ(mute->whom, Action::Whom::one);
    EXPECT_EQ(mute->target, mixer::LegId{7});
    const auto all = action_of({.action = "voice-volume", .whom = "all-but-hosts", .amount = -2});
    ASSERT_TRUE(all);
    EXPECT_EQ(all->whom, Action::Whom::all_but_hosts);
    EXPECT_EQ(all->amount, -2);
    struct Row {
        Deed deed;
        const char* field;
    };
    const Row rows[] = {{{.action = "dance"}, "action"},
                        {{.action = ""}, "action"},
                        {{.action = "mute", .whom = "nobody"}, "whom"},
                        {{.action = "mute", .whom = "one", .participant = ""}, "participant"},
                        {{.action = "mute", .whom = "one", .participant = "-1"}, "participant"}};
    for (const auto& [deed, field] : rows) {
        const auto action = action_of(deed);
        ASSERT_FALSE(action) << deed.action;
        EXPECT_EQ(action.error().status, 422);
        EXPECT_EQ(action.error().field, field);
    }
}

TEST(WebBackend, EveryDenialHasAStatus) {
    const std::pair<Denial, int> rows[] = {{Denial::not_allowed, 403},  {Denial::waits, 409},
                                           {Denial::nobody_there, 404}, {Denial::nobody_waits, 409},
                                           {Denial::pointless, 409},    {Denial::bad_value, 422},
                                           {Denial::full, 409}};
    for (const auto& [denial, status] : rows) {
        EXPECT_EQ(problem_of(denial).status, status);
        EXPECT_FALSE(problem_of(denial).detail.empty());
    }
}

TEST(WebBackend, ARoomIsShownWithWhoIsThereInOrder) {
    RoomNow room{"Maths", true, false, {}};
    focus::Participant ann{.leg = {3}, .uri = "sip:ann@x", .role = focus::Role::host};
    ann.joined = TimePoint(5s);
    focus::Participant guest{.leg = {2}, .uri = "sip:g@x"};
    guest.state = focus::Participant::State::in_lobby;
    guest.joined = TimePoint(6s);
    room.participants = {ann, guest};
    const auto shown = webadmin::Live::whole(shown_room(room, WallTime(100s)));
    EXPECT_EQ(text_or(shown, "room", ""), "Maths");
    EXPECT_EQ(text_or(shown, "began", ""), "1970-01-01T00:01:45Z");
    EXPECT_TRUE(flag_or(shown, "locked", false));
    const auto& people = shown.at("participants").as_array();
    ASSERT_EQ(people.size(), 2u);
    EXPECT_EQ(text_or(people[0].as_object(), "state", ""), "lobby");
    EXPECT_EQ(text_or(people[1].as_object(), "role", ""), "host");
}

TEST(WebBackend, APageBeginsBehindItsKeyAndHasWhatFits) {
    const auto all = [] {
        std::vector<Object> out;
        for (const auto* name : {"ann", "ben", "cid"})
            out.push_back({{"name", name}, {"groups", json::array{"7B"}}});
        return out;
    };
    const auto names = [&](const Query& query) {
        std::string out;
        for (const auto& each : page_of(all(), "name", query))
            out += text_or(each, "name", "") + " ";
        return out;
    };
    EXPECT_EQ(names({}), "ann ben cid ");
    EXPECT_EQ(names({.after = "ann", .limit = 1}), "ben ");
    EXPECT_EQ(names({.after = "cid"}), "");
    EXPECT_EQ(names({.text = "BE"}), "ben ");
    EXPECT_EQ(names({.text = "7b"}), "ann ben cid ") << "in a list too";
    EXPECT_EQ(names({.text = "nobody"}), "");
}

struct TablesTest : testing::Test {
    TablesTest() {
        std::filesystem::remove_all(directory);
        std::filesystem::create_directories(directory);
    }
    ~TablesTest() override { std::filesystem::remove_all(directory); }

    std::string directory = testing::TempDir() + "lyceum-web-" + std::to_string(getpid());
};

TEST_F(TablesTest, SomebodyIsAlwaysLeftWhoCanLetPeopleIn) {
    Tables tables(directory);
    SeededEntropy entropy(1);
    const auto all = accounts(tables, entropy, [] { return WallTime(100s); });
    EXPECT_FALSE(tables.accounts.has_administrator());
    for (const auto* name : {"root", "boss"})
        ASSERT_TRUE(all.add({{"name", name}, {"role", "administrator"}}));
    EXPECT_FALSE(tables.accounts.has_administrator()) << "nobody has chosen a password";
    auto root = *tables.accounts.account("root");
    root.password = "a hash";
    root.totp_secret = std::string("\0\1\xff", 3);
    tables.accounts.put(root);
    EXPECT_EQ(tables.accounts.account("root")->totp_secret, root.totp_secret);
    EXPECT_TRUE(tables.accounts.has_administrator());
    EXPECT_EQ(all.remove("root")->status, 409);
    EXPECT_EQ(all.change("root", {{"role", "reader"}})->status, 409);
    EXPECT_FALSE(all.remove("boss"));
    EXPECT_EQ(all.remove("boss")->status, 404);
    const auto token = tokens(tables, entropy, [] {
                           return WallTime(100s);
                       }).add({{"name", "x"}, {"role", "reader"}, {"account", "root"}});
    ASSERT_TRUE(token);
    EXPECT_EQ(tables.accounts.tokens().size(), 1u);
    EXPECT_NE(tables.accounts.tokens()[0].id, text_or(*token, "token", ""));
    tables.accounts.remove_account("root");
    EXPECT_TRUE(tables.accounts.tokens().empty()) << "they go with whose they are";
}

TEST_F(TablesTest, WhatIsRefusedInTheMiddleLeavesNothingBehind) {
    Tables tables(directory);
    const auto people = users(tables);
    const auto classes = groups(tables);
    const auto all = rooms(tables);
    const auto refused =
        people.add({{"name", "ann"}, {"password", "x"}, {"groups", json::array{"nowhere"}}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().field, "groups");
    EXPECT_FALSE(people.find("ann"));
    EXPECT_FALSE(classes.add({{"name", "7b"}, {"members", json::array{"nobody"}}}));
    EXPECT_FALSE(classes.find("7b"));
    EXPECT_FALSE(all.add({{"name", "maths"}, {"policy", Object{{"lobby", "sometimes"}}}}));
    EXPECT_FALSE(all.find("maths"));
    ASSERT_TRUE(people.add({{"name", "ann"}, {"password", "x"}}));
    ASSERT_TRUE(all.add({{"name", "maths"},
                         {"roles", Object{{"ann", "host"}}},
                         {"policy", Object{{"lobby", "guests"}, {"start-muted listener", "on"}}}}));
    const auto before = *all.find("maths");
    EXPECT_EQ(text_or(before.at("policy").as_object(), "lobby", ""), "guests");
    EXPECT_TRUE(all.change("maths", {{"history", 5}, {"policy", Object{{"nothing", "1"}}}}));
    EXPECT_EQ(*all.find("maths"), before);
    EXPECT_FALSE(all.change("maths", {{"policy", Object{{"lobby", nullptr}}}}));
    EXPECT_FALSE(all.find("maths")->at("policy").as_object().contains("lobby"));
}

} // namespace
} // namespace lyceum::web
