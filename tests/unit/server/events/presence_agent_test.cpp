// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/presence_calls.hpp"

namespace lyceum::events {
namespace {

using sip::Header;

std::string header(const sip::Message& message, std::string_view name) {
    return std::string(message.header(name).value_or("(none)"));
}

std::string pidf(const std::string& inside) {
    return "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='sip:x@y'>" + inside +
           "</presence>";
}

class PresenceAgentTest : public kit::PresenceCalls {
protected:
    /// Alice calls bob, whose device answers; gives the BYE that would end it.
    sip::Message talk() {
        exchange.hand_in(request({.from = "sip:alice@school.test", .call_id = "talk"}), alices);
        const auto challenge = exchange.next("407");
        const auto credentials = sip::answer_challenge(challenge->message, {"alice", "secret"},
                                                       "INVITE", "sip:bob@school.test", "c");
        auto invite = request({.from = "sip:alice@school.test",
                               .more = "Proxy-Authorization: " + credentials->value + "\n",
                               .call_id = "talk"});
        exchange.hand_in(invite, alices);
        const auto ringing = exchange.next("INVITE");
        EXPECT_TRUE(ringing);
        watched = notified();
        const auto ok = answer_to(ringing->message, 200);
        exchange.hand_in(ok, desk);
        auto bye = request({.method = "BYE",
                            .uri = "sip:bob@192.0.2.20:5060",
                            .from = "sip:alice@school.test",
                            .to_tag = "b",
                            .call_id = "talk"});
        const auto answer = exchange.next("200");
        EXPECT_TRUE(answer);
        std::string text(bye.bytes());
        for (const auto route : answer->message.values(Header::record_route))
            text.insert(text.find("Call-ID"), "Route: " + std::string(route) + "\r\n");
        return kit::parse(text);
    }

