// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/notifier.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

namespace lyceum::sip {
namespace {

using kit::NotifierKit;

std::string header(const NotifierKit::Sent& sent, std::string_view name) {
    return std::string(sent.message.header(name).value_or("(none)"));
}

/// Subscribed, and the first NOTIFY answered; gives our tag.
std::string subscribed(NotifierKit& kit, const std::string& call = "c1",
                       const std::string& more = {}) {
    kit.hand_in(kit.subscribe(call, more));
    const auto accepted = kit.next("200");
    EXPECT_TRUE(accepted);
    kit.run(1ms);
    const auto notify = kit.next("NOTIFY");
    EXPECT_TRUE(notify);
    kit.answer(*notify);
    return std::string(tag_of(accepted->message, Header::to));
}

TEST(NotifierTest, ASubscriberIsToldTheStateAndWhatBecomesOfIt) {
    NotifierKit kit;
    kit.hand_in(kit.subscribe("c1", "Expires: 600\n"));
    const auto accepted = kit.next("200");
    ASSERT_TRUE(accepted);
    EXPECT_EQ(header(*accepted, "Expires"), "600");
    EXPECT_EQ(header(*accepted, "Contact"), "<sip:paris@192.0.2.1:5060>");
    kit.run(1ms);
    auto notify = kit.next("NOTIFY");
    ASSERT_TRUE(notify);
    EXPECT_EQ(notify->message.request_uri(), "sip:ann@192.0.2.9");
    EXPECT_EQ(header(*notify, "Event"), "weather");
    EXPECT_EQ(header(*notify, "Subscription-State"), "active;expires=600");
    EXPECT_EQ(header(*notify, "Content-Type"), "text/plain");
    EXPECT_EQ(header(*notify, "To"), "<sip:ann@192.0.2.1>;tag=fc1");
    EXPECT_EQ(header(*notify, "From"), header(*accepted, "To"));
    EXPECT_EQ(notify->message.body(), "ann sees sun as text/plain");
    kit.answer(*notify);
    kit.change("paris", "rain");
    kit.run(1ms);
    notify = kit.next("NOTIFY");
    ASSERT_TRUE(notify);
    EXPECT_EQ(notify->message.body(), "ann sees rain as text/plain");
    EXPECT_EQ(header(*notify, "CSeq"), "2 NOTIFY");
}

TEST(NotifierTest, OneIsUnderWayAndTheNewestStateComesLast) {
    NotifierKit kit;
    kit.hand_in(kit.subscribe("c1"));
    kit.run(1ms);
    const auto first = kit.next("NOTIFY");
    ASSERT_TRUE(first);
    kit.change("paris", "rain");
    kit.change("paris", "snow");
    kit.run(100ms);
    EXPECT_FALSE(kit.next("NOTIFY"));
    kit.answer(*first);
    kit.run(1ms);
    const auto second = kit.next("NOTIFY");
    ASSERT_TRUE(second);
    EXPECT_EQ(second->message.body(), "ann sees snow as text/plain");
    kit.answer(*second);
    kit.run(1s);
    EXPECT_FALSE(kit.next("NOTIFY"));
}

TEST(NotifierTest, WhatIsAskedForIsRefusedOrCutByTheRules) {
    struct Row {
        std::string headers;
        int status;
        std::string name, value;
    };
    for (const auto& row : std::vector<Row>{
             {"Expires: 59\n", 423, "Min-Expires", "60"},
             {"Expires: soon\n", 400, "Min-Expires", "(none)"},
             {"Expires: 99999\n", 200, "Expires", "7200"},
             {"", 200, "Expires", "3600"},
             {"Accept: application/pidf+xml\n", 406, "Accept", "text/plain, text/html"},
             {"Accept: image/png, text/*\n", 200, "Expires", "3600"},
             {"Accept: */*;q=0.1\n", 200, "Expires", "3600"},
         }) {
        NotifierKit kit;
        kit.hand_in(kit.subscribe("c1", row.headers));
        const auto answer = kit.next(std::to_string(row.status));
        ASSERT_TRUE(answer) << row.headers;
        EXPECT_EQ(header(*answer, row.name), row.value) << row.headers;
        EXPECT_EQ(kit.disk.size(), row.status == 200 ? 1u : 0u) << row.headers;
    }
}

TEST(NotifierTest, TheWatcherGetsTheFormatThatHeTakes) {
    NotifierKit kit;
    kit.hand_in(kit.subscribe("c1", "Accept: text/html\n"));
    kit.run(1ms);
    const auto notify = kit.next("NOTIFY");
    ASSERT_TRUE(notify);
    EXPECT_EQ(header(*notify, "Content-Type"), "text/html");
}

TEST(NotifierTest, ALookIsOneNotifyAndLeavesNothing) {
    NotifierKit kit;
    kit.hand_in(kit.subscribe("c1", "Expires: 0\n"));
    EXPECT_TRUE(kit.next("200"));
    const auto notify = kit.next("NOTIFY");
    ASSERT_TRUE(notify);
    EXPECT_EQ(header(*notify, "Subscription-State"), "terminated;reason=timeout");
    EXPECT_EQ(notify->message.body(), "ann sees sun as text/plain");
    EXPECT_EQ(kit.notifier.size(), 0u);
    kit.answer(*notify);
    kit.run(60s);
    EXPECT_EQ(kit.agent.transactions().size(), 0u);
}

TEST(NotifierTest, ItIsRefreshedAndEndsWhenAskedOrInTime) {
    NotifierKit kit;
    const auto tag = subscribed(kit, "c1", "Expires: 100\n");
    kit.run(90s);
    kit.hand_in(kit.subscribe("c1", "Expires: 100\n", tag, 2));
    ASSERT_TRUE(kit.next("200"));
    kit.run(1ms);
    auto notify = kit.next("NOTIFY");
    ASSERT_TRUE(notify); // Each SUBSCRIBE brings the state (§4.2.1.2).
    kit.answer(*notify);
    kit.run(99s);
    EXPECT_EQ(kit.notifier.size(), 1u);
    kit.run(2s);
    notify = kit.next("NOTIFY");
    ASSERT_TRUE(notify);
    EXPECT_EQ(header(*notify, "Subscription-State"), "terminated;reason=timeout");
    EXPECT_EQ(kit.notifier.size(), 0u);
    EXPECT_TRUE(kit.disk.empty());
    kit.answer(*notify);
    kit.sent.clear(); // It has been repeated meanwhile.

    const auto other = subscribed(kit, "c2");
    kit.hand_in(kit.subscribe("c2", "Expires: 0\n", other, 2));
    EXPECT_TRUE(kit.next("200"));
    notify = kit.next("NOTIFY");
    ASSERT_TRUE(notify);
    EXPECT_EQ(header(*notify, "Subscription-State"), "terminated;reason=timeout");
    kit.hand_in(kit.subscribe("c2", "", other, 3));
    EXPECT_TRUE(kit.next("489")); // What the user agent says of events that are not its own.
}

TEST(NotifierTest, OnlyWhoKnowsTheDialogIsInIt) {
    NotifierKit kit;
    const auto tag = subscribed(kit);
    EXPECT_TRUE(kit.notifier.find(kit.subscribe("c1", "", tag, 2)));
    EXPECT_FALSE(kit.notifier.find(kit.subscribe("c2", "", tag, 2)));
    EXPECT_FALSE(kit.notifier.find(kit.subscribe("c1", "", "1-0000000000000000", 2)));
    EXPECT_FALSE(kit.notifier.find(kit.subscribe("c1", "", "99999999999999999999", 2)));
    kit.event = "weather;id=2";
    EXPECT_FALSE(kit.notifier.find(kit.subscribe("c1", "", tag, 2)));
    kit.event = "traffic";
    EXPECT_FALSE(kit.notifier.find(kit.subscribe("c1", "", tag, 2)));
}

TEST(NotifierTest, AnOldSubscribeIsOutOfOrder) {
    NotifierKit kit;
    const auto tag = subscribed(kit);
    kit.hand_in(kit.subscribe("c1", "", tag, 5));
    EXPECT_TRUE(kit.next("200"));
    kit.hand_in(kit.subscribe("c1", "Expires: 0\n", tag, 4));
    EXPECT_TRUE(kit.next("500"));
    EXPECT_EQ(kit.notifier.size(), 1u);
}

TEST(NotifierTest, WhoCannotBeToldIsNoWatcherAnyMore) {
    struct Row {
        int status;
        std::string retry_after;
        std::size_t left;
    };
    for (const auto& row : std::vector<Row>{{200, "", 1},
                                            {481, "", 0},
                                            {481, "5", 0},
                                            {404, "", 0},
                                            {489, "", 0},
                                            {500, "", 0},
                                            {503, "5", 1},
                                            {0, "", 0}}) {
        NotifierKit kit;
        kit.hand_in(kit.subscribe("c1"));
        kit.run(1ms);
        const auto notify = kit.next("NOTIFY");
        ASSERT_TRUE(notify);
        if (row.status) kit.answer(*notify, row.status, row.retry_after);
        else kit.run(33s); // He is gone.
        EXPECT_EQ(kit.notifier.size(), row.left) << row.status;
        EXPECT_EQ(kit.disk.size(), row.left) << row.status;
        if (row.retry_after.empty() || row.left == 0) continue;
        kit.run(4900ms);
        EXPECT_FALSE(kit.next("NOTIFY")); // He has asked for a rest.
        kit.run(200ms);
        EXPECT_TRUE(kit.next("NOTIFY"));
    }
}

TEST(NotifierTest, APaceThatIsAskedForIsKept) {
    NotifierKit kit;
    kit.event = "weather;max-rate=0.1";
    subscribed(kit);
    kit.change("paris", "rain");
    kit.run(1s);
    kit.change("paris", "snow");
    kit.run(8900ms);
    EXPECT_FALSE(kit.next("NOTIFY"));
    kit.run(200ms);
    const auto notify = kit.next("NOTIFY");
    ASSERT_TRUE(notify);
    EXPECT_EQ(notify->message.body(), "ann sees snow as text/plain");
    kit.answer(*notify);

    kit.event = "weather;min-rate=0.5";
    subscribed(kit, "c2");
    kit.run(1900ms);
    EXPECT_FALSE(kit.next("NOTIFY"));
    kit.run(200ms);
    EXPECT_TRUE(kit.next("NOTIFY"));
}

/// A package that counts, and tells by how much since it was asked last.
class Counting final : public EventSource {
public:
    EventState state(std::string_view, std::string_view, std::string_view) override { return {}; }
    std::unique_ptr<EventView> follow(std::string_view, std::string_view,
                                      std::string_view) override {
        struct View final : EventView {
            explicit View(Counting& of) : counting(of) {}
            std::optional<Telling> tell(bool all, std::uint32_t) override {
                return counting.tell(all);
            }
            Counting& counting;
        };
        return std::make_unique<View>(*this);
    }
    std::optional<EventView::Telling> tell(bool all) {
        const auto more = std::exchange(fresh, 0);
        if (!all && more == 0) return std::nullopt;
        return EventView::Telling{"text/plain", all ? "all" : "+" + std::to_string(more), false};
    }
    int fresh = 0;
};

TEST(NotifierTest, WhatIsToldInPartsIsToldWholeAtFirstAndWhenItIsTime) {
    NotifierKit kit;
    Counting counting;
    kit.notifier.add({.name = "count", .types = {"text/plain"}, .source = &counting});
    kit.event = "count;min-rate=0.5";
    kit.hand_in(kit.subscribe("c1"));
    const auto tag = std::string(tag_of(kit.next("200")->message, Header::to));
    const auto told = [&](Duration after) {
        kit.run(after);
        const auto notify = kit.next("NOTIFY");
        if (!notify) return std::string();
        kit.answer(*notify);
        return std::string(notify->message.body());
    };
    EXPECT_EQ(told(1ms), "all");
    counting.fresh = 3;
    kit.notifier.change("count", "paris", kit.now);
    EXPECT_EQ(told(1ms), "+3");
    kit.notifier.change("count", "paris", kit.now);
    EXPECT_EQ(told(1ms), "") << "nothing is new";
    EXPECT_EQ(told(2s), "all") << "every two seconds, also if nothing is";
    kit.hand_in(kit.subscribe("c1", {}, tag, 2));
    EXPECT_EQ(told(1ms), "all") << "each SUBSCRIBE is answered with all there is";
}

TEST(NotifierTest, WhoKnowsTheStateIsNotToldAgain) {
    NotifierKit kit;
    kit.hand_in(kit.subscribe("c1"));
    const auto tag = std::string(tag_of(kit.next("200")->message, Header::to));
    kit.run(1ms);
    const auto notify = kit.next("NOTIFY");
    ASSERT_TRUE(notify);
    const auto entity = header(*notify, "SIP-ETag");
    kit.answer(*notify);
    kit.hand_in(kit.subscribe("c1", "Suppress-If-Match: " + entity + "\n", tag, 2));
    EXPECT_TRUE(kit.next("204"));
    kit.run(1s);
    EXPECT_FALSE(kit.next("NOTIFY"));
    kit.change("paris", "rain");
    kit.run(1ms);
    const auto changed = kit.next("NOTIFY");
    ASSERT_TRUE(changed);
    kit.answer(*changed);
    kit.hand_in(kit.subscribe("c1", "Suppress-If-Match: " + entity + "\n", tag, 3));
    EXPECT_TRUE(kit.next("200"));
    kit.run(1ms);
    EXPECT_TRUE(kit.next("NOTIFY"));
}

TEST(NotifierTest, WhoWaitsForTheOwnerSeesNothingYet) {
    NotifierKit kit;
    kit.pending = true;
    kit.hand_in(kit.subscribe("c1"));
    EXPECT_TRUE(kit.next("200"));
    kit.run(1ms);
    auto notify = kit.next("NOTIFY");
    ASSERT_TRUE(notify);
    EXPECT_EQ(header(*notify, "Subscription-State"), "pending;expires=3600");
    EXPECT_EQ(notify->message.body(), "");
    kit.answer(*notify);
    const auto id = kit.notifier.watchers("weather", "paris").at(0)->id;
    kit.notifier.activate(id, kit.now);
    kit.drain();
    kit.run(1ms);
    notify = kit.next("NOTIFY");
    ASSERT_TRUE(notify);
    EXPECT_EQ(notify->message.body(), "ann sees sun as text/plain");
    EXPECT_FALSE(kit.disk.at(id).pending);
    kit.answer(*notify);
    kit.notifier.terminate(id, Notifier::Reason::rejected, kit.now);
    kit.drain();
    notify = kit.next("NOTIFY");
    ASSERT_TRUE(notify);
    EXPECT_EQ(header(*notify, "Subscription-State"), "terminated;reason=rejected");
}

TEST(NotifierTest, WhatIsNotOnDiskIsNotAcknowledged) {
    NotifierKit kit;
    kit.keeps.reset();
    kit.hand_in(kit.subscribe("c1"));
    kit.run(1s);
    EXPECT_TRUE(kit.sent.empty());
    kit.notifier.handle_saved(kit.unanswered.at(0), true, kit.now);
    kit.drain();
    EXPECT_TRUE(kit.next("200"));
    kit.hand_in(kit.subscribe("c2"));
    kit.notifier.handle_saved(kit.unanswered.at(1), false, kit.now);
    kit.drain();
    EXPECT_TRUE(kit.next("500"));
    EXPECT_EQ(kit.notifier.size(), 1u);
}

TEST(NotifierTest, SubscriptionsGoOnAfterARestart) {
    NotifierKit before;
    const auto tag = subscribed(before, "c1", "Expires: 600\n");
    subscribed(before, "c2", "Expires: 60\n");
    std::vector<Subscription> disk;
    for (const auto& [id, each] : before.disk) disk.push_back(each);

    NotifierKit kit;
    kit.now += 100s;
    kit.weather["paris"] = "rain";
    kit.notifier.restore(disk, kit.now);
    kit.drain();
    EXPECT_EQ(kit.notifier.size(), 1u); // The other's time was over.
    kit.run(10ms);
    const auto notify = kit.next("NOTIFY");
    ASSERT_TRUE(notify);
    EXPECT_EQ(notify->message.body(), "ann sees rain as text/plain");
    EXPECT_GT(cseq_of(notify->message), 1000u);
    EXPECT_EQ(header(*notify, "Subscription-State"), "active;expires=500");
    kit.answer(*notify);
    kit.hand_in(kit.subscribe("c1", "", tag, 2));
    EXPECT_TRUE(kit.next("200"));
    subscribed(kit, "c3");
    EXPECT_EQ(kit.notifier.size(), 2u);
}

TEST(NotifierTest, ManyWatchersOfOneDoNotHoldUpTheOthers) {
    NotifierKit kit({.of_watcher_max = 100'000});
    kit.weather["rome"] = "sun";
    for (int i = 0; i < 1000; ++i) kit.hand_in(kit.subscribe("many" + std::to_string(i)));
    auto few = std::string(kit.subscribe("few").bytes());
    for (auto at = few.find("paris"); at != std::string::npos; at = few.find("paris"))
        few.replace(at, 5, "rome");
    kit.hand_in(kit::parse(few));
    kit.run(100ms);
    while (const auto notify = kit.next("NOTIFY")) kit.answer(*notify);
    kit.run(100ms);
    kit.sent.clear();
    kit.change("paris", "rain");
    kit.change("rome", "rain");
    kit.notifier.handle_timeout(kit.now);
    kit.drain();
    EXPECT_EQ(kit.sent.size(), 16u); // One turn…
    int romes = 0;
    for (const auto& each : kit.sent)
        romes += header(each, "From").find("rome") != std::string::npos;
    EXPECT_EQ(romes, 1); // …has a place for everybody.
    kit.run(100ms);
    EXPECT_EQ(kit.sent.size(), 1001u);
}

TEST(NotifierTest, AWatcherBehindAProxyIsToldByIt) {
    NotifierKit kit;
    kit.hand_in(kit.subscribe("c1", "Record-Route: <sip:edge.example.org;lr>\n"));
    EXPECT_EQ(header(*kit.next("200"), "Record-Route"), "<sip:edge.example.org;lr>");
    kit.run(1ms);
    ASSERT_EQ(kit.wanted.size(), 1u);
    EXPECT_EQ(kit.wanted.front().uri, "sip:edge.example.org;lr");
    const Endpoint edge{Transport::udp, kit::address("198.51.100.7", 5060), {}};
    kit.notifier.handle_located(kit.wanted.front().id, {edge}, kit.now);
    kit.drain();
    const auto notify = kit.next("NOTIFY");
    ASSERT_TRUE(notify);
    EXPECT_EQ(notify->to, edge);
    EXPECT_EQ(header(*notify, "Route"), "<sip:edge.example.org;lr>");
}

TEST(NotifierTest, WhoCameByUdpIsToldByUdpHoweverLongItIs) {
    NotifierKit kit;
    kit.weather["paris"] = std::string(3000, 'x');
    kit.hand_in(kit.subscribe("c1"));
    kit.run(1ms);
    const auto notify = kit.next("NOTIFY");
    ASSERT_TRUE(notify);
    EXPECT_EQ(notify->to, kit.phone);
    const Endpoint flow{Transport::tcp, kit::address("192.0.2.9", 40000), FlowId{7}};
    kit.hand_in(kit.subscribe("c2"), flow);
    kit.run(1ms);
    EXPECT_EQ(kit.next("NOTIFY")->to, flow);
}

TEST(NotifierTest, ThereIsALimitForEachWatcherAndForAll) {
    NotifierKit kit({.subscriptions_max = 3, .of_watcher_max = 2});
    subscribed(kit, "c1");
    subscribed(kit, "c2");
    kit.hand_in(kit.subscribe("c3"));
    EXPECT_TRUE(kit.next("403"));
    NotifierKit full({.subscriptions_max = 1});
    subscribed(full, "c1");
    full.hand_in(full.subscribe("c2"));
    EXPECT_EQ(header(*full.next("503"), "Retry-After"), "60");
}

} // namespace
} // namespace lyceum::sip
