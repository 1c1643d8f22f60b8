// SPDX-License-Identifier: Apache-2.0
/// What may be done in a room, by whom, and what follows from it: the state machine alone.
#include "server/focus/conference.hpp"
#include "server/focus/keypad.hpp"
#include "server/focus/prompt_sound.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace lyceum::focus {
namespace {

using mixer::CircleId, mixer::LegId;
using Kind = Action::Kind;
using Whom = Action::Whom;

class ConferenceTest : public testing::Test {
protected:
    void open(Room room) { conference.emplace(std::move(room), CircleId{1000}, now); }
    static Room lesson() {
        Room room{"lesson"};
        room.host_pin = "99";
        room.roles["teacher"] = Role::host;
        return room;
    }
    LegId join(const std::string& who, bool member = false) {
        const LegId leg{++last};
        Participant shown{leg, "sip:" + who + "@x", who};
        if (member) shown.member = who;
        conference->join({shown}, now);
        drain();
        return leg;
    }
    std::optional<Denial> act(LegId by, Action action) {
        const auto denied = conference->apply(action, {By::web, by, "somebody"}, now);
        drain();
        return denied;
    }
    void press(LegId leg, std::string_view keys) {
        for (const char key : keys) keypads[leg].press(*conference, leg, key, now);
        drain();
    }
    void pass(Duration time) {
        now += time;
        conference->handle_timeout(now);
        drain();
    }
    void drain() {
        while (auto output = conference->poll()) {
            if (const auto* set = std::get_if<SetPart>(&*output)) {
                parts[set->leg] = set->part;
            } else if (const auto* say = std::get_if<Conference::Say>(&*output)) {
                const auto* leg = std::get_if<LegId>(&say->to);
                said.push_back((leg ? std::to_string(leg->value) : "all") + " " +
                               clip_of(say->said));
                language = say->language;
            } else if (const auto* hang = std::get_if<Conference::HangUp>(&*output)) {
                hung_up.push_back(hang->leg);
                conference->leave(hang->leg, now);
            } else if (const auto* record = std::get_if<Conference::Record>(&*output)) {
                records.push_back(*record);
            } else if (const auto* dial = std::get_if<Conference::Dial>(&*output)) {
                dialled.push_back(dial->target);
            } else if (const auto* announce = std::get_if<Conference::Announce>(&*output)) {
                std::string to;
                for (const auto& each : announce->to)
                    to += std::holds_alternative<LegId>(each) ? "leg " : "circle ";
                said.push_back(to + (announce->is_sound ? "plays " : "is told ") + announce->text);
            } else if (std::get_if<Hush>(&*output)) {
                ++hushed;
            } else if (const auto* circle = std::get_if<SetCircle>(&*output)) {
                overheard[circle->circle] = circle->options.overhears.size();
            }
        }
    }
    Participant shown(LegId leg) { return conference->participant(leg).value_or(Participant{}); }
    bool heard(LegId leg) { return parts.at(leg).admitted && parts.at(leg).speaks; }
    std::string last_said() { return said.empty() ? "" : said.back(); }

