// SPDX-License-Identifier: Apache-2.0
#include "presence/xml.hpp"
#include "tests/kit/presence_calls.hpp"

#include "sip/message/values.hpp"

#include <map>

namespace lyceum::events {
namespace {

using sip::Header;

constexpr auto list_headers = "Supported: eventlist\n";

/// A multipart NOTIFY of a list, taken apart.
struct Listing {
    std::string uri, version;
    bool full = false;
    std::map<std::string, std::string> instances; ///< By URI: its state, and what is the reason.
    std::map<std::string, std::string> bodies;    ///< By URI.

    static Listing of(const sip::Message& notify) {
        Listing out;
        const auto type = sip::ContentType::parse(*notify.header(Header::content_type));
        EXPECT_TRUE(type && type->is("multipart", "related"));
        EXPECT_TRUE(notify.lists(Header::require, "eventlist"));
        const auto parts = sip::parse_multipart(notify.body(), *type->params.find("boundary"));
        EXPECT_TRUE(parts && !parts->empty());
        std::map<std::string, std::string> by_id;
        for (const auto& each : *parts)
            by_id[std::string(each.header("Content-ID"))] = each.content;
        EXPECT_EQ(parts->front().header("Content-ID"), *type->params.find("start"));
        const auto root = presence::xml::parse(parts->front().content);
        EXPECT_TRUE(root && root->is("urn:ietf:params:xml:ns:rlmi", "list"));
        out.uri = *root->attribute("uri");
        out.version = *root->attribute("version");
        out.full = *root->attribute("fullState") == "true";
        for (const auto& resource : root->children) {
            const std::string uri(*resource.attribute("uri"));
            out.instances[uri] = "";
            for (const auto& instance : resource.children) {
                out.instances[uri] = std::string(*instance.attribute("state")) +
                                     std::string(instance.attribute("reason").value_or(""));
                if (const auto cid = instance.attribute("cid"))
                    out.bodies[uri] = by_id.at("<" + std::string(*cid) + ">");
            }
        }
        return out;
    }
};

class ListsTest : public kit::PresenceCalls {
protected:
    ListsTest() { set_group({"alice", "bob", "carol"}); }