    static inline const sip::Endpoint alices{
        sip::Transport::udp, kit::address("192.0.2.30", 5060), {}};
    std::vector<sip::Message> watched;
};

TEST_F(PresenceAgentTest, AWatcherSeesWhetherABuddyIsThere) {
    EXPECT_EQ(subscribe("alice", "sip:bob@school.test").status(), 200);
    auto body = told();
    EXPECT_NE(body.find("entity=\"sip:bob@school.test\""), std::string::npos);
    EXPECT_NE(body.find("<basic>closed</basic>"), std::string::npos);
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    EXPECT_NE(told().find("<basic>open</basic>"), std::string::npos);
    exchange.bind("bob", "sip:bob@192.0.2.21:5060");
    EXPECT_TRUE(notified().empty()) << "that is nothing new";
}

TEST_F(PresenceAgentTest, WhatADevicePublishesIsSeen) {
    subscribe("alice", "sip:bob@school.test");
    notified();
    const auto said = publish("bob", "sip:bob@school.test", pidf("<note>lunch</note>"));
    EXPECT_EQ(said.status(), 200);
    EXPECT_NE(told().find("lunch"), std::string::npos);
    EXPECT_EQ(publish("bob", "sip:bob@school.test", pidf("<note>back</note>"),
                      "SIP-If-Match: " + header(said, "SIP-ETag") + "\nExpires: 600\n")
                  .status(),
              200);
    const auto body = told();
    EXPECT_TRUE(body.find("lunch") == std::string::npos && body.find("back") != std::string::npos);
    exchange.run(600s);
    EXPECT_EQ(told().find("back"), std::string::npos);
}

TEST_F(PresenceAgentTest, WhoTalksIsOnThePhone) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    exchange.bind("alice", "sip:alice@192.0.2.30:5060");
    subscribe("carol", "sip:bob@school.test");
    subscribe("carol", "sip:alice@school.test", "dialog");
    notified();
    const auto bye = talk();
    ASSERT_EQ(watched.size(), 1u); // It rings; bob is not on the phone by that.
    EXPECT_NE(watched[0].body().find("<state>early</state>"), std::string::npos);
    EXPECT_NE(watched[0].body().find("direction=\"initiator\""), std::string::npos);
    auto all = notified();
    ASSERT_EQ(all.size(), 2u);
    std::string both(all[0].body());
    both += all[1].body();
    EXPECT_NE(both.find("<rpid:on-the-phone/>"), std::string::npos) << both;
    EXPECT_NE(both.find("<state>confirmed</state>"), std::string::npos);
    EXPECT_NE(both.find("version=\"2\""), std::string::npos) << "the third that carol gets of it";
    exchange.hand_in(bye, alices);
    all = notified();
    ASSERT_EQ(all.size(), 2u);
    both = std::string(all[0].body()) + std::string(all[1].body());
    EXPECT_EQ(both.find("on-the-phone"), std::string::npos);
    EXPECT_EQ(both.find("<dialog "), std::string::npos);
}

TEST_F(PresenceAgentTest, ARoomIsThereWhenItIsInSession) {
    EXPECT_EQ(subscribe("alice", "sip:Maths@school.test").status(), 200);
    EXPECT_NE(told().find("closed"), std::string::npos);
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    subscribe("alice", "sip:bob@school.test");
    notified();
    auto& records = exchange.records;
    const auto leg =
        records.begin(request({.uri = "sip:maths@school.test", .from = "sip:bob@school.test"}),
                      desk, "room", exchange.now);
    records.set_room(leg, "maths");
    records.answer(leg, exchange.now);
    exchange.turn();
    const auto all = notified();
    ASSERT_EQ(all.size(), 2u);
    const auto both = std::string(all[0].body()) + std::string(all[1].body());
    EXPECT_NE(both.find("in session"), std::string::npos) << both;
    EXPECT_NE(both.find("<rpid:meeting/>"), std::string::npos);
    EXPECT_NE(both.find("in maths"), std::string::npos);
    EXPECT_EQ(both.find("in session"), both.rfind("in session")) << "the room is, not bob";
    records.set_host(leg);
    exchange.turn();
    EXPECT_NE(told().find("in session, with the host"), std::string::npos);
    records.end(leg, 200, "left", exchange.now);
    exchange.turn();
    EXPECT_EQ(notified().size(), 2u);
}

TEST_F(PresenceAgentTest, TheOwnerSeesWhoWatches) {
    EXPECT_EQ(subscribe("carol", "sip:bob@school.test", "presence.winfo").status(), 403);
    EXPECT_EQ(subscribe("carol", "sip:bob@school.test", "reg").status(), 403);
    EXPECT_EQ(subscribe("bob", "sip:bob@school.test", "presence.winfo").status(), 200);
    auto body = told();
    EXPECT_NE(body.find("version=\"0\" state=\"full\""), std::string::npos) << body;
    EXPECT_EQ(body.find("<watcher "), std::string::npos);
    subscribe("alice", "sip:bob@school.test");
    auto all = notified();
    ASSERT_EQ(all.size(), 2u);
    body = std::string(all[0].body()) + std::string(all[1].body());
    EXPECT_NE(body.find("status=\"active\" event=\"subscribe\">sip:alice@school.test</watcher>"),
              std::string::npos)
        << body;
    EXPECT_EQ(subscribe("bob", "sip:bob@school.test", "reg").status(), 200);
    EXPECT_NE(told().find("state=\"terminated\""), std::string::npos);
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    all = notified();
    ASSERT_EQ(all.size(), 2u); // And alice sees that he is there.
    body = std::string(all[0].body()) + std::string(all[1].body());
    EXPECT_NE(body.find("<uri>sip:bob@192.0.2.20:5060</uri>"), std::string::npos);
}

std::string rules(const std::string& conditions, const std::string& handling) {
    return "<ruleset xmlns='urn:ietf:params:xml:ns:common-policy' "
           "xmlns:pr='urn:ietf:params:xml:ns:pres-rules'><rule id='a'><conditions>" +
           conditions + "</conditions><actions><pr:sub-handling>" + handling +
           "</pr:sub-handling></actions><transformations><pr:provide-services><pr:all-services/>"
           "</pr:provide-services></transformations></rule></ruleset>";
}

TEST_F(PresenceAgentTest, TheOwnerDecidesWhoSeesWhat) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    publish("bob", "sip:bob@school.test",
            pidf("<tuple id='t'><status><basic>open</basic></status>"
                 "<note>secret</note></tuple>"));
    const auto decide = [&](const std::string& handling) {
        const auto alice = "<identity><one id='sip:alice@school.test'/></identity>";
        exchange.presence.set_rules("bob", rules(alice, handling), exchange.now);
        exchange.turn();
    };
    decide("block");
    EXPECT_EQ(subscribe("alice", "sip:bob@school.test").status(), 403);
    EXPECT_EQ(subscribe("carol", "sip:bob@school.test").status(), 403) << "no rule is about her";
    decide("confirm");
    EXPECT_EQ(subscribe("bob", "sip:bob@school.test", "presence.winfo").status(), 200);
    notified();
    EXPECT_EQ(subscribe("alice", "sip:bob@school.test").status(), 200);
    auto all = notified();
    ASSERT_EQ(all.size(), 2u);
    auto& of_alice = all[0].body().empty() ? all[0] : all[1];
    EXPECT_TRUE(header(of_alice, "Subscription-State").starts_with("pending"));
    EXPECT_NE((&of_alice == &all[0] ? all[1] : all[0]).body().find("status=\"pending\""),
              std::string_view::npos);
    decide("allow");
    all = notified();
    ASSERT_EQ(all.size(), 2u);
    std::string both(all[0].body());
    both += all[1].body();
    EXPECT_NE(both.find("<basic>open</basic>"), std::string::npos);
    EXPECT_EQ(both.find("secret"), std::string::npos);
    EXPECT_NE(both.find("status=\"active\""), std::string::npos);
    decide("polite-block");
    EXPECT_NE(told().find("<basic>closed</basic>"), std::string::npos);
    exchange.presence.set_rules("bob", "<broken", exchange.now);
    exchange.turn();
    EXPECT_TRUE(notified().empty());
    exchange.presence.set_rules("bob", "", exchange.now);
    exchange.turn();
    EXPECT_NE(told().find("secret"), std::string::npos) << "the policy again";
    decide("block");
    all = notified();
    ASSERT_EQ(all.size(), 2u);
    both = header(all[0], "Subscription-State") + header(all[1], "Subscription-State");
    EXPECT_NE(both.find("terminated;reason=rejected"), std::string::npos) << both;
    for (const auto& each : all) EXPECT_EQ(each.body().find("secret"), std::string_view::npos);
}