    TimePoint now{};
    std::optional<Conference> conference;
    std::uint64_t last = 0;
    std::map<LegId, mixer::Part> parts;
    std::map<LegId, Keypad> keypads;
    std::map<mixer::CircleId, std::size_t> overheard; ///< How many circles each one hears.
    std::vector<std::string> said, dialled;
    int hushed = 0;
    std::vector<LegId> hung_up;
    std::vector<Conference::Record> records;
    std::string language;
};

/// Every action, by every role and standing, to himself (H) and to another (O), under every policy
/// that has a say: who may.
TEST(Permissions, AreATable) {
    struct Case {
        std::string_view name;
        Standing who;
    };
    const Case everybody[] = {
        {"host", {Role::host}},
        {"member who speaks", {Role::speaker, true}},
        {"guest who speaks", {Role::speaker}},
        {"listener", {Role::listener}},
        {"listener with the floor", {Role::listener, false, true, true}},
        {"one in the lobby", {Role::speaker, true, false}},
        {"host at the door", {Role::host, true, false}},
    };
    // A letter for each of the above: B both, H to himself, - neither.
    const std::map<Kind, std::string_view> table{
        {Kind::mute, "BHHHH--"},         {Kind::unmute, "BHH-H--"},
        {Kind::deafen, "BHHHH--"},       {Kind::undeafen, "BHHHH--"},
        {Kind::voice_volume, "BHHHH--"}, {Kind::ear_volume, "BHHHH--"},
        {Kind::raise_hand, "BHHHH--"},   {Kind::lower_hand, "BHHHH--"},
        {Kind::call_up, "B------"},      {Kind::kick, "B------"},
        {Kind::admit, "B------"},        {Kind::deny, "B------"},
        {Kind::set_role, "B------"},     {Kind::move, "B------"},
        {Kind::sidebar, "B------"},      {Kind::to_room, "B------"},
        {Kind::lock, "B------"},         {Kind::unlock, "B------"},
        {Kind::lecture_on, "B------"},   {Kind::lecture_off, "B------"},
        {Kind::announce, "B------"},     {Kind::play, "B------"},
        {Kind::stop, "B------"},         {Kind::dial_out, "B------"},
        {Kind::end, "B------"},
    };
    ASSERT_EQ(table.size(), static_cast<std::size_t>(Kind::count_));
    const std::map<Who, std::string_view> dial_out{{Who::nobody, "-------"},
                                                   {Who::hosts, "B------"},
                                                   {Who::members, "BB-----"},
                                                   {Who::everybody, "BBBBB--"}};
    for (const auto& [kind, row] : table)
        for (const auto& [group, callers] : dial_out)
            for (std::size_t i = 0; i < row.size(); ++i) {
                Policy policy;
                policy.dial_out = group;
                const char cell = kind == Kind::dial_out ? callers[i] : row[i];
                EXPECT_EQ(may(everybody[i].who, kind, true, policy), cell != '-')
                    << name_of(kind) << " by " << everybody[i].name << " to himself";
                EXPECT_EQ(may(everybody[i].who, kind, false, policy), cell == 'B')
                    << name_of(kind) << " by " << everybody[i].name << " to another";
            }
    std::set<std::string_view> names;
    for (const auto& [kind, row] : table) EXPECT_TRUE(names.insert(name_of(kind)).second);
}

TEST(Permissions, WhoMayOnlyListen) {
    for (const bool member : {false, true})
        for (const auto group : {Who::nobody, Who::hosts, Who::members, Who::everybody}) {
            Policy policy;
            policy.speak = group;
            const bool speaks = group == Who::everybody || (group == Who::members && member);
            EXPECT_EQ(default_role(member, policy) == Role::speaker, speaks);
            policy.lecture = true;
            EXPECT_EQ(default_role(member, policy), Role::listener);
        }
}

TEST_F(ConferenceTest, ALectureIsHeardAndItsListenersOnlyWhenCalledUp) {
    open(lesson());
    const auto teacher = join("teacher", true);
    EXPECT_TRUE(shown(teacher).is_host() && parts.at(teacher).always_heard);
    const auto ann = join("ann"), ben = join("ben"), cleo = join("cleo");
    EXPECT_TRUE(heard(ann));
    press(teacher, "**7");
    EXPECT_EQ(last_said(), "1 lecture-on");
    EXPECT_FALSE(heard(ann) || heard(ben));
    EXPECT_TRUE(heard(teacher));
    press(ann, "*1");
    EXPECT_EQ(last_said(), "2 only-listening");
    press(ben, "*2");
    EXPECT_EQ(said.at(said.size() - 2), "1 hand-tone");
    EXPECT_EQ(last_said(), "3 hand-up-1");
    press(cleo, "*2");
    press(ann, "*2");
    EXPECT_EQ(last_said(), "2 hand-up-3");
    press(teacher, "**3");
    EXPECT_TRUE(heard(ben) && shown(ben).has_floor);
    EXPECT_EQ(records.back().whom, "sip:ben@x") << "not the teacher, who pressed the key";
    EXPECT_EQ(shown(cleo).hand, 1u);
    EXPECT_EQ(shown(ann).hand, 2u);
    press(ann, "*3");
    EXPECT_EQ(last_said(), "2 hand-up-2");
    press(teacher, "**3");
    EXPECT_FALSE(heard(ben)) << "the next takes the place of the last";
    EXPECT_TRUE(heard(cleo));
    press(cleo, "*1");
    EXPECT_FALSE(heard(cleo) || shown(cleo).has_floor);
    EXPECT_FALSE(act(teacher, {Kind::unmute, Whom::one, ben}));
    EXPECT_TRUE(heard(ben)) << "a host's word gives the floor";
    EXPECT_FALSE(act(teacher, {Kind::unmute, Whom::one, cleo}));
    EXPECT_FALSE(act(teacher, {Kind::mute, Whom::all_but_hosts}));
    EXPECT_EQ(act(teacher, {Kind::unmute, Whom::everybody}), Denial::pointless) << "not to a hall";
    press(ann, "*2");
    EXPECT_EQ(last_said(), "2 hand-down");
    press(teacher, "**3");
    EXPECT_EQ(last_said(), "1 nobody-in-queue");
    press(teacher, "**7");
    EXPECT_TRUE(heard(ann));
}

TEST_F(ConferenceTest, TheLobbyIsEmptiedOneByOne) {
    auto room = lesson();
    room.policy.all.lobby = Lobby::guests;
    open(room);
    const auto teacher = join("teacher", true);
    join("pupil", true);
    const auto guest = join("guest");
    now += 1s;
    const auto second = join("second");
    EXPECT_EQ(shown(guest).state, Participant::State::in_lobby);
    EXPECT_FALSE(parts.at(guest).admitted);
    EXPECT_EQ(last_said(), "1 somebody-waits");
    EXPECT_EQ(act(guest, {Kind::raise_hand}), Denial::waits);
    EXPECT_EQ(act(teacher, {Kind::unmute, Whom::one, guest}), Denial::waits);
    press(teacher, "**4");
    EXPECT_TRUE(heard(guest));
    press(teacher, "**5");
    EXPECT_FALSE(conference->participant(second)) << "gone from the roster at once";
    EXPECT_EQ(said.at(said.size() - 2), "4 denied-bye");
    EXPECT_TRUE(hung_up.empty()) << "he hears why";
    pass(Conference::farewell);
    EXPECT_EQ(hung_up, std::vector{second});
    press(teacher, "**4");
    EXPECT_EQ(last_said(), "1 nobody-in-lobby");
    const auto third = join("third");
    room.policy.all.lobby = Lobby::off;
    conference->set_room(room, now);
    drain();
    EXPECT_TRUE(heard(third)) << "who opens the lobby lets everybody in";
}

TEST_F(ConferenceTest, APinAdmitsAndThreeWrongOnesDoNot) {
    auto room = lesson();
    room.access = Access::pin;
    room.pin = "1234";
    open(room);
    const auto guest = join("guest");
    EXPECT_EQ(last_said(), "1 enter-pin");
    press(guest, "12");
    EXPECT_FALSE(parts.at(guest).admitted);
    press(guest, "34");
    EXPECT_TRUE(heard(guest));
    const auto thief = join("thief");
    press(thief, "1#2#");
    EXPECT_EQ(last_said(), "2 wrong-pin");
    press(thief, "3#");
    EXPECT_EQ(last_said(), "2 wrong-pin-bye");
    press(thief, "1234");
    EXPECT_FALSE(parts.at(thief).admitted) << "too late";
    pass(Conference::farewell);
    EXPECT_EQ(hung_up, std::vector{thief});
    const auto host = join("host");
    press(host, "99");
    EXPECT_TRUE(shown(host).is_host() && heard(host));
    EXPECT_EQ(last_said(), "3 you-are-host");
    press(guest, "9#9#");
    press(guest, "1#");
    press(guest, "99");
    EXPECT_FALSE(shown(guest).is_host()) << "three tries";
}

TEST_F(ConferenceTest, EveryActionIsRecordedWithWhatCameOfIt) {
    open(lesson());
    const auto teacher = join("teacher", true), pupil = join("pupil");
    act(pupil, {Kind::kick, Whom::one, teacher});
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].denied, Denial::not_allowed);
    EXPECT_EQ(records[0].whom, "sip:teacher@x");
    act(teacher, {Kind::kick, Whom::one, pupil});
    EXPECT_EQ(records[1].denied, std::nullopt);
    EXPECT_EQ(records[1].what, "kick");
    EXPECT_EQ(last_said(), "2 removed-bye");
    EXPECT_EQ(act(teacher, {Kind::mute, Whom::one, pupil}), Denial::nobody_there) << "just left";
    EXPECT_EQ(act(teacher, {Kind::mute, Whom::one, LegId{77}}), Denial::nobody_there);
    EXPECT_EQ(act(teacher, {Kind::set_role, Whom::one, teacher, 0, "king"}), Denial::bad_value);
    EXPECT_EQ(act(teacher, {Kind::announce, Whom::everybody, {}, 0, "\xff"}), Denial::bad_value);
    EXPECT_EQ(act(teacher, {Kind::announce, Whom::everybody, {}, 0, std::string(501, 'a')}),
              Denial::bad_value);
    EXPECT_EQ(act(teacher, {Kind::lock}), std::nullopt);
    EXPECT_EQ(act(teacher, {Kind::lock}), Denial::pointless);
    EXPECT_EQ(records.size(), 9u);
    EXPECT_EQ(act(teacher, {Kind::announce, Whom::everybody, {}, 0, "Break"}), std::nullopt);
    EXPECT_EQ(last_said(), "circle is told Break");
    EXPECT_EQ(act(teacher, {Kind::dial_out, Whom::himself, {}, 0, "0703"}), std::nullopt);
    EXPECT_EQ(dialled, std::vector<std::string>{"0703"});
}

