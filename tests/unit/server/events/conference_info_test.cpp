// SPDX-License-Identifier: Apache-2.0
#include "server/events/conference_info.hpp"

#include "base/random.hpp"
#include "presence/xml.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>

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
    EXPECT_EQ(endpoint->child(ns, "media")->child(ns, "src-id")->text, "4");
    EXPECT_EQ(endpoint->child(ns, "media")->child(ns, "label")->text, "1");
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
    EXPECT_EQ(root.child(ns, "users"), nullptr);
}

TEST_F(ConferenceInfoTest, AChangeIsWrittenOnceForAll) {
    for (const auto* who : {"alice", "bob", "carol"}) told(who);
    EXPECT_EQ(asked, 1);
    roster = {{mixer::LegId{4}, "sip:ann@x"}};
    info.forget("maths");
    for (const auto* who : {"alice", "bob", "carol"}) EXPECT_EQ(count(told(who)), "1");
    EXPECT_EQ(asked, 2);
}

// ── In parts ─────────────────────────────────────────────────────────────────────────────────────

/// A program that watches a room: puts together what it is told, as RFC 4575 §4.6 says.
class Phone {
public:
    Phone(ConferenceInfo& info, std::string_view name)
        : view_(info.follow("Maths", name, conference_info_type)) {}

    /// Until there is nothing more to be told; gives the number of bodies.
    int look(bool all = false) {
        int bodies = 0;
        while (const auto telling = view_->tell(all || version_ == 0, version_)) {
            last = telling->text;
            bytes_max = std::max(bytes_max, last.size());
            take(*presence::xml::parse(last));
            ++version_, ++bodies;
            all = false;
            if (!telling->more) break;
        }
        return bodies;
    }

    std::map<std::string, std::string> users; ///< By URI: the states of their endpoints.
    std::string count, last;
    std::size_t bytes_max = 0;

private:
    void take(const presence::xml::Element& root) {
        EXPECT_EQ(root.attribute("version"), std::to_string(version_));
        const bool full = root.attribute("state") == "full";
        EXPECT_TRUE(full || version_ > 0);
        if (full) users.clear();
        count = root.child(ns, "conference-state")->child(ns, "user-count")->text;
        const auto* list = root.child(ns, "users");
        if (!list) return;
        EXPECT_EQ(list->attribute("state"), full ? "full" : "partial");
        for (const auto& user : list->children) {
            const std::string uri(*user.attribute("entity"));
            if (user.attribute("state") == "deleted") {
                users.erase(uri);
                continue;
            }
            auto& states = users[uri];
            states.clear();
            for (const auto& each : user.children)
                if (each.is(ns, "endpoint")) states += each.child(ns, "status")->text + " ";
        }
    }

    std::unique_ptr<sip::EventView> view_;
    std::uint32_t version_ = 0;
};

TEST_F(ConferenceInfoTest, WhoFollowsIsToldWhatHasChanged) {
    Participant ann{mixer::LegId{4}, "sip:ann@x", "Ann"}, bob{mixer::LegId{5}, "sip:bob@x"};
    roster = {ann, bob};
    Phone phone(info, "alice");
    EXPECT_EQ(phone.look(), 1);
    EXPECT_EQ(phone.look(), 0) << "nothing is new";
    const auto change = [&](std::vector<Participant> to) {
        roster = std::move(to);
        info.forget("maths");
        return phone.look();
    };
    bob.muted = true;
    EXPECT_EQ(change({ann, bob}), 1);
    EXPECT_EQ(phone.last.find("sip:ann@x"), std::string::npos) << phone.last;
    EXPECT_EQ(phone.users["sip:bob@x"], "muted-via-focus ");
    bob.hand = 1;
    EXPECT_EQ(change({ann, bob}), 0) << "the document has no hands";
    auto again = ann;
    again.leg = mixer::LegId{6};
    again.state = Participant::State::in_lobby;
    EXPECT_EQ(change({ann, bob, again}), 1);
    EXPECT_EQ(phone.users["sip:ann@x"], "connected pending ") << "one user, two phones";
    EXPECT_EQ(change({again}), 1);
    EXPECT_EQ(phone.users, (std::map<std::string, std::string>{{"sip:ann@x", "pending "}}));
    EXPECT_EQ(phone.count, "1");
    EXPECT_EQ(change({}), 1);
    EXPECT_TRUE(phone.users.empty());
    EXPECT_EQ(phone.look(true), 1) << "a SUBSCRIBE is answered with all there is";
}

TEST_F(ConferenceInfoTest, WhoMayNotSeeThemHearsOfTheirNumberOnly) {
    roster = {{mixer::LegId{4}, "sip:ann@x"}};
    Phone phone(info, "eve");
    EXPECT_EQ(phone.look(), 1);
    roster[0].muted = true;
    info.forget("maths");
    EXPECT_EQ(phone.look(), 0);
    roster.push_back({mixer::LegId{5}, "sip:bob@x"});
    info.forget("maths");
    EXPECT_EQ(phone.look(), 1);
    EXPECT_EQ(phone.count, "2");
    EXPECT_TRUE(phone.users.empty());
}

TEST_F(ConferenceInfoTest, ThousandsAreToldInBodiesThatFitIntoDatagrams) {
    for (std::uint64_t i = 0; i < 3000; ++i)
        roster.push_back({mixer::LegId{i}, "sip:u" + std::to_string(i) + "@x"});
    Phone phone(info, "alice"), other(info, "bob");
    EXPECT_GT(phone.look(), 10);
    EXPECT_EQ(phone.users.size(), 3000u);
    EXPECT_LT(phone.bytes_max, 32'000u);
    other.look();
    EXPECT_EQ(asked, 1) << "they share what they are told";
    roster.erase(roster.begin(), roster.begin() + 2500);
    info.forget("maths");
    EXPECT_GT(phone.look(), 1) << "more have left than are remembered: all there is, anew";
    EXPECT_EQ(phone.users.size(), 500u);
    EXPECT_EQ(phone.count, "500");
}

TEST_F(ConferenceInfoTest, WhateverHappensAllSeeTheSameInTheEnd) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Random random(seed);
        roster.clear();
        info.forget("maths");
        std::vector<std::unique_ptr<Phone>> phones;
        std::uint64_t leg = 0;
        for (int step = 0; step < 100; ++step) {
            if (random.chance(5)) phones.push_back(std::make_unique<Phone>(info, "alice"));
            const auto at = roster.empty() ? 0 : random.below(roster.size());
            if (random.chance(60)) {
                const auto uri = "sip:u" + std::to_string(random.below(40)) + "@x";
                roster.push_back({mixer::LegId{++leg}, uri, std::string(700, 'x')});
            } else if (!roster.empty() && random.chance(50)) {
                roster.erase(roster.begin() + static_cast<std::ptrdiff_t>(at));
            } else if (!roster.empty()) {
                roster[at].muted = !roster[at].muted;
            }
            info.forget("maths");
            for (auto& phone : phones)
                if (random.chance(30)) phone->look(random.chance(10));
        }
        Phone fresh(info, "alice");
        fresh.look();
        for (auto& phone : phones) {
            phone->look();
            EXPECT_EQ(phone->users, fresh.users) << "seed " << seed;
            EXPECT_EQ(phone->count, std::to_string(roster.size()));
        }
    }
}

} // namespace
} // namespace lyceum::events
