// SPDX-License-Identifier: Apache-2.0
#include "server/records/call_records.hpp"
#include "tests/kit/proxy_calls.hpp"

namespace lyceum::records {
namespace {

class RecordsTest : public testing::Test {
protected:
    RecordId begin() { return records.begin(kit::request("INVITE"), {}, "room", now); }
    CallRecord only() {
        auto record = records.poll();
        EXPECT_TRUE(record);
        EXPECT_FALSE(records.poll());
        EXPECT_EQ(records.open_count(), 0u);
        EXPECT_FALSE(records.deadline());
        return record.value_or(CallRecord{});
    }

    TimePoint now{};
    CallRecords records{{.wall_at_zero = WallTime(1000s), .open_max = 2}};
};

TEST_F(RecordsTest, SaysWhoCalledWhomAndWhyItEnded) {
    now += 1s;
    const auto id = begin();
    now += 5s;
    records.answer(id, now);
    now += 60s;
    records.answer(id, now); // Once is enough.
    records.end(id, 487, "hung-up", now);
    const auto record = only();
    EXPECT_EQ(record.call_id, "c1");
    EXPECT_EQ(record.caller, "sip:alice@192.0.2.9");
    EXPECT_EQ(record.callee, "sip:demo@192.0.2.1");
    EXPECT_EQ(record.started, WallTime(1001s));
    EXPECT_EQ(record.answered, WallTime(1006s));
    EXPECT_EQ(record.ended, WallTime(1066s));
    EXPECT_EQ(record.status, 200);
    EXPECT_EQ(record.why, "hung-up");
    records.end(id, 200, "again", now);
    EXPECT_FALSE(records.poll());
}

TEST_F(RecordsTest, ALegWaitsToHearHowItSounded) {
    auto id = begin();
    records.answer(id, now);
    records.end_leg(id, 7, "peer-hung-up", now);
    EXPECT_FALSE(records.poll());
    records.handle_heard(8, {});
    records.handle_heard(7, {43, 12, 3});
    EXPECT_EQ(only().heard, (Heard{43, 12, 3}));

    id = begin();
    records.answer(id, now);
    records.end_leg(id, 9, "peer-hung-up", now);
    records.handle_timeout(now + 2s);
    EXPECT_FALSE(only().heard) << "or does without";
    id = begin();
    records.end_leg(id, 9, "cancelled", now);
    EXPECT_FALSE(only().answered) << "nobody spoke, so there is nothing to hear of";
}

TEST_F(RecordsTest, WhoIsNeverHungUpIsLostOneDay) {
    const auto id = begin();
    records.answer(id, now);
    records.handle_timeout(now + 12h);
    EXPECT_EQ(only().why, "lost");
}

TEST_F(RecordsTest, AServerThatStopsRecordsWhatGoesOn) {
    const auto talking = begin(), leaving = begin();
    for (const auto id : {talking, leaving}) records.answer(id, now);
    records.end_leg(leaving, 7, "peer-hung-up", now);
    records.end_all(now + 1s);
    std::map<std::string, WallTime> ended;
    while (const auto record = records.poll()) ended[record->why] = record->ended;
    EXPECT_EQ(ended, (std::map<std::string, WallTime>{{"peer-hung-up", WallTime(1000s)},
                                                      {"server stopped", WallTime(1001s)}}));
    EXPECT_FALSE(records.deadline());
}

TEST_F(RecordsTest, ThereIsABound) {
    const auto first = begin();
    begin();
    EXPECT_FALSE(begin());
    records.discard(first);
    EXPECT_TRUE(begin());
    records.answer({}, now);
    records.end({}, 200, "", now);
    EXPECT_FALSE(records.poll());
}

// ── Of the calls that pass the proxy ─────────────────────────────────────────────────────────────

class ProxyRecordsTest : public kit::ProxyCalls {
protected:
    std::optional<CallRecord> record() { return exchange.records.poll(); }
};

TEST_F(ProxyRecordsTest, AByeOfEitherSideEndsIt) {
    for (const bool by_caller : {true, false}) {
        exchange.bind("bob", "sip:bob@192.0.2.20:5060");
        ask({});
        const auto invite = exchange.next("INVITE");
        ASSERT_TRUE(invite);
        const auto ok = answer_to(invite->message, 200);
        exchange.hand_in(ok, desk);
        EXPECT_EQ(exchange.records.open_count(), 1u);
        const auto routes = ok.values(Header::record_route);
        const auto there = by_caller ? routes[1] : routes[0];
        const auto back = by_caller ? routes[0] : routes[1];
        auto bye =
            request({.method = "BYE",
                     .uri = by_caller ? "sip:bob@192.0.2.20:5060" : "sip:eve@203.0.113.9:5060",
                     .more = "Route: " + std::string(there) + ", " + std::string(back) + "\n",
                     .to_tag = "b"});
        if (!by_caller) {
            std::string text(bye.bytes());
            text.replace(text.find("tag=e\r"), 5, "tag=b");
            text.replace(text.rfind("tag=b"), 5, "tag=e");
            bye = kit::parse(std::move(text));
        }
        exchange.hand_in(bye, by_caller ? outside : desk);
        const auto over = record();
        ASSERT_TRUE(over);
        EXPECT_EQ(over->way, "member");
        EXPECT_EQ(over->why, by_caller ? "caller hung up" : "callee hung up");
        EXPECT_EQ(over->caller, "sip:eve@far.test");
        EXPECT_EQ(over->callee, "sip:bob@school.test");
        EXPECT_TRUE(over->answered);
    }
}

TEST_F(ProxyRecordsTest, WhatCameToNothingIsSaidToo) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    ask({});
    exchange.hand_in(answer_to(exchange.next("INVITE")->message, 486), desk);
    auto over = record();
    ASSERT_TRUE(over);
    EXPECT_EQ(over->status, 486);
    EXPECT_EQ(over->why, "refused");
    EXPECT_FALSE(over->answered);
    ask({.call_id = "c2"});
    exchange.run(33s);
    over = record();
    ASSERT_TRUE(over);
    EXPECT_EQ(over->status, 408);
    ask({.uri = "sip:nobody@school.test", .call_id = "c3"});
    EXPECT_FALSE(record()) << "who scans names fills no table";
}

} // namespace
} // namespace lyceum::records