TEST_F(ConferenceTest, HostsAreMadeAndUnmadeAlsoByEachOther) {
    open(lesson());
    const auto teacher = join("teacher", true), helper = join("helper");
    EXPECT_FALSE(act(teacher, {Kind::set_role, Whom::one, helper, 0, "host"}));
    EXPECT_EQ(last_said(), "2 you-are-host");
    EXPECT_FALSE(act(helper, {Kind::set_role, Whom::one, teacher, 0, "speaker"}));
    EXPECT_EQ(act(teacher, {Kind::end}), Denial::not_allowed) << "two at once: the first wins";
    EXPECT_FALSE(act(helper, {Kind::set_role, Whom::one, teacher, 0, "listener"}));
    EXPECT_FALSE(heard(teacher));
}

TEST_F(ConferenceTest, GroupsHearThemselvesAndEndWithTheirLast) {
    open(lesson());
    const auto teacher = join("teacher", true), ann = join("ann"), ben = join("ben");
    EXPECT_FALSE(act(teacher, {Kind::move, Whom::one, ann, 0, "red"}));
    EXPECT_FALSE(act(teacher, {Kind::move, Whom::one, ben, 0, "red"}));
    EXPECT_EQ(parts.at(ann).circle, parts.at(ben).circle);
    EXPECT_NE(parts.at(ann).circle, parts.at(teacher).circle);
    EXPECT_EQ(shown(ann).group, "red");
    conference->leave(ben, now);
    drain();
    EXPECT_FALSE(act(teacher, {Kind::move, Whom::everybody, {}, 0, ""}));
    EXPECT_EQ(parts.at(ann).circle, CircleId{1000});
    EXPECT_EQ(last_said(), "2 moved-back");
    for (std::size_t i = 0; i < Conference::groups_max + 5; ++i) {
        const auto leg = join("p");
        const auto denied = act(teacher, {Kind::move, Whom::one, leg, 0, std::to_string(i)});
        EXPECT_EQ(denied.has_value(), i >= Conference::groups_max);
    }
}