TEST_F(PresenceAgentTest, WithoutRulesThePolicyHolds) {
    routing::Groups groups;
    for (const auto* each : {"alice", "bob"}) groups.add("7b", each);
    exchange.router.set_groups(groups);
    struct Row {
        Policy policy;
        bool open, note;
    };
    for (const auto& row : std::vector<Row>{{Policy::all, true, true},
                                            {Policy::availability, true, false},
                                            {Policy::groups, true, false},
                                            {Policy::nothing, false, false}}) {
        PresenceAgent agent({.policy = row.policy}, exchange.agent, exchange.router,
                            exchange.identity, routing::location_of(exchange.registrar),
                            exchange.records, exchange.calendar, exchange.local, exchange.entropy,
                            exchange.log);
        agent.restore({},
                      {{"bob", "tag",
                        pidf("<tuple id='t'><status><basic>open</basic></status><note>lunch</note>"
                             "</tuple>"),
                        WallTime(1h)}},
                      exchange.now);
        auto& source = *agent.notifier().package("presence")->source;
        const auto seen = source.state("bob", "alice", presence::pidf_type)->text;
        EXPECT_EQ(seen.find(">open<") != std::string::npos, row.open) << seen;
        EXPECT_EQ(seen.find("lunch") != std::string::npos, row.note) << seen;
        const auto own = source.state("bob", "bob", presence::pidf_type)->text;
        EXPECT_NE(own.find("lunch"), std::string::npos) << "he sees all of himself";
        const bool to_all = row.policy == Policy::all || row.policy == Policy::availability;
        const auto hers = source.state("bob", "carol", presence::pidf_type)->text;
        EXPECT_EQ(hers.find(">open<") != std::string::npos, to_all) << "she is in no class of his";
        EXPECT_EQ(agent.may_see("maths", "carol"), row.policy != Policy::nothing);
    }
}

