// SPDX-License-Identifier: Apache-2.0
/// The forking of RFC 3261 §16.5 to §16.10, move by move. A row is what happens, and what the fork
/// says to each of it.
#include "server/proxy/fork.hpp"
#include "tests/kit/sip.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace lyceum::proxy {
namespace {

using routing::Group, routing::Target, routing::When;

Group group(const std::string& names, When when = When::next,
            std::optional<Duration> ring_for = std::nullopt) {
    Group out;
    out.when = when;
    out.ring_for = ring_for;
    std::istringstream in(names);
    for (std::string name; in >> name;) {
        if (name.starts_with("@")) out.here = name.substr(1);
        else out.targets.push_back({"sip:" + name, {}, {}, {}, {}, {}});
    }
    return out;
}

sip::Message response(int status) {
    return kit::message("SIP/2.0 " + std::to_string(status) +
                        " Said\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\nFrom: <sip:a@b>;tag=1\n"
                        "To: <sip:c@d>;tag=2\nCall-ID: x\nCSeq: 1 INVITE\n");
}

/// "0:180" branch 0 says 180. "1:!408" branch 1 fails. "cancel", "+30" seconds go by.
class Player {
public:
    explicit Player(std::vector<Group> groups, bool invite = true)
        : fork(std::move(groups), {.invite = invite}) {}

    std::string play(const std::string& moves) {
        std::istringstream in(moves);
        fork.start(now);
        auto said = told();
        for (std::string move; in >> move;) {
            if (move.starts_with("to=")) {
                std::vector<Group> groups;
                if (move.size() > 3) groups.push_back(group(move.substr(3)));
                fork.handle_redirect(response(302), std::move(groups), now);
            } else if (move == "cancel") {
                fork.handle_cancel("SIP;cause=600", now);
            } else if (move.starts_with("+")) {
                const auto end = now + std::chrono::seconds(std::stoi(move));
                while (fork.deadline() && *fork.deadline() <= end) {
                    now = *fork.deadline();
                    fork.handle_timeout(now);
                    said += said.ends_with("| ") ? "" : " ";
                    said += told();
                }
                now = end;
                continue;
            } else {
                const auto branch = static_cast<std::size_t>(move[0] - '0');
                if (move[2] == '!') fork.handle_failure(branch, std::stoi(move.substr(3)), now);
                else fork.handle_response(branch, response(std::stoi(move.substr(2))), now);
            }
            said += " | " + told();
        }
        return said;
    }