TEST_F(ConferenceTest, WhatIsAnnouncedReachesWhomItIsFor) {
    open(lesson());
    const auto teacher = join("teacher", true), ann = join("ann"), ben = join("ben");
    act(teacher, {Kind::move, Whom::one, ann, 0, "red"});
    const auto say = [&](Action action) {
        const auto denied = act(teacher, std::move(action));
        return denied ? std::string(name_of(*denied)) : last_said();
    };
    EXPECT_EQ(say({Kind::announce, Whom::everybody, {}, 0, "hello"}),
              "circle circle is told hello");
    EXPECT_EQ(say({Kind::announce, Whom::all_but_hosts, {}, 0, "hello"}), "leg leg is told hello");
    EXPECT_EQ(say({Kind::play, Whom::one, ben, 0, "gong"}), "leg plays gong");
    EXPECT_EQ(say({Kind::play, Whom::himself, {}, 0, "gong"}), "leg plays gong");
    EXPECT_EQ(say({Kind::play, Whom::group, {}, 0, "gong", "red"}), "circle plays gong");
    EXPECT_EQ(say({Kind::play, Whom::group, {}, 0, "gong", ""}), "circle plays gong");
    EXPECT_EQ(say({Kind::play, Whom::group, {}, 0, "gong", "blue"}), "nobody there");
    EXPECT_EQ(say({Kind::play, Whom::everybody, {}, 0, ""}), "not understood");
    EXPECT_EQ(act(ben, {Kind::play, Whom::everybody, {}, 0, "gong"}), Denial::not_allowed);
    hushed = 0;
    EXPECT_EQ(act(teacher, {Kind::stop, Whom::everybody}), std::nullopt);
    EXPECT_EQ(hushed, 2) << "the room, and the red group";
    act(teacher, {Kind::mute, Whom::group, {}, 0, "", "red"});
    EXPECT_TRUE(shown(ann).muted);
    EXPECT_FALSE(shown(ben).muted) << "what is done to a group is done to it alone";
    EXPECT_EQ(act(teacher, {Kind::mute, Whom::group, {}, 0, "", "blue"}), Denial::nobody_there);
}