TEST_F(PresenceAgentTest, WhoWantsHisQuietIsSeenToAndSaysSoByHisPresenceToo) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    EXPECT_EQ(subscribe("alice", "sip:bob@school.test").status(), 200);
    EXPECT_EQ(told().find("disturb"), std::string::npos);
    exchange.members["bob"].do_not_disturb = true;
    exchange.presence.handle_members(exchange.now);
    const auto text = told();
    EXPECT_NE(text.find("<rpid:busy/>"), std::string::npos) << text;
    EXPECT_NE(text.find("do not disturb"), std::string::npos) << text;
    exchange.presence.handle_members(exchange.now);
    EXPECT_TRUE(notified().empty()) << "as it was";
    exchange.members["bob"].do_not_disturb = false;
    exchange.presence.handle_members(exchange.now);
    told();
    const auto rings = [&] { return !exchange.router.plan("sip:bob@school.test").groups.empty(); };
    const auto person = [](const std::string& activity) {
        return pidf("<note>x</note>")
            .insert(pidf("<note>x</note>").find("</presence>"),
                    "<dm:person xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model'"
                    " id='p'><r:activities xmlns:r='urn:ietf:params:xml:ns:"
                    "pidf:rpid'>" +
                        activity + "</r:activities></dm:person>");
    };
    EXPECT_TRUE(rings());
    const auto said =
        publish("bob", "sip:bob@school.test", person("<d:do-not-disturb xmlns:d='urn:d'/>"));
    EXPECT_EQ(said.status(), 200);
    EXPECT_FALSE(rings());
    publish("bob", "sip:bob@school.test", person("<r:away/>"),
            "SIP-If-Match: " + header(said, "SIP-ETag") + "\n");
    EXPECT_TRUE(rings());
    exchange.presence.set_hard_state("bob", person("<dnd xmlns='urn:d'/>"), exchange.now);
    EXPECT_FALSE(rings());
}

TEST_F(PresenceAgentTest, WhoMayTakeHisCallsIsToldTheirDialogs) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    routing::Groups groups;
    groups.add("office", "bob");
    groups.add("office", "carol");
    exchange.router.set_groups(groups);
    for (const auto* watcher : {"alice", "carol", "bob"})
        EXPECT_EQ(subscribe(watcher, "sip:bob@school.test", "dialog").status(), 200);
    notified();
    exchange.hand_in(request({.from = "sip:eve@far.test", .call_id = "ringing"}), outside);
    const auto invite = exchange.next("INVITE");
    ASSERT_TRUE(invite);
    exchange.hand_in(kit::parse(answer_to(invite->message, 180).bytes()), desk);
    std::map<std::string, std::string> last; // By whom it is for.
    for (const auto& each : notified()) last[sip::uri_in(*each.header(Header::to))] = each.body();
    ASSERT_EQ(last.size(), 3u);
    const auto& stranger = last.at("sip:alice@school.test");
    EXPECT_NE(stranger.find("early"), std::string::npos);
    EXPECT_EQ(stranger.find("ringing"), std::string::npos) << stranger;
    EXPECT_EQ(stranger.find("eve"), std::string::npos);
    for (const auto* taker : {"sip:carol@school.test", "sip:bob@school.test"})
        EXPECT_NE(last.at(taker).find("call-id=\"ringing\" local-tag=\"b\" remote-tag=\"e\" "
                                      "direction=\"recipient\"><state>early</state><local>"
                                      "<identity>sip:bob@school.test</identity>"
                                      "<target uri=\"sip:bob@school.test\"/></local><remote>"
                                      "<identity>sip:eve@far.test</identity>"
                                      "<target uri=\"sip:eve@far.test\"/></remote>"),
                  std::string::npos)
            << last.at(taker);
}

TEST_F(PresenceAgentTest, WhatADeviceCanIsSeen) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    auto& device = exchange.bindings["bob"].back();
    device.features = ";audio;video;methods=\"INVITE, MESSAGE\"";
    exchange.registrar.restore({{"bob", {device}}}, exchange.now);
    EXPECT_EQ(subscribe("alice", "sip:bob@school.test").status(), 200);
    const auto text = told();
    EXPECT_NE(text.find("<caps:servcaps><caps:audio>true</caps:audio><caps:message>true"
                        "</caps:message><caps:video>true</caps:video></caps:servcaps>"),
              std::string::npos)
        << text;
}

TEST_F(PresenceAgentTest, WhoDoesNothingForAWhileIsIdle) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    exchange.run(1min);
    EXPECT_EQ(subscribe("alice", "sip:bob@school.test").status(), 200);
    EXPECT_EQ(told().find("user-input"), std::string::npos);
    exchange.run(8min);
    EXPECT_TRUE(notified().empty());
    exchange.run(1min);
    EXPECT_NE(told().find("<rpid:user-input last-input=\"1970-01-01T00:00:00Z\">idle<"),
              std::string::npos);
    EXPECT_EQ(publish("bob", "sip:bob@school.test",
                      pidf("<tuple id='t'><status><basic>open</basic></status></tuple>"))
                  .status(),
              200);
    EXPECT_EQ(told().find("user-input"), std::string::npos) << "he has done something";
}

