// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/focus.hpp"

#include <algorithm>
#include <cmath>

namespace lyceum::focus {
namespace {

TEST_F(FocusTest, AConferenceStartsWithTheFirstAndEndsAfterTheLast) {
    const auto ok = turn(invite("demo"));
    ASSERT_EQ(ok->status(), 200);
    EXPECT_NE(ok->header(sip::Header::contact)->find("isfocus"), std::string_view::npos);
    turn(in_dialog("ACK", 1, *ok));
    const auto second = turn(invite("DEMO", 2));
    EXPECT_EQ(focus.participants("demo"), 2u);
    EXPECT_EQ(focus.conference_count(), 1u);
    turn(in_dialog("BYE", 2, *ok));
    EXPECT_EQ(focus.participants("demo"), 1u);
    turn(in_dialog("BYE", 2, *second, 2));
    EXPECT_EQ(focus.conference_count(), 0u);
    EXPECT_EQ(media.notes,
              (Notes{"begin", "open shared", "configure PCMU send receive", "open shared",
                     "configure PCMU send receive", "close", "close", "end"}));
}

TEST_F(FocusTest, WhoIsNotWhereHeSaysHasAPortOfHisOwn) {
    auto elsewhere = kit::phone_sdp();
    const std::string here = "192.0.2.9";
    for (auto at = elsewhere.find(here); at != std::string::npos; at = elsewhere.find(here))
        elsewhere.replace(at, here.size(), "10.0.0.9");
    EXPECT_EQ(turn(invite("demo", 1, {}, elsewhere))->status(), 200);
    EXPECT_EQ(media.notes.at(1), "open") << "behind a NAT: it will send from somewhere else";
    EXPECT_EQ(turn(invite("demo", 2, {}, ""))->status(), 200);
    EXPECT_EQ(media.notes.at(3), "open") << "the offer is ours: nothing is announced yet";
}

TEST_F(FocusTest, WhatIsNotThereIs404AndWhatIsFullIs486) {
    EXPECT_EQ(turn(invite("nowhere"))->status(), 404);
    EXPECT_EQ(turn(invite("small", 2))->status(), 200);
    const auto full = turn(invite("small", 3));
    EXPECT_EQ(full->status(), 486);
    EXPECT_EQ(full->reason(), "Room Is Full");
    EXPECT_FALSE(log.has("nowhere")) << "what people dial is not written in clear";
}

TEST_F(FocusTest, EchoIsAConferenceOfItsOwn) {
    EXPECT_EQ(turn(invite("echo", 1))->status(), 200);
    EXPECT_EQ(turn(invite("echo", 2))->status(), 200);
    EXPECT_EQ(focus.conference_count(), 2u);
    EXPECT_EQ(media.notes[0], "begin echo");
}

TEST_F(FocusTest, BadOffersAreRefusedAndLeaveNothing) {
    EXPECT_EQ(turn(invite("demo", 1, "", "hello"))->status(), 400);
    EXPECT_EQ(turn(invite("demo", 2, "", kit::phone_sdp("18")))->status(), 488);
    media.exhausted = true;
    EXPECT_EQ(turn(invite("demo", 3))->status(), 503);
    EXPECT_EQ(focus.leg_count(), 0u);
    EXPECT_EQ(focus.conference_count(), 0u);
    EXPECT_EQ(agent.session_count(), 0u);
}

TEST_F(FocusTest, MembersAreKnownByDigestNotByFrom) {
    const auto challenge = turn(invite("staff"));
    ASSERT_EQ(challenge->status(), 401);
    EXPECT_EQ(challenge->count(sip::Header::www_authenticate), 2u);
    const auto signed_with = [&](const char* password) {
        return authorization(*challenge, "staff", password);
    };
    EXPECT_EQ(turn(invite("staff", 2, signed_with("guess")))->status(), 401);
    EXPECT_TRUE(log.has("auth.failed"));
    EXPECT_EQ(turn(invite("staff", 3, signed_with("secret")))->status(), 200);
    EXPECT_EQ(turn(invite("staff", 4, signed_with("secret")))->status(), 401) << "a replay";
}

/// The number that a trunk vouches for is as good as a password; the same words from elsewhere are
/// nothing.
TEST_F(FocusTest, MembersAreKnownByTheNumberThatATrunkVouchesFor) {
    member_by_uri["tel:+49301"] = "alice";
    const std::string asserted = "P-Asserted-Identity: <tel:+49301>\n";
    const auto from_trunk = sip::inside(sip::Inside::server_of_rooms);
    agent.handle_message(invite("staff", 1, asserted), from_trunk, now);
    drain();
    ASSERT_EQ(focus.participants("staff"), 1u);
    EXPECT_EQ(focus.roster("staff")[0].member, "alice");
    EXPECT_EQ(turn(invite("staff", 2, asserted))->status(), 401) << "anybody can write that";
}

TEST_F(FocusTest, WhoKeysInTheHostsPinIsAHost) {
    turn(invite("class"));
    for (const char digit : {'9', '8', '#', '9', '9'})
        focus.handle_digit(media.last_leg, digit, now);
    EXPECT_TRUE(media.parts.at(media.last_leg).always_heard);
    const auto played = media.played;
    for (int i = 0; i < 50; ++i) focus.handle_digit(media.last_leg, '5', now);
    EXPECT_EQ(media.played, played) << "a host is one already";
    turn(invite("class", 2));
    for (int tries = 0; tries < Conference::pin_tries; ++tries)
        for (const char digit : {'1', '2', '#'}) focus.handle_digit(media.last_leg, digit, now);
    for (const char digit : {'9', '9', '#'}) focus.handle_digit(media.last_leg, digit, now);
    EXPECT_FALSE(media.parts.at(media.last_leg).always_heard) << "three tries and no more";
    EXPECT_EQ(focus.leg_count(), 2u) << "digits throw nobody out who is in";
}

TEST_F(FocusTest, TheRosterSaysWhoIsThereAndAsWhat) {
    EXPECT_TRUE(focus.roster("class").empty());
    turn(invite("class"));
    EXPECT_EQ(focus.take_changed(), std::set<std::string>{"class"});
    auto roster = focus.roster("Class");
    ASSERT_EQ(roster.size(), 1u);
    EXPECT_EQ(roster[0].uri, "sip:alice@192.0.2.9");
    EXPECT_TRUE(roster[0].is_inside() && roster[0].sends && roster[0].receives);
    EXPECT_FALSE(roster[0].is_host());
    EXPECT_TRUE(focus.take_changed().empty());
    for (const char digit : {'9', '9'}) focus.handle_digit(media.last_leg, digit, now);
    EXPECT_TRUE(focus.roster("class")[0].is_host());
    EXPECT_EQ(focus.take_changed().size(), 1u);
    EXPECT_TRUE(records.has_host("class"));
    focus.handle_leg_lost(media.last_leg, now);
    EXPECT_FALSE(records.has_host("class"));
    EXPECT_EQ(focus.take_changed().size(), 1u);
    EXPECT_TRUE(focus.roster("class").empty());
    turn(invite("exam", 2));
    EXPECT_FALSE(focus.roster("exam")[0].is_inside()) << "he has not keyed in the PIN";
}

TEST_F(FocusTest, PlayersAreGivenPlacesInASpatialRoomOnly) {
    const auto ok = turn(invite("game", 1, {}, kit::phone_sdp()));
    ASSERT_EQ(ok->status(), 200);
    EXPECT_EQ(media.notes[0], "begin spatial");
    EXPECT_TRUE(ok->body().find("a=ptime:10\r\n") != std::string_view::npos) << ok->body();
    const auto player = media.last_leg;
    turn(invite("demo", 2));
    const auto elsewhere = media.last_leg;
    EXPECT_TRUE(focus.place(player, {.x = 7}));
    EXPECT_EQ(media.notes.back(), "place 7");
    EXPECT_TRUE(focus.place(player, {.x = 8, .whispers_to = player}));
    media.notes.clear();
    EXPECT_FALSE(focus.place(elsewhere, {.x = 7}));
    EXPECT_FALSE(focus.place(mixer::LegId{999}, {.x = 7}));
    EXPECT_FALSE(focus.place(player, {.whispers_to = elsewhere}));
    EXPECT_FALSE(focus.place(player, {.x = std::nanf("")}));
    EXPECT_FALSE(focus.place(player, {.y = 1e9f}));
    EXPECT_TRUE(media.notes.empty());
}

TEST_F(FocusTest, APinIsAskedForByKeypadWithThreeTries) {
    const auto ok = turn(invite("exam"));
    turn(in_dialog("ACK", 1, *ok));
    const auto leg = media.last_leg;
    EXPECT_FALSE(media.parts.at(leg).admitted);
    for (const char key : std::string_view("99#1234")) focus.handle_digit(leg, key, now);
    EXPECT_TRUE(media.parts.at(leg).admitted);
    const auto other = turn(invite("exam", 2));
    turn(in_dialog("ACK", 1, *other, 2));
    for (const char key : std::string_view("1#2#3#")) focus.handle_digit(media.last_leg, key, now);
    EXPECT_EQ(focus.leg_count(), 2u) << "he hears why";
    now += Conference::farewell;
    focus.handle_timeout(now);
    EXPECT_EQ(drain()->method(), sip::Method::bye);
}

TEST_F(FocusTest, KeysOfOldPhonesComeByInfo) {
    const auto ok = turn(invite("class"));
    turn(in_dialog("ACK", 1, *ok));
    const auto info = [&](int cseq, std::string_view type, std::string_view body) {
        auto text = in_dialog("INFO", cseq, *ok, 1, body).bytes();
        const std::string_view sdp = "application/sdp";
        text.replace(text.find(sdp), sdp.size(), type);
        return turn(kit::parse(text))->status();
    };
    EXPECT_EQ(info(2, "application/dtmf-relay", "Signal=*\r\nDuration=160\r\n"), 200);
    EXPECT_EQ(info(3, "application/dtmf-relay", "Signal= 1\r\n"), 200);
    EXPECT_FALSE(media.parts.at(media.last_leg).speaks);
    EXPECT_EQ(info(4, "application/dtmf", "*"), 200);
    EXPECT_EQ(info(5, "application/dtmf", "1"), 200);
    EXPECT_TRUE(media.parts.at(media.last_leg).speaks);
    EXPECT_EQ(info(6, "application/dtmf-relay", "Signal=flash"), 400);
    EXPECT_EQ(info(7, "text/html", "x"), 415);
}

TEST_F(FocusTest, ALockedRoomIsClosedToAllButItsHosts) {
    const auto ok = turn(invite("class"));
    turn(in_dialog("ACK", 1, *ok));
    for (const char key : std::string_view("99**6")) focus.handle_digit(media.last_leg, key, now);
    EXPECT_EQ(turn(invite("class", 2))->status(), 403);
    for (const char key : std::string_view("**6")) focus.handle_digit(media.last_leg, key, now);
    EXPECT_EQ(turn(invite("class", 3))->status(), 200);
}

/// From one room to another: a line in the mixer's table, and not a word of SIP.
TEST_F(FocusTest, WhoCrossesToAnotherRoomKeepsHisDialogAndHisPort) {
    const auto ok = turn(invite("demo"));
    turn(in_dialog("ACK", 1, *ok));
    const auto leg = media.last_leg;
    turn(in_dialog("ACK", 1, *turn(invite("demo", 2)), 2));
    turn(in_dialog("ACK", 1, *turn(invite("class", 3)), 3));
    media.notes.clear();
    EXPECT_TRUE(focus.cross(leg, "Class", now));
    EXPECT_EQ(media.notes, Notes{"absorb"});
    EXPECT_EQ(drain(), std::nullopt);
    EXPECT_EQ(focus.participants("demo"), 1u);
    EXPECT_EQ(focus.roster("class").size(), 2u);
    EXPECT_EQ(media.parts.at(leg).circle, media.parts.at(media.last_leg).circle);
    EXPECT_FALSE(focus.cross(leg, "class", now)) << "he is there";
    EXPECT_FALSE(focus.cross(leg, "nowhere", now));
    EXPECT_FALSE(focus.cross(leg, "game", now)) << "it sounds differently";
    EXPECT_TRUE(focus.cross(leg, "exam", now)) << "whom a host sends needs no PIN";
    EXPECT_TRUE(media.parts.at(leg).admitted);
    media.notes.clear();
    turn(in_dialog("BYE", 2, *ok));
    EXPECT_EQ(media.notes, Notes{"close"}) << "the others are still in that conference";
    EXPECT_EQ(focus.conference_count(), 2u);
}

TEST_F(FocusTest, WhoCrossesOutOfAGroupLeavesItBehind) {
    turn(invite("class"));
    const auto leg = media.last_leg;
    turn(invite("demo", 2));
    const Actor host{By::web, {}, "alice", true};
    using Kind = Action::Kind;
    focus.apply("class", {Kind::move, Action::Whom::one, leg, 0, "red"}, host, now);
    EXPECT_EQ(focus.apply("class", {Kind::to_room, Action::Whom::one, leg, 0, "demo"}, host, now),
              std::nullopt);
    EXPECT_EQ(media.parts.at(leg).circle, focus.conference("demo")->circle());
}

TEST_F(FocusTest, ARoomInSessionFollowsItsRules) {
    turn(in_dialog("ACK", 1, *turn(invite("class"))));
    const auto leg = media.last_leg;
    EXPECT_TRUE(media.parts.at(leg).speaks);
    directory.rooms.at("class").policy.all.lecture = true;
    focus.handle_rooms(now);
    EXPECT_FALSE(media.parts.at(leg).speaks);
    EXPECT_EQ(focus.take_changed(), std::set<std::string>{"class"});
    directory.rooms.erase("class");
    focus.handle_rooms(now);
    EXPECT_EQ(focus.participants("class"), 1u) << "it goes on until they have left";
    for (int i = 0; i < 1200; ++i) turn(invite("echo", 10 + i));
    directory.rooms["class"] = {.name = "class"};
    for (int i = 0; i < 4; ++i) focus.handle_rooms(now);
    EXPECT_TRUE(media.parts.at(leg).speaks) << "in turns, whoever else is in session";
}

TEST_F(FocusTest, AHostHasSomebodyCalledIn) {
    const auto ok = turn(invite("class"));
    turn(in_dialog("ACK", 1, *ok));
    const Actor host{By::web, {}, "alice", true};
    const Action call{Action::Kind::dial_out, Action::Whom::himself, {}, 0, "bob"};
    EXPECT_EQ(focus.apply("class", call, {By::web, media.last_leg, "x"}, now), Denial::not_allowed);
    EXPECT_EQ(focus.apply("nowhere", call, host, now), Denial::nobody_there);
    EXPECT_EQ(focus.apply("class", call, host, now), std::nullopt);
    EXPECT_EQ(focus.participants("class"), 2u);
    EXPECT_EQ(focus.roster("class").size(), 1u) << "he has not answered";
    drain(); // There is no Bob here.
    EXPECT_EQ(focus.participants("class"), 1u);
    bool noted = false;
    while (const auto output = focus.poll())
        if (const auto* note = std::get_if<Focus::Noted>(&*output))
            noted |= note->record.what == "dial-out" && !note->record.denied;
    EXPECT_TRUE(noted);
}

TEST_F(FocusTest, WhoIsInARoomMayWriteInHisCall) {
    const auto ok = turn(invite("class"));
    turn(in_dialog("ACK", 1, *ok));
    EXPECT_EQ(focus.guests("Class").size(), 1u);
    while (focus.poll()) continue;
    turn(in_dialog("MESSAGE", 2, *ok));
    const auto output = focus.poll();
    ASSERT_TRUE(output && std::holds_alternative<Focus::Written>(*output));
    const auto& written = std::get<Focus::Written>(*output);
    EXPECT_EQ(written.room, "class");
    EXPECT_EQ(written.member, "");
    EXPECT_FALSE(written.name.empty());
    EXPECT_EQ(written.session, focus.guests("class").front());
    const auto echo = turn(invite("echo", 2));
    turn(in_dialog("ACK", 1, *echo, 2));
    EXPECT_EQ(turn(in_dialog("MESSAGE", 2, *echo, 2))->status(), 403);
    directory.rooms.at("class").policy.all.lobby = Lobby::everybody;
    focus.handle_rooms(now);
    const auto waiting = turn(invite("class", 3));
    turn(in_dialog("ACK", 1, *waiting, 3));
    EXPECT_EQ(focus.guests("class").size(), 1u) << "who waits does not read";
    EXPECT_EQ(turn(in_dialog("MESSAGE", 2, *waiting, 3))->status(), 403);
}

TEST_F(FocusTest, ASoundIsPlayedIfThereIsOneOfThatName) {
    const auto ok = turn(invite("class"));
    turn(in_dialog("ACK", 1, *ok));
    const Actor host{By::web, {}, "alice", true};
    const auto before = media.played;
    EXPECT_EQ(focus.apply("class", {Action::Kind::play, Action::Whom::everybody, {}, 0, "drum"},
                          host, now),
              Denial::bad_value);
    EXPECT_EQ(focus.apply("class", {Action::Kind::play, Action::Whom::everybody, {}, 0, "gong"},
                          host, now),
              std::nullopt);
    EXPECT_EQ(media.played, before + 1);
}

TEST_F(FocusTest, AReferOfAParticipantIsCarriedOutIfHeMay) {
    const auto ok = turn(invite("class"));
    turn(in_dialog("ACK", 1, *ok));
    const auto host = media.last_leg;
    turn(in_dialog("ACK", 1, *turn(invite("class", 2)), 2));
    const auto refer = [&](int cseq, std::string_view to) {
        auto text = in_dialog("REFER", cseq, *ok).bytes();
        text.insert(text.find("Contact:"), "Refer-To: " + std::string(to) + "\r\n");
        agent.handle_message(kit::parse(text),
                             {sip::Transport::udp, kit::address("192.0.2.9", 5060), {}}, now);
        std::vector<std::string> lines;
        while (auto output = agent.poll()) {
            if (auto* transmit = std::get_if<sip::Transmit>(&*output)) {
                const auto message = kit::parse(transmit->bytes);
                lines.push_back(message.is_request() ? std::string(message.method_name()) + " " +
                                                           std::string(message.body())
                                                     : std::to_string(message.status()));
            } else if (auto* event = std::get_if<sip::SessionEvent>(&*output)) {
                focus.handle_session(*event, now);
            }
        }
        return lines;
    };
    EXPECT_EQ(refer(2, "<sip:bob@h>"), Notes{"403"});
    for (const char key : std::string_view("99")) focus.handle_digit(host, key, now);
    EXPECT_EQ(refer(3, "<mailto:bob@h>"), Notes{"416"});
    EXPECT_EQ(refer(4, "hello <"), Notes{"400"});
    EXPECT_EQ(refer(5, "<sip:nobody@h;method=BYE>"), Notes{"404"});
    const auto called = refer(6, "<sip:bob@h>");
    EXPECT_NE(std::find(called.begin(), called.end(), "202"), called.end());
    EXPECT_NE(std::find(called.begin(), called.end(), "NOTIFY SIP/2.0 100 Trying\r\n"),
              called.end());
    EXPECT_EQ(focus.participants("class"), 3u);
}

TEST_F(FocusTest, TheFactoryMakesARoomForItsCaller) {
    const auto challenge = turn(invite("conference"));
    EXPECT_EQ(challenge->status(), 401) << "rooms are made by members";
    const auto ok =
        turn(invite("conference", 2, authorization(*challenge, "conference", "secret")));
    ASSERT_EQ(ok->status(), 200);
    const auto contact = sip::NameAddr::parse(*ok->header(sip::Header::contact));
    const auto name = std::string(contact->uri()->user_name());
    EXPECT_TRUE(name.starts_with("adhoc-")) << "where others join him: " << name;
    EXPECT_TRUE(focus.has_own_room(name));
    EXPECT_TRUE(focus.roster(name)[0].is_host());
    EXPECT_EQ(turn(invite(name, 3))->status(), 200);
    EXPECT_EQ(focus.participants(name), 2u);
    turn(in_dialog("ACK", 1, *ok, 2));
    turn(in_dialog("BYE", 2, *ok, 2));
    focus.handle_leg_lost(media.last_leg, now);
    EXPECT_FALSE(focus.has_own_room(name)) << "it goes with its last";
}

TEST_F(FocusTest, HoldResumeAndACodecChange) {
    const auto ok = turn(invite("demo"));
    turn(in_dialog("ACK", 1, *ok));
    const auto held = turn(in_dialog("INVITE", 2, *ok, 1, kit::phone_sdp("0", "a=sendonly\r\n")));
    EXPECT_EQ(held->status(), 200);
    EXPECT_NE(held->body().find("a=recvonly"), std::string_view::npos);
    EXPECT_EQ(media.notes.back(), "configure PCMU receive");
    turn(in_dialog("ACK", 2, *ok));
    EXPECT_EQ(turn(in_dialog("INVITE", 3, *ok, 1, kit::phone_sdp("9")))->status(), 200);
    EXPECT_EQ(media.notes.back(), "configure G722 send receive");
    turn(in_dialog("ACK", 3, *ok));
    EXPECT_EQ(turn(in_dialog("INVITE", 4, *ok, 1, kit::phone_sdp("18")))->status(), 488);
    EXPECT_EQ(media.notes.back(), "configure G722 send receive")
        << "a refused offer changes nothing";
    EXPECT_EQ(focus.participants("demo"), 1u);
}

TEST_F(FocusTest, ARoomThatInsistsOnEncryptionSaysSo) {
    directory.rooms["secret"] = {.name = "secret", .encryption = sdp::Protection::required};
    const auto refused = turn(invite("secret"));
    EXPECT_EQ(refused->status(), 488);
    EXPECT_EQ(refused->reason(), "Encryption Required");
    EXPECT_EQ(focus.conference_count(), 0u);
    auto offer = kit::phone_sdp("0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 "
                                     "inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd\r\n");
    const auto ok = turn(invite("secret", 2, "", offer));
    ASSERT_EQ(ok->status(), 200);
    EXPECT_NE(ok->body().find("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"),
              std::string_view::npos);
    EXPECT_EQ(media.notes.back(), "configure PCMU send receive encrypted");
}

TEST_F(FocusTest, WhatDtlsAndIceNeedReachesTheMediaSide) {
    const std::string print = "sha-256 AB" + [] {
        std::string out;
        for (int i = 1; i < 32; ++i) out += ":CD";
        return out;
    }();
    auto offer = kit::phone_sdp("0", "a=setup:passive\r\na=rtcp-mux\r\na=ice-ufrag:abcd\r\n"
                                     "a=ice-pwd:0123456789012345678901\r\na=fingerprint:" +
                                         print + "\r\n");
    offer.replace(offer.find("RTP/AVP"), 7, "UDP/TLS/RTP/SAVP");
    const auto ok = turn(invite("demo", 1, "", offer));
    ASSERT_EQ(ok->status(), 200);
    ASSERT_TRUE(media.last_access.dtls && media.last_access.ice);
    EXPECT_TRUE(media.last_access.dtls->we_begin);
    EXPECT_EQ(media.last_access.dtls->fingerprint.to_string(), print);
    EXPECT_EQ(media.last_access.ice->remote,
              (rtp::IceCredentials{"abcd", "0123456789012345678901"}));
    EXPECT_NE(ok->body().find("a=ice-ufrag:" + media.last_access.ice->local.ufrag),
              std::string_view::npos);
    EXPECT_EQ(media.notes.back(), "configure PCMU send receive") << "the keys are still to come";
}

TEST_F(FocusTest, OfferlessInviteAndReinvite) {
    const auto ok = turn(invite("demo", 1, "", ""));
    ASSERT_EQ(ok->status(), 200);
    EXPECT_NE(ok->body().find("opus/48000/2"), std::string_view::npos);
    turn(in_dialog("ACK", 1, *ok, 1, kit::phone_sdp("8")));
    EXPECT_EQ(media.notes.back(), "configure PCMA send receive");
    const auto again = turn(in_dialog("INVITE", 2, *ok));
    EXPECT_EQ(again->status(), 200);
    EXPECT_NE(again->body().find("m=audio"), std::string_view::npos);
    turn(in_dialog("ACK", 2, *ok, 1, kit::phone_sdp("0")));
    EXPECT_EQ(media.notes.back(), "configure PCMU send receive");
}

TEST_F(FocusTest, AGhostIsHungUpAndAStopSaysGoodbyeToAll) {
    const auto ok = turn(invite("demo"));
    turn(in_dialog("ACK", 1, *ok));
    focus.handle_leg_lost(media.last_leg, now);
    const auto bye = drain();
    ASSERT_EQ(bye->method(), sip::Method::bye);
    EXPECT_NE(bye->header(sip::Header::reason)->find("No media"), std::string_view::npos);
    EXPECT_EQ(focus.leg_count(), 0u) << "even while its BYE is unanswered";
    turn(sip::MessageWriter::reply(*bye, 200).finish());
    EXPECT_EQ(agent.session_count(), 0u);
    const auto other = turn(invite("demo", 2));
    turn(in_dialog("ACK", 1, *other, 2));
    focus.end_all("bye", now);
    EXPECT_EQ(drain()->method(), sip::Method::bye);
}

TEST_F(FocusTest, NoLineOfTheLogNamesACallerOrAnAddress) {
    const auto ok = turn(invite("demo"));
    turn(in_dialog("ACK", 1, *ok));
    turn(invite("nowhere", 2));
    turn(invite("staff", 3));
    turn(in_dialog("BYE", 2, *ok));
    for (const auto& line : log.lines()) {
        EXPECT_EQ(line.find("192.0.2."), std::string::npos) << line;
        EXPECT_EQ(line.find("alice"), std::string::npos) << line;
    }
    EXPECT_GE(log.lines().size(), 6u);
}

} // namespace
} // namespace lyceum::focus
