// SPDX-License-Identifier: Apache-2.0
#include "server/events/timetable.hpp"

#include "tests/kit/presence_calls.hpp"

namespace lyceum::events {
namespace {

using std::chrono::minutes;

constexpr unsigned thursdays = 1u << 3; // 1970 began on one.

TEST(Timetable, DaysAndTimesAreReadAsPeopleWriteThem) {
    EXPECT_EQ(*Lesson::parse_days("mon"), 1u);
    EXPECT_EQ(*Lesson::parse_days("Wed, fri"), 20u);
    EXPECT_EQ((Lesson{.days = 20}.days_text()), "wed,fri");
    EXPECT_EQ(*Lesson::parse_time("09:45"), minutes(585));
    EXPECT_EQ(*Lesson::parse_time("24:00"), minutes(1440));
    EXPECT_EQ(time_text(minutes(585)), "09:45");
    for (const auto* bad : {"", "monday", "mon,", "mon tue"}) {
        const auto days = Lesson::parse_days(bad);
        EXPECT_TRUE(!days || std::string(bad) == "mon,") << bad;
    }
    for (const auto* bad : {"", "9", "9:5", "24:01", "12:60", "-1:00", "ab:cd"})
        EXPECT_FALSE(Lesson::parse_time(bad)) << bad;
}

TEST(Timetable, KnowsWhatIsStillOnToday) {
    kit::UtcCalendar calendar;
    Timetable timetable(calendar);
    EXPECT_FALSE(timetable.changes_after(WallTime{}));
    routing::Groups groups;
    groups.add("7b", "ann");
    timetable.set({{1, "Maths", "7b", "eve", "hall", thursdays, minutes(600), minutes(645)},
                   {2, "Art", "7b", "", "", thursdays, minutes(540), minutes(585)},
                   {3, "Sport", "7b", "", "", 1u, minutes(540), minutes(585)}});
    const auto at = [](int minute) { return WallTime(minutes(minute)); };
    const auto on = [&](const std::string& who, int minute) {
        std::string out;
        for (const auto& each : timetable.rest_of_day(who, groups, at(minute)))
            out += each.lesson->title + " ";
        return out;
    };
    EXPECT_EQ(on("ann", 0), "Art Maths ");
    EXPECT_EQ(on("ann", 585), "Maths ");
    EXPECT_EQ(on("ann", 645), "");
    EXPECT_EQ(on("eve", 0), "Maths ");
    EXPECT_EQ(on("hall", 0), "Maths ");
    EXPECT_EQ(on("bob", 0), "");
    EXPECT_EQ(on("ann", 24 * 60), "") << "tomorrow is no thursday";
    EXPECT_EQ(timetable.changes_after(at(0)), at(540));
    EXPECT_EQ(timetable.changes_after(at(540)), at(585));
    EXPECT_EQ(timetable.changes_after(at(645)), at(1440)) << "another day";
}

class LessonsTest : public kit::PresenceCalls {
protected:
    LessonsTest() {
        routing::Groups groups;
        groups.add("7b", "bob");
        exchange.router.set_groups(groups);
        exchange.presence.set_lessons(
            {{1, "Maths", "7b", "", "maths", thursdays, minutes(2), minutes(3)}}, exchange.now);
    }
};

TEST_F(LessonsTest, WhoIsInClassIsSeenToBeAndWillBe) {
    subscribe("alice", "sip:bob@school.test");
    auto body = told();
    EXPECT_NE(body.find("<ts:timed-status from=\"1970-01-01T00:02:00Z\" "
                        "until=\"1970-01-01T00:03:00Z\"><ts:basic>closed</ts:basic>"
                        "<ts:note>Maths</ts:note></ts:timed-status>"),
              std::string::npos)
        << body;
    EXPECT_EQ(body.find("meeting"), std::string::npos);
    exchange.run(2min);
    body = told();
    EXPECT_NE(body.find("<rpid:meeting/>"), std::string::npos) << body;
    EXPECT_NE(body.find("in class: Maths, until 00:03"), std::string::npos);
    EXPECT_EQ(body.find("timed-status "), std::string::npos);
    exchange.run(1min);
    body = told();
    EXPECT_EQ(body.find("meeting"), std::string::npos) << body;
}

TEST_F(LessonsTest, ARoomSaysWhatIsOnInIt) {
    exchange.run(2min);
    subscribe("alice", "sip:maths@school.test");
    const auto body = told();
    EXPECT_NE(body.find(">Maths, until 00:03<"), std::string::npos) << body;
    EXPECT_EQ(body.find("meeting"), std::string::npos);
}

TEST_F(LessonsTest, WhoJoinsTheClassIsInItsLessons) {
    exchange.run(2min);
    subscribe("alice", "sip:carol@school.test");
    EXPECT_EQ(told().find("in class"), std::string::npos);
    routing::Groups groups;
    groups.add("7b", "carol");
    exchange.router.set_groups(groups);
    exchange.presence.handle_groups(exchange.now);
    exchange.turn();
    EXPECT_NE(told().find("in class: Maths"), std::string::npos);
}

TEST_F(LessonsTest, AChangedTimetableIsSeenAtOnce) {
    subscribe("alice", "sip:bob@school.test");
    told();
    exchange.presence.set_lessons({}, exchange.now);
    exchange.turn();
    EXPECT_EQ(told().find("timed-status "), std::string::npos);
}

} // namespace
} // namespace lyceum::events