TEST_F(PresenceAgentTest, RulesBeginAndEndInTheirTime) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    exchange.presence.set_rules("bob",
                                rules("<validity><from>1970-01-01T00:00:10Z</from>"
                                      "<until>1970-01-01T00:00:20Z</until></validity>",
                                      "polite-block") +
                                    "",
                                exchange.now);
    EXPECT_EQ(subscribe("alice", "sip:bob@school.test").status(), 403);
    exchange.run(11s);
    EXPECT_EQ(subscribe("alice", "sip:bob@school.test").status(), 200);
    EXPECT_NE(told().find("<basic>closed</basic>"), std::string::npos);
    exchange.run(10s);
    EXPECT_EQ(header(notified().at(0), "Subscription-State"), "terminated;reason=rejected");
}

TEST_F(PresenceAgentTest, WhoAsksHasToBeWhoHeSaysAndWhatHeAsksForHasToBeThere) {
    EXPECT_EQ(ask({.method = "SUBSCRIBE", .more = "Event: presence\n"}), 401);
    EXPECT_EQ(
        ask({.method = "SUBSCRIBE", .uri = "sip:nobody@school.test", .more = "Event: presence\n"}),
        401)
        << "strangers do not learn who is a member";
    EXPECT_EQ(subscribe("alice", "sip:nobody@school.test").status(), 404);
    EXPECT_EQ(ask({.method = "PUBLISH", .more = "Event: dialog\n"}), 489);
    EXPECT_EQ(publish("alice", "sip:maths@school.test", pidf("")).status(), 404);
    EXPECT_EQ(publish("alice", "sip:bob@school.test", pidf("")).status(), 403);
    EXPECT_EQ(subscribe("alice", "sip:bob@school.test", "presence", "Require: x\n").status(), 420);
}

TEST_F(PresenceAgentTest, ASubscriptionIsItsOwners) {
    const auto accepted = subscribe("alice", "sip:bob@school.test");
    notified();
    Ask inside{.method = "SUBSCRIBE",
               .uri = "sip:bob@192.0.2.1:5060",
               .more = "Event: presence\nExpires: 0\n",
               .to_tag = std::string(sip::tag_of(accepted, Header::to)),
               .call_id = "alicesip:bob@school.testpresence"};
    EXPECT_EQ(from_member("carol", inside).status(), 403);
    EXPECT_EQ(exchange.presence.notifier().size(), 1u);
    EXPECT_EQ(from_member("alice", inside).status(), 200);
    EXPECT_EQ(exchange.presence.notifier().size(), 0u);
    EXPECT_EQ(header(notified().at(0), "Subscription-State"), "terminated;reason=timeout");
    inside.from = "sip:alice@school.test";
    EXPECT_EQ(ask(inside), 481);
}

TEST_F(PresenceAgentTest, APackageOfTheDevicesIsForTheDevices) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    exchange.hand_in(request({.method = "SUBSCRIBE", .more = "Event: refer\n"}), outside);
    const auto passed = exchange.next("SUBSCRIBE");
    ASSERT_TRUE(passed);
    EXPECT_EQ(passed->to, desk);
}

TEST_F(PresenceAgentTest, AllOfItGoesOnAfterARestart) {
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    subscribe("alice", "sip:bob@school.test");
    publish("bob", "sip:bob@school.test", pidf("<note>lunch</note>"));
    notified();
    std::vector<sip::Subscription> subscriptions;
    for (const auto& [id, each] : exchange.subscriptions) subscriptions.push_back(each);
    std::vector<presence::Publication> publications;
    for (const auto& [tag, each] : exchange.publications) publications.push_back(each);
    kit::Exchange again;
    again.presence.restore(subscriptions, publications, again.now);
    again.turn();
    again.run(10ms);
    const auto notify = again.next("NOTIFY");
    ASSERT_TRUE(notify);
    EXPECT_EQ(notify->to, outside);
    EXPECT_NE(notify->message.body().find("lunch"), std::string_view::npos);
}

} // namespace
} // namespace lyceum::events