TEST_F(ConferenceTest, WhoIsTakenAsideHearsTheOthersStill) {
    open(lesson());
    const auto teacher = join("teacher", true), ann = join("ann"), ben = join("ben");
    EXPECT_EQ(act(teacher, {Kind::sidebar, Whom::one, ann}), Denial::bad_value) << "without a name";
    EXPECT_FALSE(act(teacher, {Kind::sidebar, Whom::one, ann, 0, "aside"}));
    EXPECT_FALSE(act(teacher, {Kind::sidebar, Whom::himself, {}, 0, "aside"}));
    const auto circle = parts.at(ann).circle;
    EXPECT_EQ(parts.at(teacher).circle, circle);
    EXPECT_NE(parts.at(ben).circle, circle);
    EXPECT_EQ(overheard.at(circle), 1u);
    EXPECT_EQ(overheard.at(parts.at(ben).circle), 0u) << "and is not heard by them";
}

TEST_F(ConferenceTest, ItEndsAfterItsHostOrItsTime) {
    auto room = lesson();
    room.policy.all.end_after_host = 60s;
    room.policy.all.time_limit = std::chrono::minutes(45);
    open(room);
    const auto pupil = join("pupil");
    EXPECT_EQ(conference->deadline(), TimePoint(40min)) << "nobody has to wait for a host";
    auto teacher = join("teacher", true);
    conference->leave(teacher, now);
    drain();
    EXPECT_EQ(last_said(), "all host-left");
    EXPECT_EQ(conference->deadline(), now + 60s);
    now += 30s;
    teacher = join("teacher", true);
    EXPECT_EQ(conference->deadline(), TimePoint(40min)) << "he is back";
    now = {};
    pass(40min);
    EXPECT_EQ(last_said(), "all five-minutes-left");
    pass(5min);
    EXPECT_EQ(last_said(), "all ended-bye");
    EXPECT_FALSE(heard(pupil) || heard(teacher));
    EXPECT_TRUE(parts.at(pupil).admitted) << "to hear it";
    pass(Conference::farewell);
    EXPECT_EQ(hung_up.size(), 2u);
    EXPECT_TRUE(conference->participants().empty());
}

TEST_F(ConferenceTest, AHostEndsItForEverybody) {
    open(lesson());
    const auto teacher = join("teacher", true);
    for (int i = 0; i < 5; ++i) join("pupil");
    said.clear();
    press(teacher, "**9");
    EXPECT_EQ(said, std::vector<std::string>{"all ended-bye"}) << "said to all at once";
    EXPECT_TRUE(conference->participants().empty());
    pass(Conference::farewell);
    EXPECT_EQ(hung_up.size(), 6u);
}

TEST_F(ConferenceTest, StartMutedAndWhatIsHeardOfWhoComes) {
    auto room = lesson();
    for (auto& policy : room.policy.by_role) policy.start_muted = true;
    room.policy.by_role[static_cast<std::size_t>(Role::speaker)].joins = JoinSound::tone;
    room.policy.all.language = "de";
    for (auto& policy : room.policy.by_role) policy.language = "de";
    open(room);
    const auto teacher = join("teacher", true);
    EXPECT_EQ(last_said(), "1 alone");
    EXPECT_TRUE(heard(teacher)) << "a host is not muted";
    const auto pupil = join("pupil");
    EXPECT_EQ(said.at(said.size() - 2), "all joined-tone");
    EXPECT_EQ(last_said(), "2 you-are-muted");
    EXPECT_EQ(language, "de");
    EXPECT_FALSE(heard(pupil));
    press(pupil, "*1");
    EXPECT_TRUE(heard(pupil));
    EXPECT_EQ(last_said(), "2 unmuted");
    conference->leave(pupil, now);
    drain();
    EXPECT_EQ(last_said(), "all left-tone");
}

