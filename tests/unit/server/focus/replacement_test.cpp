// SPDX-License-Identifier: Apache-2.0
/// Calls that come in the place of others (RFC 3891), or to where others are (RFC 3911).
#include "tests/kit/focus.hpp"

namespace lyceum::focus {
namespace {

class ReplacementTest : public FocusTest {
protected:
    /// As the phone that has this dialog names it to another.
    static std::string dialog(const sip::Message& ok, const std::string& local = "to-tag",
                              const std::string& remote = "from-tag") {
        return std::string(*ok.header(sip::Header::call_id)) + ";" + local + "=" +
               std::string(sip::tag_of(ok, sip::Header::to)) + ";" + remote + "=a1";
    }
    sip::Message in_class(int caller) {
        auto ok = turn(invite("class", caller));
        turn(in_dialog("ACK", 1, *ok, caller));
        return std::move(*ok);
    }
    static inline const Actor host{By::web, {}, "alice", true};
};

TEST_F(ReplacementTest, AnotherPhoneTakesTheSeatOfTheFirst) {
    const auto desk = in_class(1);
    EXPECT_TRUE(desk.lists(sip::Header::supported, "replaces")) << "else no phone would try";
    const auto old = media.last_leg;
    in_class(2);
    focus.apply("class", {Action::Kind::raise_hand, Action::Whom::one, media.last_leg}, host, now);
    focus.apply("class", {Action::Kind::raise_hand, Action::Whom::one, old}, host, now);
    focus.apply("class", {Action::Kind::mute, Action::Whom::one, old}, host, now);
    take_sent();
    turn(invite("class", 3, "Replaces: " + dialog(desk) + "\nRequire: replaces\n"));
    EXPECT_EQ(sent(), (Notes{"200", "BYE"}));
    const auto roster = focus.roster("class");
    ASSERT_EQ(roster.size(), 2u);
    EXPECT_EQ(roster[1].leg, media.last_leg);
    EXPECT_EQ(roster[1].hand, 2u) << "his place in the queue";
    EXPECT_TRUE(roster[1].muted);
    EXPECT_FALSE(media.parts.at(media.last_leg).speaks);
    EXPECT_EQ(focus.room_with(old), "");
}

TEST_F(ReplacementTest, NobodyTakesTheSeatOfAMember) {
    const auto challenge = turn(invite("staff"));
    const auto alice = turn(invite("staff", 2, authorization(*challenge, "staff", "secret")));
    turn(in_dialog("ACK", 1, *alice, 2));
    const auto replaces = "Replaces: " + dialog(*alice) + "\n";
    const auto again = turn(invite("staff", 3, replaces));
    EXPECT_EQ(again->status(), 401);
    EXPECT_EQ(
        turn(invite("staff", 4, replaces + authorization(*again, "staff", "guess")))->status(),
        401);
    take_sent();
    const auto once_more = turn(invite("staff", 5, replaces));
    turn(invite("staff", 6, replaces + authorization(*once_more, "staff", "secret")));
    EXPECT_EQ(sent(), (Notes{"401", "200", "BYE"}));
    EXPECT_EQ(focus.participants("staff"), 1u);
}

TEST_F(ReplacementTest, WhatCannotBeReplacedIsToldWhy) {
    const auto ok = in_class(1);
    const auto known = dialog(ok);
    struct Row {
        std::string header;
        int status;
    };
    for (const auto& [header, status] : std::vector<Row>{
             {"Replaces: c1;to-tag=x;from-tag=a1", 481},
             {"Replaces: c1", 400},
             {"Replaces: " + known + "\nReplaces: " + known, 400},
             {"Replaces: " + known + "\nJoin: " + known, 400},
             {"Replaces: " + known + ";early-only", 486},
             {"Join: c9;to-tag=x;from-tag=a1", 481},
             {"Join: ;;", 400},
             {"Require: replaces, join, something", 420},
         })
        EXPECT_EQ(turn(invite("class", ++branch + 100, header + "\n"))->status(), status) << header;
    EXPECT_EQ(focus.participants("class"), 1u);
    const auto echo = turn(invite("echo", 7));
    EXPECT_EQ(turn(invite("echo", 8, "Replaces: " + dialog(*echo) + "\n"))->status(), 481)
        << "an echo has no seats";
    focus.handle_leg_lost(media.last_leg, now); // The echo.
    focus.apply("class", {Action::Kind::end}, host, now);
    EXPECT_EQ(turn(invite("class", 9, "Replaces: " + known + "\n"))->status(), 603);
}

TEST_F(ReplacementTest, WhoJoinsADialogComesIntoItsRoom) {
    const auto challenge = turn(invite("conference"));
    const auto ok =
        turn(invite("conference", 2, authorization(*challenge, "conference", "secret")));
    turn(in_dialog("ACK", 1, *ok, 2));
    const auto room = focus.room_with(media.last_leg);
    const auto joined = turn(invite("whatever", 3, "Join: " + dialog(*ok) + "\n"));
    ASSERT_EQ(joined->status(), 200);
    EXPECT_EQ(focus.participants(room), 2u);
    EXPECT_NE(joined->header(sip::Header::contact)->find("sip:" + room + "@"),
              std::string_view::npos);
}

TEST_F(ReplacementTest, AReferCanBringInACallThatSomebodyHas) {
    const auto ok = in_class(1);
    for (const char key : std::string_view("99")) focus.handle_digit(media.last_leg, key, now);
    auto text = in_dialog("REFER", 2, ok).bytes();
    text.insert(text.find("Contact:"), "Refer-To: <sip:class@h;method=INVITE?Replaces="
                                       "c7%40h%3Bto-tag%3Db7%3Bfrom-tag%3Da7>\r\n");
    agent.handle_message(kit::parse(text),
                         {sip::Transport::udp, kit::address("192.0.2.9", 5060), {}}, now);
    // The line inside ends in the same user agent here, which knows no such dialog.
    int answer = 0;
    while (auto output = agent.poll()) {
        if (auto* event = std::get_if<sip::SessionEvent>(&*output)) {
            if (const auto* ended = std::get_if<sip::InviteSession::Ended>(&event->event))
                answer = ended->status;
            focus.handle_session(*event, now);
        }
    }
    EXPECT_EQ(answer, 481) << "it said which call it replaces";
    EXPECT_EQ(focus.participants("class"), 1u);
}

TEST_F(ReplacementTest, WhatIsInAUriDoesNotBecomeLinesOfARequest) {
    for (const auto& [text, value] : std::map<std::string, std::string>{
             {"sip:b@h?Replaces=c%3Bto-tag%3Db&x=y", "c;to-tag=b"},
             {"sip:b@h?Subject=x&replaces=c", "c"},
             {"sip:b@h?Replaces=c%0D%0AVia:%20x", ""},
             {"sip:b@h", ""},
         })
        EXPECT_EQ(sip::Uri::parse(text)->header("Replaces"), value) << text;
}

TEST_F(ReplacementTest, NobodyIsCalledIntoARoomThatAllHaveLeft) {
    in_class(1);
    const auto first = media.last_leg;
    focus.apply("class", {Action::Kind::dial_out, Action::Whom::himself, {}, 0, "bob"}, host, now);
    EXPECT_EQ(focus.participants("class"), 2u);
    focus.handle_leg_lost(first, now);
    EXPECT_EQ(focus.participants("class"), 0u);
    EXPECT_EQ(focus.conference_count(), 0u);
}

TEST_F(ReplacementTest, WhoIsNamedByTargetDialogActsFromOutside) {
    const auto ok = in_class(1);
    for (const char key : std::string_view("99")) focus.handle_digit(media.last_leg, key, now);
    in_class(2);
    const auto refer = [&](const std::string& more) {
        const auto request = kit::request("REFER", "z9hG4bK" + std::to_string(++branch),
                                          "Refer-To: <sip:class@localhost;method=BYE>\n" + more);
        auto text = request.bytes();
        text.replace(text.find("sip:demo@"), 8, "sip:class");
        text.replace(text.find("Call-ID: c1"), 11, "Call-ID: r" + std::to_string(branch));
        take_sent();
        turn(kit::parse(text));
        return sent().front();
    };
    EXPECT_EQ(refer(""), "401") << "who nobody knows is asked for his password";
    EXPECT_EQ(refer("Target-Dialog: c1;local-tag=x;remote-tag=a1\n"), "401");
    EXPECT_EQ(refer("Target-Dialog: " + dialog(ok, "local-tag", "remote-tag") + "\n"), "202");
}

} // namespace
} // namespace lyceum::focus