    Fork fork;
    TimePoint now{};

private:
    std::string told() {
        std::string out;
        while (auto output = fork.poll()) {
            if (!out.empty()) out += ' ';
            if (auto* wanted = std::get_if<Fork::Try>(&*output))
                out += "try" + std::to_string(wanted->branch) + "=" + wanted->target.uri.substr(4);
            else if (auto* cancel = std::get_if<Fork::Cancel>(&*output))
                out += "cancel" + std::to_string(cancel->branch) +
                       (cancel->reason.empty() ? "" : "/" + cancel->reason.substr(10, 3));
            else if (auto* answer = std::get_if<Fork::PassOn>(&*output))
                out += "pass" + std::to_string(answer->response.status());
            else if (auto* finish = std::get_if<Fork::Finish>(&*output))
                out += "finish" + std::to_string(finish->status);
            else if (std::get_if<Fork::Redirected>(&*output)) out += "where?";
            else out += "here=" + std::get<Fork::HandOver>(*output).name;
        }
        return out;
    }
};

TEST(Fork, MoveByMove) {
    struct Row {
        const char* what;
        std::vector<Group> groups;
        const char* moves;
        const char* says;
        bool over = true;
    };
    const auto rang = When::no_answer;
    for (const auto& row : {
             Row{"one who answers",
                 {group("a")},
                 "0:100 0:180 0:200",
                 "try0=a |  | pass180 | pass200"},
             Row{"one who declines", {group("a")}, "0:486", "try0=a | pass486"},
             Row{"the first of two to answer; the other is told why",
                 {group("a b")},
                 "0:180 1:180 1:200 0:487",
                 "try0=a try1=b | pass180 | pass180 | pass200 cancel0/200 | "},
             Row{"both answer at once: the caller hears of both",
                 {group("a b")},
                 "1:200 0:200",
                 "try0=a try1=b | pass200 cancel0/200 | pass200"},
             Row{"a repeated 200 goes on too",
                 {group("a")},
                 "0:200 0:200",
                 "try0=a | pass200 | pass200"},
             Row{"not over before the loser has said so",
                 {group("a b")},
                 "1:200",
                 "try0=a try1=b | pass200 cancel0/200",
                 false},
             Row{"the lowest class is the best",
                 {group("a b")},
                 "0:500 1:404",
                 "try0=a try1=b |  | pass404"},
             Row{"in a class, what can be mended",
                 {group("a b")},
                 "0:404 1:415",
                 "try0=a try1=b |  | pass415"},
             Row{"408 says the least", {group("a b")}, "0:408 1:480", "try0=a try1=b |  | pass480"},
             Row{"6xx ends it for all",
                 {group("a b"), group("c")},
                 "0:603 1:487",
                 "try0=a try1=b | cancel1/603 | pass603"},
             Row{"6xx, and the other answers all the same",
                 {group("a b")},
                 "0:603 1:200",
                 "try0=a try1=b | cancel1/603 | pass200"},
             Row{"503 stays ours", {group("a")}, "0:503", "try0=a | finish500"},
             Row{"no answer at all", {group("a")}, "0:!408", "try0=a | finish408"},
             Row{"what was said is better than silence",
                 {group("a b")},
                 "0:!408 1:486",
                 "try0=a try1=b |  | pass486"},
             Row{"one after the other",
                 {group("a"), group("b")},
                 "0:486 1:200",
                 "try0=a | try1=b | pass200"},
             Row{"rings too long: the next, while the first one is still being told",
                 {group("a", When::next, 15s), group("b")},
                 "0:180 +15 0:487 1:200",
                 "try0=a | pass180 cancel0 try1=b |  | pass200"},
             Row{"picked up in the last moment: that counts, and the next is told",
                 {group("a", When::next, 15s), group("b")},
                 "+15 0:200 1:487",
                 "try0=a cancel0 try1=b | pass200 cancel1/200 | "},
             Row{"nobody comes: 480, whatever the cancelled ones say",
                 {group("a", When::next, 15s)},
                 "0:180 +15 0:487",
                 "try0=a | pass180 cancel0 | finish480"},
             Row{"busy goes where busy goes",
                 {group("a"), group("v", When::busy), group("n", rang)},
                 "0:486 1:200",
                 "try0=a | try1=v | pass200"},
             Row{"busy everywhere too",
                 {group("a"), group("v", When::busy)},
                 "0:600",
                 "try0=a | try1=v",
                 false},
             Row{"no answer goes where no answer goes",
                 {group("a", When::next, 20s), group("v", When::busy), group("n", rang)},
                 "0:180 +20 0:487 1:200",
                 "try0=a | pass180 cancel0 try1=n |  | pass200"},
             Row{"declined is neither",
                 {group("a"), group("v", When::busy), group("n", rang),
                  group("u", When::unreachable)},
                 "0:603",
                 "try0=a | pass603"},
             Row{"switched off is unreachable",
                 {group("a"), group("n", rang), group("u", When::unreachable)},
                 "0:!480",
                 "try0=a | try1=u",
                 false},
             Row{"no device at all is unreachable",
                 {group("v", When::busy), group("u", When::unreachable)},
                 "0:200",
                 "try0=u | pass200"},
             Row{"one detour is enough",
                 {group("a"), group("v", When::busy), group("w", When::busy)},
                 "0:486 1:486",
                 "try0=a | try1=v | pass486"},
             Row{"a phone that says where he is",
                 {group("a b")},
                 "0:302 to=c 2:180 2:200 1:487",
                 "try0=a try1=b | where? | try2=c | pass180 | pass200 cancel1/200 | "},
             Row{"a room even, once the others have given up",
                 {group("a b")},
                 "0:302 to=@maths 1:486",
                 "try0=a try1=b | where? |  | here=maths"},
             Row{"he is nowhere that we know",
                 {group("a")},
                 "0:302 to=",
                 "try0=a | where? | pass302"},
             Row{"two who point at each other",
                 {group("a")},
                 "0:302 to=b 1:302 to=a",
                 "try0=a | where? | try1=b | where? | pass302"},
             Row{"the caller gives up meanwhile",
                 {group("a b")},
                 "0:302 cancel to=c 1:487",
                 "try0=a try1=b | where? | cancel1/600 |  | finish487"},
             Row{"nowhere to go", {group("v", When::busy)}, "", "finish480"},
             Row{"the room as the last resort",
                 {group("a", When::next, 10s), group("@maths")},
                 "0:180 +10 0:487",
                 "try0=a | pass180 cancel0 | here=maths"},
             Row{"the caller gives up",
                 {group("a b"), group("c")},
                 "0:180 cancel 0:487 1:487",
                 "try0=a try1=b | pass180 | cancel0/600 cancel1/600 |  | finish487"},
             Row{"the caller gives up, and the callee answers",
                 {group("a")},
                 "cancel 0:200",
                 "try0=a | cancel0/600 | pass200"},
             Row{"the caller gives up too late",
                 {group("a")},
                 "0:200 cancel",
                 "try0=a | pass200 | "},
             Row{"timer C",
                 {group("a")},
                 "0:180 +182 0:487",
                 "try0=a | pass180 cancel0 | finish480"},
             Row{"each ringing starts timer C anew",
                 {group("a")},
                 "0:180 +170 0:180 +170 0:180",
                 "try0=a | pass180 | pass180 | pass180",
                 false},
         }) {
        Player player(row.groups);
        EXPECT_EQ(player.play(row.moves), row.says) << row.what;
        EXPECT_EQ(player.fork.is_over(), row.over) << row.what;
        if (row.over) {
            EXPECT_EQ(player.fork.deadline(), std::nullopt) << row.what;
        }
    }
}

TEST(Fork, WhatIsNoInviteIsNotCancelledAndAnsweredOnce) {
    Player player({group("a b")}, false);
    EXPECT_EQ(player.play("0:200 cancel 1:200"), "try0=a try1=b | pass200 |  | ");
    EXPECT_TRUE(player.fork.is_over());
}

TEST(Fork, WhoDoesNotWantToBeFollowedIsAnswered302) {
    Fork fork({group("a")}, {.recurses = false});
    fork.start({});
    fork.poll();
    fork.handle_response(0, response(302), {});
    EXPECT_EQ(std::get<Fork::PassOn>(*fork.poll()).response.status(), 302);
}

TEST(Fork, AllChallengesAreGathered) {
    Fork fork({group("a b")}, {});
    fork.start({});
    const auto asks = [](const char* realm) {
        return kit::message("SIP/2.0 401 Who\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\n"
                            "From: <sip:a@b>;tag=1\nTo: <sip:c@d>;tag=2\nCall-ID: x\n"
                            "CSeq: 1 INVITE\nWWW-Authenticate: Digest realm=\"" +
                            std::string(realm) + "\", nonce=\"1\"\n");
    };
    fork.handle_response(0, asks("north"), {});
    fork.handle_response(1, asks("south"), {});
    std::optional<sip::Message> answer;
    while (auto output = fork.poll())
        if (auto* passed = std::get_if<Fork::PassOn>(&*output)) answer = passed->response;
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->count(sip::Header::www_authenticate), 2u);
}

} // namespace
} // namespace lyceum::proxy
