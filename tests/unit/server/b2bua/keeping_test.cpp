// SPDX-License-Identifier: Apache-2.0
#include "server/store/call_store.hpp"
#include "server/store/database.hpp"
#include "tests/kit/trunk_calls.hpp"

#include <filesystem>

namespace lyceum::b2bua {
namespace {

/// What is on disk of the calls of an exchange.
std::map<std::string, KeptCall> kept_by(kit::Exchange& exchange,
                                        std::map<std::string, KeptCall> before = {}) {
    while (const auto output = exchange.b2bua.poll()) {
        if (const auto* keep = std::get_if<B2bua::Keep>(&*output))
            before.insert_or_assign(keep->call.id, keep->call);
        else if (const auto* forget = std::get_if<B2bua::Forget>(&*output))
            before.erase(forget->id);
    }
    return before;
}

/// Alice talks to a telephone when the server dies.
class KeepingTest : public kit::TrunkCalls {
protected:
    /// The server that is started afterwards, with what the one before has left.
    void start_again(const std::map<std::string, KeptCall>& calls) {
        after.routes = exchange.routes;
        after.set_trunks({provider});
        std::vector<KeptCall> all;
        for (const auto& [id, call] : calls) all.push_back(call);
        after.b2bua.restore(all, after.now);
        after.turn();
        for (const auto& to : {first, second})
            after.hand_in(answer(*after.next("OPTIONS"), 200), to);
    }

    kit::Exchange after;
};

TEST_F(KeepingTest, WhoHangsUpAfterACrashIsHeardOnTheOtherSide) {
    connect();
    const auto calls = kept_by(exchange);
    ASSERT_EQ(calls.size(), 1u);
    EXPECT_EQ(calls.begin()->second.trunk, "provider");
    EXPECT_EQ(calls.begin()->second.way, "out");
    start_again(calls);
    EXPECT_EQ(after.b2bua.size(), 1u);
    after.hand_in(inside("BYE", *ok), phone);
    const auto bye = after.next("BYE");
    ASSERT_TRUE(bye);
    EXPECT_EQ(bye->to, first);
    EXPECT_EQ(bye->message.header(Header::call_id), invite->message.header(Header::call_id));
    EXPECT_GT(sip::cseq_of(bye->message), sip::cseq_of(invite->message) + 100)
        << "whatever was asked before, it is later";
    after.hand_in(answer(*bye, 200), first);
    EXPECT_TRUE(kept_by(after, calls).empty());
    EXPECT_EQ(after.b2bua.size(), 0u);
}

TEST_F(KeepingTest, WhatIsOverIsNotKept) {
    connect();
    const auto calls = kept_by(exchange);
    exchange.hand_in(back("BYE", *invite, 20), first);
    exchange.hand_in(answer(*exchange.next("BYE"), 200), phone);
    EXPECT_TRUE(kept_by(exchange, calls).empty());
}

TEST_F(KeepingTest, WhatIsAskedInItPassesAsBefore) {
    connect();
    start_again(kept_by(exchange));
    after.hand_in(back("INVITE", *invite, 20, "Content-Type: application/sdp\n", "offer"), first);
    const auto asked = after.next("INVITE");
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->to, phone);
    EXPECT_EQ(asked->message.body(), "offer");
    after.hand_in(
        answer(*asked, 200,
               {"Session-Expires: 90;refresher=uas\nContent-Type: application/sdp", "answer"}),
        phone);
    const auto said = after.next("200");
    ASSERT_TRUE(said);
    EXPECT_EQ(said->to, first);
    EXPECT_EQ(said->message.body(), "answer");
    const auto now = kept_by(after);
    ASSERT_EQ(now.size(), 1u);
    EXPECT_EQ(now.begin()->second.expires_s, 90u);
    // And nobody refreshes it: it ends on both sides.
    after.run(130s);
    std::set<IpAddress> told;
    while (const auto bye = after.next("BYE")) told.insert(bye->to.address.ip);
    EXPECT_EQ(told, (std::set{first.address.ip, phone.address.ip}));
}

/// The keys of its media were in memory.
TEST_F(KeepingTest, ACallWhoseMediaWentByUsEndsOnBothSides) {
    start();
    dial("Content-Type: application/sdp\n", kit::browser_offer());
    invite = exchange.next("INVITE");
    exchange.hand_in(answer(*invite, 200,
                            {"Content-Type: application/sdp",
                             kit::plain_description("m=video 0 RTP/AVP 96\r\n")}),
                     first);
    ASSERT_TRUE(heard(200));
    const auto calls = kept_by(exchange);
    ASSERT_EQ(calls.size(), 1u);
    EXPECT_TRUE(calls.begin()->second.relayed);
    after.set_trunks({provider});
    after.b2bua.restore({calls.begin()->second}, after.now);
    after.turn();
    std::set<IpAddress> told;
    while (const auto bye = after.next("BYE")) {
        told.insert(bye->to.address.ip);
        after.hand_in(answer(*bye, 200), bye->to);
    }
    EXPECT_EQ(told, (std::set{first.address.ip, phone.address.ip}));
    EXPECT_TRUE(kept_by(after, calls).empty());
    EXPECT_EQ(after.b2bua.size(), 0u);
}

TEST_F(KeepingTest, OnDiskItIsWhatItWas) {
    connect();
    auto call = kept_by(exchange).begin()->second;
    call.ends[0].description = "v=0\r\n";
    call.ends[1].shown = Origin{"o=- 1 ", " IN IP4 192.0.2.1", 7};
    call.expires_s = 1800;
    call.ends[1].dialog.remote_cseq = 4;
    const auto path = testing::TempDir() + "lyceum-kept-calls";
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
    auto database = store::open_database(path);
    store::CallStore calls(database);
    calls.put(call);
    EXPECT_EQ(calls.load(), std::vector{call});
    auto other = call;
    other.id = "other";
    calls.put(other);
    call.relayed = true;
    calls.put(call);
    EXPECT_EQ(calls.load().size(), 2u);
    calls.remove("other");
    EXPECT_EQ(calls.load(), std::vector{call});
    calls.remove("nobody's");
}

} // namespace
} // namespace lyceum::b2bua