    void set_group(const std::vector<std::string>& members) {
        routing::Groups groups;
        groups.add_group("7b");
        for (const auto& each : members) groups.add("7b", each);
        exchange.router.set_groups(groups);
        exchange.presence.handle_groups(exchange.now);
        exchange.turn();
    }
    Listing listed() {
        const auto all = notified();
        EXPECT_EQ(all.size(), 1u);
        return all.size() == 1 ? Listing::of(all.front()) : Listing{};
    }
    /// A SUBSCRIBE that brings a list of these.
    sip::Message watch(const std::vector<std::string>& uris, std::string body = {}) {
        for (const auto& each : uris) body.append("<entry uri='" + each + "'/>");
        return from_member("alice",
                           {.method = "SUBSCRIBE",
                            .uri = "sip:school.test",
                            .more = "Event: presence\nSupported: eventlist\nRequire: "
                                    "recipient-list-subscribe\nContent-Type: "
                                    "application/resource-lists+xml\n",
                            .body = "<resource-lists xmlns='urn:ietf:params:xml:ns:resource-lists'>"
                                    "<list>" +
                                    body + "</list></resource-lists>",
                            .call_id = "brought"});
    }
};

TEST_F(ListsTest, AGroupIsWatchedAsAWholeAndThenInParts) {
    const auto accepted = subscribe("alice", "sip:7b@school.test", "presence", list_headers);
    ASSERT_EQ(accepted.status(), 200);
    EXPECT_TRUE(accepted.lists(Header::require, "eventlist"));
    auto list = listed();
    EXPECT_EQ(list.uri, "sip:7b@school.test");
    EXPECT_EQ(list.version, "0");
    EXPECT_TRUE(list.full);
    EXPECT_EQ(list.instances.size(), 3u);
    EXPECT_EQ(list.instances["sip:bob@school.test"], "active");
    EXPECT_NE(list.bodies["sip:bob@school.test"].find("closed"), std::string::npos);
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    list = listed();
    EXPECT_EQ(list.version, "1");
    EXPECT_FALSE(list.full);
    EXPECT_EQ(list.instances.size(), 1u);
    EXPECT_NE(list.bodies["sip:bob@school.test"].find("open"), std::string::npos);
    exchange.bind("bob", "sip:bob@192.0.2.21:5060");
    EXPECT_TRUE(notified().empty()) << "that is nothing new";
}

TEST_F(ListsTest, WhatAWatcherCouldNotTakeInComesAgainAsAWhole) {
    subscribe("alice", "sip:7b@school.test", "presence", list_headers);
    listed();
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    exchange.run(1ms);
    const auto notify = exchange.next("NOTIFY");
    ASSERT_TRUE(notify);
    auto busy = sip::MessageWriter::reply(notify->message, 503);
    busy.header(Header::retry_after, "5");
    exchange.hand_in(kit::parse(busy.finish().bytes()), notify->to);
    EXPECT_TRUE(notified().empty());
    exchange.run(5s);
    auto list = listed();
    EXPECT_TRUE(list.full);
    EXPECT_NE(list.bodies["sip:bob@school.test"].find("open"), std::string::npos);
}

TEST_F(ListsTest, ItIsForThoseWhoUnderstandItAndAreInIt) {
    const auto answer = subscribe("alice", "sip:7b@school.test");
    EXPECT_EQ(answer.status(), 421);
    EXPECT_EQ(answer.header(Header::require), "eventlist");
    set_group({"bob"});
    EXPECT_EQ(subscribe("alice", "sip:7b@school.test", "presence", list_headers).status(), 403);
    EXPECT_EQ(subscribe("alice", "sip:8a@school.test", "presence", list_headers).status(), 404);
    EXPECT_EQ(subscribe("bob", "sip:7b@school.test", "presence.winfo", list_headers).status(), 403);
}

TEST_F(ListsTest, WhoJoinsIsSeenAndWhoHasLeftSeesNothing) {
    subscribe("alice", "sip:7b@school.test", "presence", list_headers);
    listed();
    set_group({"alice", "bob"});
    auto list = listed();
    EXPECT_TRUE(list.full);
    EXPECT_EQ(list.instances.size(), 2u);
    set_group({"bob"});
    const auto last = notified();
    ASSERT_EQ(last.size(), 1u);
    EXPECT_TRUE(last[0].header(Header::subscription_state)->starts_with("terminated;reason=rej"));
    EXPECT_TRUE(last[0].body().empty());
}

TEST_F(ListsTest, ASubscribeBringsItsOwnList) {
    exchange.presence.set_rules(
        "carol",
        "<ruleset xmlns='urn:ietf:params:xml:ns:common-policy'><rule id='a'><actions>"
        "<sub-handling xmlns='urn:ietf:params:xml:ns:pres-rules'>confirm</sub-handling>"
        "</actions></rule></ruleset>",
        exchange.now);
    ASSERT_EQ(watch({"sip:bob@school.test", "sip:carol@school.test", "sip:nobody@school.test",
                     "sip:bob@school.test"})
                  .status(),
              200);
    auto list = listed();
    EXPECT_EQ(list.instances.size(), 3u);
    EXPECT_EQ(list.instances["sip:bob@school.test"], "active");
    EXPECT_EQ(list.instances["sip:carol@school.test"], "pending");
    EXPECT_EQ(list.instances["sip:nobody@school.test"], "terminatednoresource");
    EXPECT_EQ(list.bodies.size(), 1u);
    // Carol learns of it, and decides.
    subscribe("carol", "sip:carol@school.test", "presence.winfo");
    EXPECT_NE(told().find("status=\"pending\""), std::string::npos);
    exchange.presence.set_rules("carol", "", exchange.now);
    exchange.turn();
    const auto all = notified();
    ASSERT_FALSE(all.empty());
    list = Listing::of(all.back());
    EXPECT_EQ(list.instances["sip:carol@school.test"], "active");
    EXPECT_EQ(list.instances.size(), 1u);
    EXPECT_EQ(list.bodies.size(), 1u);
}

TEST_F(ListsTest, ABadListIsRefusedWithWhatIsWrong) {
    EXPECT_EQ(watch({}).status(), 400);
    EXPECT_EQ(watch({}, "<entry").status(), 400);
    EXPECT_EQ(from_member("alice", {.method = "SUBSCRIBE",
                                    .uri = "sip:school.test",
                                    .more = "Event: presence\nSupported: eventlist\n"
                                            "Require: recipient-list-subscribe\n"})
                  .status(),
              415);
    std::vector<std::string> many;
    for (int i = 0; i <= 500; ++i) many.push_back("sip:u" + std::to_string(i) + "@school.test");
    EXPECT_EQ(watch(many).status(), 400);
}

TEST_F(ListsTest, ALongListComesInSeveralBodies) {
    const std::string note(13'000, 'x');
    for (const auto* who : {"alice", "bob", "carol"})
        publish(who, "sip:" + std::string(who) + "@school.test",
                "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='sip:x@y'><note>" + note +
                    "</note></presence>");
    notified();
    std::vector<std::string> uris{"sip:alice@school.test", "sip:bob@school.test",
                                  "sip:carol@school.test"};
    ASSERT_EQ(watch(uris).status(), 200);
    const auto all = notified();
    ASSERT_EQ(all.size(), 2u);
    auto list = Listing::of(all[0]);
    EXPECT_TRUE(list.full);
    EXPECT_EQ(list.instances.size(), 3u) << "all are listed, though not all are told of";
    EXPECT_EQ(list.bodies.size(), 2u);
    EXPECT_EQ(list.instances["sip:carol@school.test"], "");
    list = Listing::of(all[1]);
    EXPECT_FALSE(list.full);
    EXPECT_EQ(list.instances.size(), 1u);
    EXPECT_NE(list.bodies["sip:carol@school.test"].find(note), std::string::npos);
}

TEST_F(ListsTest, ItIsThereAgainAfterARestartAndIsToldAsAWhole) {
    subscribe("alice", "sip:7b@school.test", "presence", list_headers);
    listed();
    std::vector<sip::Subscription> kept;
    for (const auto& [id, each] : exchange.subscriptions) kept.push_back(each);
    ASSERT_EQ(kept.size(), 1u);
    EXPECT_TRUE(kept[0].list);
    kit::Exchange again;
    again.router.set_groups(exchange.router.groups());
    again.presence.restore(std::move(kept), {}, again.now);
    again.turn();
    again.run(10ms);
    const auto notify = again.next("NOTIFY");
    ASSERT_TRUE(notify);
    EXPECT_TRUE(Listing::of(notify->message).full);
}

} // namespace
} // namespace lyceum::events
