// SPDX-License-Identifier: Apache-2.0
#include "server/events/conference_info.hpp"

#include "presence/xml.hpp"

#include <gtest/gtest.h>

namespace lyceum::events {
namespace {

using focus::Participant;

constexpr std::string_view ns = "urn:ietf:params:xml:ns:conference-info";

class ConferenceInfoTest : public testing::Test {
protected:
    presence::xml::Element told(const std::string& watcher = "alice",
                                const std::string& room = "Maths") {
        const auto state = info.state(room, watcher, conference_info_type);
        EXPECT_TRUE(state && state->version_at);
        auto root = presence::xml::parse(state->numbered(7));
        EXPECT_TRUE(root && root->is(ns, "conference-info"));
        return root ? *root : presence::xml::Element{};
    }
    static std::string count(const presence::xml::Element& root) {
        return root.child(ns, "conference-state")->child(ns, "user-count")->text;
    }
    static const std::vector<presence::xml::Element>& users(const presence::xml::Element& root) {
        return root.child(ns, "users")->children;
    }

    std::vector<Participant> roster;
    int asked = 0;
    ConferenceInfo info{[this](std::string_view room) {
                            EXPECT_EQ(room, "maths");
                            ++asked;
                            return ConferenceInfo::Room{roster};
                        },
                        [](std::string_view, std::string_view watcher) { return watcher != "eve"; },
                        [](std::string_view room) { return "sip:" + std::string(room) + "@x"; },
                        WallTime(1h)};
};

TEST_F(ConferenceInfoTest, SaysWhoIsThereAsWhatAndWhetherHeIsHeard) {
    Participant ann{mixer::LegId{4}, "sip:ann@x", "Ann <>"};
    ann.role = focus::Role::host;
    ann.joined = TimePoint(30min);
    Participant bob{mixer::LegId{5}, "sip:bob@x"}, cat{mixer::LegId{6}, "sip:cat@x"},
        dan{mixer::LegId{7}, "sip:dan@x"};
    bob.receives = false;
    cat.state = Participant::State::in_lobby;
    dan.muted = true;
    dan.dialled_in = false;
    roster = {ann, bob, cat, dan};
    const auto root = told();
    EXPECT_EQ(root.attribute("entity"), "sip:maths@x");
    EXPECT_EQ(root.attribute("version"), "7");
    EXPECT_EQ(count(root), "4");
    ASSERT_EQ(users(root).size(), 4u);
    EXPECT_EQ(root.child(ns, "conference-state")->child(ns, "locked")->text, "false");
    const auto& first = users(root)[0];
    EXPECT_EQ(first.attribute("entity"), "sip:ann@x");
    EXPECT_EQ(first.child(ns, "display-text")->text, "Ann <>");
    EXPECT_EQ(first.child(ns, "roles")->child(ns, "entry")->text, "host");
    const auto* endpoint = first.child(ns, "endpoint");
    EXPECT_EQ(endpoint->child(ns, "joining-info")->child(ns, "when")->text, "1970-01-01T01:30:00Z");
    EXPECT_EQ(endpoint->child(ns, "media")->child(ns, "status")->text, "sendrecv");
    endpoint = users(root)[1].child(ns, "endpoint");
    EXPECT_EQ(endpoint->child(ns, "status")->text, "connected");
    EXPECT_EQ(endpoint->child(ns, "media")->child(ns, "status")->text, "recvonly");
    EXPECT_EQ(users(root)[2].child(ns, "endpoint")->child(ns, "status")->text, "pending");
    endpoint = users(root)[3].child(ns, "endpoint");
    EXPECT_EQ(endpoint->child(ns, "status")->text, "muted-via-focus");
    EXPECT_EQ(endpoint->child(ns, "joining-method")->text, "dialed-out");
}

TEST_F(ConferenceInfoTest, WhoMayNotSeeThemIsToldHowManyThereAre) {
    roster = {{mixer::LegId{4}, "sip:ann@x"}};
    const auto root = told("eve");
    EXPECT_EQ(count(root), "1");
    EXPECT_TRUE(users(root).empty());
}

TEST_F(ConferenceInfoTest, AChangeIsWrittenOnceForAll) {
    for (const auto* who : {"alice", "bob", "carol"}) told(who);
    EXPECT_EQ(asked, 1);
    roster = {{mixer::LegId{4}, "sip:ann@x"}};
    info.forget("maths");
    for (const auto* who : {"alice", "bob", "carol"}) EXPECT_EQ(count(told(who)), "1");
    EXPECT_EQ(asked, 2);
}

TEST_F(ConferenceInfoTest, AFullRoomStillFitsIntoOneMessage) {
    for (std::uint64_t i = 0; i < 1000; ++i) roster.push_back({mixer::LegId{i}, "sip:ann@x"});
    const auto root = told();
    EXPECT_EQ(count(root), "1000");
    EXPECT_EQ(users(root).size(), ConferenceInfo::shown_max);
    EXPECT_LT(info.state("maths", "alice", conference_info_type)->text.size(), 100'000u);
}

} // namespace
} // namespace lyceum::events