TEST_F(ConferenceTest, KeysThatMeanNothingAreAnsweredToo) {
    open(lesson());
    const auto ann = join("ann");
    press(ann, "*8");
    EXPECT_EQ(last_said(), "1 no-such-key");
    press(ann, "**1");
    EXPECT_EQ(last_said(), "1 not-allowed");
    press(ann, "*0");
    EXPECT_EQ(last_said(), "1 menu");
    said.clear();
    press(ann, "*");
    now += Keypad::patience + 1ms;
    press(ann, "1");
    EXPECT_TRUE(said.empty()) << "too long between the two: a digit of a PIN";
    press(ann, "*#");
    EXPECT_TRUE(said.empty()) << "he has changed his mind";
    for (int i = 0; i < 30; ++i) press(ann, "*9");
    EXPECT_NEAR(parts.at(ann).gain_in, std::pow(10, 0.15 * Conference::volume_max), 0.01);
    EXPECT_EQ(last_said(), "1 cannot-be-done");
    press(ann, "*3");
    EXPECT_EQ(last_said(), "1 count-1");
}

/// Whatever is said is there to be heard, in every language; an unknown one is English.
TEST(Prompts, HaveASoundInEachLanguage) {
    std::vector<Said> all;
    for (int i = 0; i < static_cast<int>(Prompt::count_); ++i) {
        const auto prompt = static_cast<Prompt>(i);
        const bool counts = prompt == Prompt::count || prompt == Prompt::hand_up;
        for (unsigned number = prompt == Prompt::count ? 0 : 1; number <= (counts ? 25u : 1u);
             ++number)
            all.push_back({prompt, number});
    }
    for (const auto* language : {"en", "de", "es", "xx"})
        for (const auto& said : all) {
            const auto sound = sound_of(said, language);
            mixer::Frame frame;
            int loudest = -127;
            for (int tick = 0; tick < 50 && sound->read(frame); ++tick)
                loudest = std::max(loudest, mixer::level_db(frame));
            EXPECT_GT(loudest, -35) << clip_of(said) << " in " << language;
        }
}

TEST(RoomPolicy, IsInheritedFromOrganisationToRoomToRole) {
    const std::vector<PolicyRow> rows{{"", "", "lobby", "guests"},
                                      {"", "", "start-muted", "on"},
                                      {"", "host", "start-muted", "off"},
                                      {"Maths", "", "lobby", "everybody"},
                                      {"maths", "listener", "joins", "name"},
                                      {"other", "", "guests", "off"},
                                      {"", "", "time-limit", "no number"},
                                      {"", "", "unknown", "1"}};
    const auto policy = resolve(rows, "maths");
    EXPECT_EQ(policy.all.lobby, Lobby::everybody);
    EXPECT_TRUE(policy.of(Role::speaker).start_muted);
    EXPECT_FALSE(policy.of(Role::host).start_muted);
    EXPECT_EQ(policy.of(Role::listener).joins, JoinSound::name);
    EXPECT_EQ(policy.of(Role::speaker).joins, JoinSound::none);
    EXPECT_TRUE(policy.all.guests);
    EXPECT_EQ(policy.all.time_limit.count(), 0) << "what is not understood has its default";
    for (const auto& setting : settings()) {
        Policy probe;
        EXPECT_TRUE(setting.set(probe, setting.text(probe))) << setting.name;
        EXPECT_EQ(probe, Policy{}) << setting.name;
        EXPECT_FALSE(setting.set(probe, "")) << setting.name;
        EXPECT_FALSE(setting.set(probe, "-1")) << setting.name;
    }
}

TEST(RoomPolicy, ThatContradictsItselfIsToldWhy) {
    Room room{"r"};
    EXPECT_FALSE(contradiction(room));
    room.policy.all.lobby = Lobby::guests;
    EXPECT_EQ(contradiction(room), "there is no host who could let anybody in");
    room.host_pin = "1";
    EXPECT_FALSE(contradiction(room));
    room.policy.all.guests = false;
    EXPECT_TRUE(contradiction(room));
}

} // namespace
} // namespace lyceum::focus
