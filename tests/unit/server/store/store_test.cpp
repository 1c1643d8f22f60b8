// SPDX-License-Identifier: Apache-2.0
#include "mixer/prompts.hpp"
#include "server/store/binding_store.hpp"
#include "server/store/database.hpp"
#include "server/store/presence_store.hpp"
#include "server/store/record_store.hpp"
#include "server/store/remembered.hpp"
#include "server/store/store.hpp"
#include "sql/migrations.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace lyceum::store {
namespace {

class StoreTest : public testing::Test {
protected:
    StoreTest() {
        auto pattern = (std::filesystem::temp_directory_path() / "lyceum-store-XXXXXX").string();
        directory = mkdtemp(pattern.data());
    }
    ~StoreTest() override { std::filesystem::remove_all(directory); }
    std::string directory;
};

TEST_F(StoreTest, AFreshOneHasTheRoomDemo) {
    Store store(directory);
    ASSERT_TRUE(store.room("demo"));
    EXPECT_EQ(store.room("Demo")->access, focus::Access::open);
    EXPECT_FALSE(store.room("other"));
    EXPECT_TRUE(store.users().empty()) << "no default password exists";
}

TEST_F(StoreTest, RegistrationsAreReplacedAsAWhole) {
    registrar::Binding far{"sip:a@h1", "c", 7, 500, WallTime(1'800'000'000s), "<sip:p;lr>"};
    far.features = ";audio;methods=\"INVITE\"";
    far.source = {sip::Transport::tls, {*IpAddress::parse("2001:db8::1"), 5061}, {}};
    const registrar::Binding near{"sip:a@h2", "c", 8, 1000, WallTime(1'800'000'001s)};
    {
        auto database = open_database(directory);
        BindingStore store(database);
        EXPECT_TRUE(store.load().empty());
        store.replace({"alice", {far, near}});
        store.replace({"bob", {near}});
        auto flow = far;
        flow.reg_id = 2;
        store.replace({"dave", {far, flow}});
        EXPECT_EQ(store.load("dave").at(0).bindings, (std::vector{far, flow}));
        store.replace({"dave", {}});
        store.replace({"bob", {}});
        store.replace({"carol", {far, far}});
    }
    auto database = open_database(directory);
    BindingStore again(database);
    const auto all = again.load();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].user, "alice");
    EXPECT_EQ(all[0].bindings, (std::vector{near, far})) << "the most wanted first";
    EXPECT_EQ(all[1].bindings, std::vector{far}) << "said twice, there once";
    EXPECT_EQ(again.load("carol").size(), 1u);
    EXPECT_TRUE(again.load("bob").empty());
}

TEST_F(StoreTest, WhereCallsGoIsKept) {
    SeededEntropy one(1), other(2);
    std::string secret;
    {
        Store store(directory);
        secret = store.secret("route_key", one);
        EXPECT_EQ(secret.size(), 32u);
        ASSERT_EQ(store.add_user("bob", "secret"), std::nullopt);
        EXPECT_EQ(store.add_alias("1001", "bob"), std::nullopt);
        EXPECT_EQ(store.add_alias("far", "sip:x@far.test"), std::nullopt);
        EXPECT_NE(store.add_alias("1001", "carol"), std::nullopt) << "taken";
        EXPECT_NE(store.add_alias("bob", "carol"), std::nullopt) << "a user";
        EXPECT_NE(store.add_alias("DEMO", "carol"), std::nullopt) << "a room";
        EXPECT_NE(store.add_alias("mail", "mailto:x@y"), std::nullopt);
        EXPECT_NE(store.add_alias("head", "sip:x@y?Subject=z"), std::nullopt);
        EXPECT_EQ(store.set_forwarding("bob", {"", "carol", "", "", 30s}), std::nullopt);
        EXPECT_NE(store.set_forwarding("bob", {"", "carol", "", "", 500s}), std::nullopt);
        EXPECT_NE(store.set_forwarding("bob", {"a b", "", "", ""}), std::nullopt);
        EXPECT_NE(store.set_forwarding("nobody", {"", "carol", "", ""}), std::nullopt);
        const routing::NumberRoute far{"3xxx", "sip:{number}@far.test", 1, "0", true, false};
        EXPECT_EQ(store.add_number_route(far), std::nullopt);
        EXPECT_NE(store.add_number_route(far), std::nullopt) << "taken";
        EXPECT_NE(store.add_number_route({"3-4", "bob"}), std::nullopt);
        EXPECT_NE(store.add_number_route({"35", "mailto:{number}@y"}), std::nullopt);
        EXPECT_EQ(store.number_routes(), std::vector{far});
        EXPECT_TRUE(store.remove_number_route("3xxx"));
        EXPECT_FALSE(store.remove_number_route("3xxx"));
        EXPECT_EQ(store.set_steps("bob", {{"devices", 10s}, {"maths", 5s}}), std::nullopt);
        EXPECT_NE(store.set_steps("bob", {{"devices", 0s}}), std::nullopt);
    }
    Store again(directory);
    EXPECT_EQ(again.secret("route_key", other), secret);
    EXPECT_TRUE(again.is_room("Demo"));
    EXPECT_TRUE(again.is_room("echo"));
    EXPECT_FALSE(again.is_room("bob"));
    EXPECT_EQ(again.alias("1001"), "bob");
    EXPECT_EQ(again.alias("1002"), std::nullopt);
    EXPECT_EQ(again.aliases().size(), 2u);
    const auto bob = again.member("bob");
    ASSERT_TRUE(bob);
    EXPECT_EQ(bob->forwarding, (routing::Forwarding{"", "carol", "", "", 30s}));
    EXPECT_EQ(bob->steps, (std::vector<routing::Step>{{"devices", 10s}, {"maths", 5s}}));
    EXPECT_EQ(again.member("nobody"), std::nullopt);
    EXPECT_TRUE(again.remove_alias("1001"));
    EXPECT_FALSE(again.remove_alias("1001"));
    EXPECT_TRUE(again.remove_user("bob"));
    EXPECT_EQ(again.member("bob"), std::nullopt);
}

TEST_F(StoreTest, RoomsComeAndGoAndStay) {
    {
        Store store(directory);
        EXPECT_EQ(store.add_room(
                      {{.name = "exam", .access = focus::Access::pin, .pin = "42", .host_pin = "7"},
                       "off"}),
                  std::nullopt);
        EXPECT_NE(store.add_room({{"EXAM"}, "off"}), std::nullopt) << "the name is taken";
        EXPECT_NE(store.add_room({{"a b"}, "off"}), std::nullopt);
        EXPECT_NE(store.add_room({{"echo"}, "off"}), std::nullopt);
        EXPECT_NE(store.add_room({{"x", focus::Access::pin, ""}, "off"}), std::nullopt);
        EXPECT_NE(store.add_room({{"x", focus::Access::pin, "12a"}, "off"}), std::nullopt);
    }
    Store again(directory);
    EXPECT_EQ(again.room("exam")->pin, "42");
    EXPECT_EQ(again.rooms().size(), 2u);
    EXPECT_TRUE(again.remove_room("exam"));
    EXPECT_FALSE(again.remove_room("exam"));
}

TEST_F(StoreTest, ARoomSaysWhetherItIsEncryptedAndHowManyAreHeard) {
    Store store(directory);
    EXPECT_EQ(store.room("demo")->encryption, sdp::Protection::preferred);
    for (const auto wanted :
         {sdp::Protection::off, sdp::Protection::preferred, sdp::Protection::required}) {
        Store::RoomRow row{{std::string(name_of(wanted))}, "off"};
        row.room.encryption = wanted;
        EXPECT_EQ(store.add_room(row), std::nullopt);
        EXPECT_EQ(store.room(name_of(wanted))->encryption, wanted);
    }
    EXPECT_FALSE(protection_of("sometimes"));
    Store::RoomRow debate{{"debate"}, "off"};
    debate.room.speakers_max = 3;
    EXPECT_EQ(store.add_room(debate), std::nullopt);
    EXPECT_EQ(store.room("debate")->speakers_max, 3u);
    EXPECT_FALSE(store.room("debate")->spatial);
    Store::RoomRow game{{"game"}, "off"};
    game.room.spatial = true;
    EXPECT_EQ(store.add_room(game), std::nullopt);
    EXPECT_TRUE(store.room("game")->spatial);
    debate.room.speakers_max = 0;
    EXPECT_NE(store.add_room(debate), std::nullopt);
}

TEST_F(StoreTest, ARoomSaysWhatIsDoneToItsSoundAndWhoIsHost) {
    Store store(directory);
    EXPECT_EQ(store.room("demo")->care, mixer::SoundCareOptions{});
    EXPECT_EQ(store.room("demo")->host_pin, "");
    Store::RoomRow row{{"noisy"}, "off"};
    row.room.care = {.high_pass = true, .gain_control = true};
    row.room.host_pin = "9999";
    EXPECT_EQ(store.add_room(row), std::nullopt);
    EXPECT_EQ(store.room("noisy")->care, row.room.care);
    EXPECT_EQ(store.room("noisy")->host_pin, "9999");
    EXPECT_EQ(text_of(row.room.care), "gain,high-pass");
    EXPECT_EQ(care_of(" noise,gain"),
              (mixer::SoundCareOptions{.noise_suppression = true, .gain_control = true}));
    EXPECT_FALSE(care_of("louder"));
    row.room.name = "both";
    for (const auto* pin : {"9999", "99", "99991"}) {
        row.room.pin = pin;
        EXPECT_EQ(store.add_room(row)->what, "neither PIN may begin with the other") << pin;
    }
}

TEST_F(StoreTest, UsersHaveHashesAndNoPassword) {
    Store store(directory);
    EXPECT_EQ(store.add_user("alice", "secret"), std::nullopt);
    EXPECT_NE(store.add_user("alice", "other"), std::nullopt);
    EXPECT_NE(store.add_user("bob", ""), std::nullopt);
    const auto stored = store.credentials("alice");
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->ha1_md5,
              sip::digest_ha1(sip::DigestAlgorithm::md5, "alice", "lyceum", "secret"));
    EXPECT_EQ(store.change_password("alice", "new"), std::nullopt);
    EXPECT_NE(store.credentials("alice")->ha1_md5, stored->ha1_md5);
    EXPECT_NE(store.change_password("bob", "x"), std::nullopt);
    EXPECT_TRUE(store.remove_user("alice"));
    EXPECT_FALSE(store.credentials("alice"));
}

TEST_F(StoreTest, AnotherProcessIsSeenAtOnce) {
    Store server(directory), command_line(directory);
    EXPECT_FALSE(server.room("new"));
    EXPECT_EQ(command_line.add_room({{"new"}, "off"}), std::nullopt);
    EXPECT_TRUE(server.room("new"));
}

TEST_F(StoreTest, TrunksAreKeptWithTheirGateways) {
    Store store(directory);
    trunk::Trunk isp;
    isp.name = "isp";
    isp.login = {"school", "word"};
    isp.registers = isp.trusted = true;
    isp.caller = "+4989100";
    isp.inbound = "demo";
    isp.calls_max = 7;
    isp.sources = {*IpAddress::parse("192.0.2.80"), *IpAddress::parse("2001:db8::1")};
    EXPECT_EQ(store.add_trunk(isp), std::nullopt);
    isp.gateways = {{"sip:gw.isp.test", 1, 3}, {"sip:192.0.2.72;transport=tcp", 2, 1}};
    for (const auto& gateway : isp.gateways)
        EXPECT_EQ(store.add_gateway("ISP", gateway), std::nullopt);
    EXPECT_EQ(store.trunks(), std::vector{isp});

    store.set_state({"isp", "sip:gw.isp.test", "no answer"});
    store.set_state({"isp", "", "403 Forbidden"});
    const auto row = store.trunk_rows().at(0);
    EXPECT_EQ(row.registration, "403 Forbidden");
    EXPECT_EQ(row.states, (std::vector<std::string>{"no answer", ""}));
    EXPECT_EQ(store.trunks(), std::vector{isp}) << "how it does is nothing that it is";

    EXPECT_EQ(store.add_number_route({"+.", "trunk:isp"}), std::nullopt);
    EXPECT_TRUE(store.add_number_route({"9.", "trunk:other"})) << "there is none";
    EXPECT_TRUE(store.remove_trunk("isp")) << "a route leads there";
    EXPECT_TRUE(store.remove_number_route("+."));
    EXPECT_TRUE(store.remove_gateway("isp", "sip:gw.isp.test"));
    EXPECT_EQ(store.remove_trunk("isp"), std::nullopt);
    EXPECT_TRUE(store.trunks().empty());
    EXPECT_TRUE(store.remove_trunk("isp"));
}

TEST_F(StoreTest, ATrunkThatCannotBeIsRefused) {
    Store store(directory);
    const auto refused = [&](auto change) {
        trunk::Trunk isp;
        isp.name = "isp";
        change(isp);
        return store.add_trunk(isp).has_value();
    };
    EXPECT_TRUE(refused([](auto& isp) { isp.name = "isp.test"; }));
    EXPECT_TRUE(refused([](auto& isp) { isp.name = ""; }));
    EXPECT_TRUE(refused([](auto& isp) { isp.registers = true; })) << "as whom?";
    EXPECT_TRUE(refused([](auto& isp) { isp.calls_max = 0; }));
    EXPECT_TRUE(refused([](auto& isp) { isp.caller = "+49 89"; }));
    EXPECT_TRUE(refused([](auto& isp) { isp.inbound = "mailto:x@y"; }));
    EXPECT_FALSE(refused([](auto&) {}));
    EXPECT_TRUE(refused([](auto& isp) { isp.name = "ISP"; })) << "it is there";
    for (const auto* uri : {"gw.isp.test", "tel:+49", "sip:user@gw.isp.test", "sip:gw?x=y"})
        EXPECT_TRUE(store.add_gateway("isp", {uri})) << uri;
    EXPECT_TRUE(store.add_gateway("other", {"sip:gw.isp.test"}));
    EXPECT_TRUE(store.add_gateway("isp", {"sip:gw.isp.test", 0}));
}

TEST_F(StoreTest, AMemberMayWantHisQuiet) {
    Store store(directory);
    EXPECT_EQ(store.add_user("bob", "secret"), std::nullopt);
    EXPECT_FALSE(store.member("bob")->do_not_disturb);
    EXPECT_TRUE(store.set_do_not_disturb("bob", true));
    EXPECT_TRUE(store.member("bob")->do_not_disturb);
    EXPECT_TRUE(store.set_do_not_disturb("bob", false));
    EXPECT_FALSE(store.member("bob")->do_not_disturb);
    EXPECT_FALSE(store.set_do_not_disturb("nobody", true));
}

TEST_F(StoreTest, AdministratorsAreMadeAndUnmade) {
    Store store(directory);
    EXPECT_EQ(store.add_user("root", "secret"), std::nullopt);
    EXPECT_FALSE(store.is_administrator("root"));
    EXPECT_TRUE(store.set_administrator("root", true));
    EXPECT_TRUE(store.is_administrator("root"));
    EXPECT_TRUE(store.set_administrator("root", false));
    EXPECT_FALSE(store.is_administrator("root"));
    EXPECT_FALSE(store.set_administrator("nobody", true));
    EXPECT_FALSE(store.is_administrator("nobody"));
}

TEST_F(StoreTest, AMembersNumberIsTheAliasThatIsOne) {
    Store store(directory);
    EXPECT_EQ(store.add_user("bob", "secret"), std::nullopt);
    EXPECT_EQ(store.number_of("bob"), "");
    for (const auto* name : {"1001", "+49892", "+49891", "boss"})
        EXPECT_EQ(store.add_alias(name, "bob"), std::nullopt);
    EXPECT_EQ(store.number_of("Bob"), "+49891");
    EXPECT_EQ(store.number_of("alice"), "");
}

TEST_F(StoreTest, WhatIsNotCommittedIsTakenBack) {
    auto database = open_database(directory);
    BindingStore store(database);
    const registrar::Binding near{"sip:a@h2", "c", 8, 1000, WallTime(1'800'000'001s)};
    {
        sql::Transaction transaction(database);
        store.replace({"alice", {near}});
        transaction.commit();
    }
    {
        sql::Transaction transaction(database);
        store.replace({"alice", {}});
    }
    EXPECT_EQ(store.load("alice").size(), 1u);
}

TEST_F(StoreTest, SubscriptionsAndPublicationsAreKept) {
    sip::Dialog::Parts parts{{"c1", "7-ab", "f"},
                             "<sip:a@b>;tag=7-ab",
                             "<sip:c@d>;tag=f",
                             "sip:c@h",
                             {"<sip:p1;lr>", "<sip:p2;lr>"},
                             3,
                             4};
    sip::Subscription watched{sip::SubscriptionId{7},
                              "presence",
                              "ann",
                              "bob",
                              "1",
                              "text/x",
                              true,
                              2s,
                              3s,
                              sip::Dialog(parts),
                              {sip::Transport::tcp, {*IpAddress::parse("192.0.2.9"), 4000}, {}},
                              WallTime(1'800'000'000s)};
    const presence::Publication said{"ann", "e1", "<presence/>", WallTime(1'800'000'001s)};
    {
        auto database = open_database(directory);
        PresenceStore store(database);
        watched.pending = false;
        store.put(watched);
        watched.pending = true;
        store.put(watched);
        auto other = watched;
        other.id = sip::SubscriptionId{8};
        store.put(other);
        store.remove(other.id);
        store.put(said);
        store.put({"ann", "e2", "", {}});
        store.remove_publication("e2");
    }
    auto database = open_database(directory);
    PresenceStore again(database);
    const auto all = again.subscriptions();
    ASSERT_EQ(all.size(), 1u);
    const auto& it = all.front();
    EXPECT_EQ(it.dialog.parts(), parts);
    EXPECT_EQ(it.id, watched.id);
    EXPECT_EQ(it.package + it.resource + it.watcher + it.event_id + it.type,
              "presenceannbob1text/x");
    EXPECT_TRUE(it.pending);
    EXPECT_EQ(it.spacing, 2s);
    EXPECT_EQ(it.at_least, 3s);
    EXPECT_EQ(it.source, watched.source);
    EXPECT_EQ(it.expires, watched.expires);
    EXPECT_EQ(again.publications(), std::vector{said});
}

TEST_F(StoreTest, DocumentsAreReadWhenTheyHaveChanged) {
    ASSERT_EQ(Store(directory).add_user("bob", "secret"), std::nullopt);
    ASSERT_EQ(Store(directory).add_user("ann", "secret"), std::nullopt);
    auto database = open_database(directory);
    PresenceStore store(database);
    using presence::xcap::Document;
    EXPECT_FALSE(store.put(Document{"pres-rules", "nobody", "x"}));
    EXPECT_TRUE(store.put(Document{"pres-rules", "bob", "one"}));
    EXPECT_TRUE(store.put(Document{"pres-rules", "ann", "two"}));
    EXPECT_TRUE(store.put(Document{"resource-lists", "ann", "three"}));
    const auto all = store.documents_since(0);
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[2].document, (Document{"resource-lists", "ann", "three"}));
    EXPECT_TRUE(store.documents_since(all[2].number).empty());
    EXPECT_TRUE(store.put(Document{"pres-rules", "bob", ""}));
    ASSERT_EQ(store.documents_since(all[2].number).size(), 1u);
    EXPECT_EQ(store.documents_since(all[2].number)[0].document.owner, "bob");
}

TEST_F(StoreTest, GroupsAndLessonsAreKept) {
    Store store(directory);
    ASSERT_EQ(store.add_user("ann", "secret"), std::nullopt);
    EXPECT_EQ(store.add_group("7b"), std::nullopt);
    for (const auto* taken : {"7b", "ann", "demo", "not a name"})
        EXPECT_TRUE(store.add_group(taken));
    EXPECT_EQ(store.join_group("7b", "ann"), std::nullopt);
    EXPECT_TRUE(store.join_group("7b", "bob"));
    EXPECT_TRUE(store.join_group("8a", "ann"));
    EXPECT_TRUE(store.groups().share("ann", "ann"));
    events::Lesson lesson{0, "Maths", "7b", "ann", "demo", 5, 540min, 585min};
    EXPECT_EQ(store.put_lesson(lesson), std::nullopt);
    lesson.id = 1;
    EXPECT_EQ(store.lessons(), std::vector{lesson});
    for (auto field : {&events::Lesson::group, &events::Lesson::teacher, &events::Lesson::room}) {
        auto bad = lesson;
        bad.*field = "nobody";
        EXPECT_TRUE(store.put_lesson(bad));
    }
    lesson.until = lesson.from;
    EXPECT_TRUE(store.put_lesson(lesson));
    EXPECT_TRUE(store.remove_lesson(1));
    EXPECT_FALSE(store.remove_lesson(1));
    EXPECT_TRUE(store.leave_group("7b", "ann"));
    EXPECT_FALSE(store.leave_group("7b", "ann"));
    EXPECT_TRUE(store.groups().members("7b")->empty());
    EXPECT_TRUE(store.remove_group("7b"));
    EXPECT_FALSE(store.groups().members("7b"));
}

TEST_F(StoreTest, SoundsAreOpusFiles) {
    Store store(directory);
    const auto file = mixer::prompt("en", "alone");
    EXPECT_FALSE(store.set_sound("gong", file));
    EXPECT_FALSE(store.set_sound("Gong", file)) << "in the place of the first";
    EXPECT_EQ(store.set_sound("text", Bytes{1, 2, 3})->what, "this is no Opus file");
    EXPECT_TRUE(store.set_sound("a b", file)) << "no name";
    EXPECT_TRUE(store.set_sound("long", Bytes(Store::sound_bytes_max + 1)));
    ASSERT_EQ(store.sounds().size(), 1u);
    EXPECT_EQ(store.sounds()[0].bytes, file.size());
    EXPECT_TRUE(std::ranges::equal(*store.sound("GONG"), file));
    EXPECT_FALSE(store.sound("drum"));
    EXPECT_TRUE(store.remove_sound("gong"));
    EXPECT_FALSE(store.remove_sound("gong"));
}

TEST_F(StoreTest, UsersComeInPagesWithWhatIsSetForThem) {
    Store store(directory);
    for (const auto* name : {"ann", "ben", "cid", "dan"}) store.add_user(name, "secret");
    store.add_group("7b");
    store.add_group("staff");
    for (const auto* name : {"ann", "cid"}) store.join_group("7b", name);
    store.join_group("staff", "cid");
    store.add_alias("+4930", "cid");
    store.add_alias("+4931", "nobody");
    store.set_forwarding("ben", {.busy = "cid"});
    const auto page = store.user_rows("ann", 2, "");
    ASSERT_EQ(page.size(), 2u);
    EXPECT_EQ(page[0].name, "ben");
    EXPECT_EQ(page[0].forwarding.busy, "cid");
    EXPECT_TRUE(page[0].groups.empty() && page[0].numbers.empty());
    EXPECT_EQ(page[1].groups, (std::vector<std::string>{"7b", "staff"}));
    EXPECT_EQ(page[1].numbers, (std::vector<std::string>{"+4930"}));
    const auto names = [&](std::string_view text) {
        std::string out;
        for (const auto& each : store.user_rows("", 10, text)) out += each.name + " ";
        return out;
    };
    EXPECT_EQ(names("7B"), "ann cid ");
    EXPECT_EQ(names("4930"), "cid ");
    EXPECT_EQ(names("AN"), "ann dan ");
    EXPECT_EQ(names("nobody"), "");
    EXPECT_FALSE(store.user_row("nobody"));
    EXPECT_EQ(store.user_row("ann")->groups, (std::vector<std::string>{"7b"}));
}

TEST_F(StoreTest, CallRecordsAreKeptForATime) {
    auto database = open_database(directory);
    RecordStore store(database);
    records::CallRecord talked{"c1", "sip:a@x", "sip:b@y", "member"};
    talked.started = WallTime(100s);
    talked.answered = WallTime(105s);
    talked.ended = WallTime(165s);
    talked.status = 200;
    talked.why = "caller hung up";
    talked.heard = records::Heard{43, 12, 3};
    records::CallRecord refused{"c2", "sip:a@x", "sip:b@y", "member"};
    refused.started = refused.ended = WallTime(200s);
    refused.status = 486;
    store.add(talked);
    store.add(refused);
    const auto all = store.calls({});
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].value.call_id, "c2");
    EXPECT_FALSE(all[0].value.answered || all[0].value.heard);
    EXPECT_EQ(all[1].value.answered, talked.answered);
    EXPECT_EQ(all[1].value.heard, talked.heard);
    EXPECT_EQ(all[1].value.why, talked.why);
    EXPECT_EQ(store.calls({.count = 1}).size(), 1u);
    const auto earlier = store.calls({.id = all[0].id});
    ASSERT_EQ(earlier.size(), 1u);
    EXPECT_EQ(earlier[0].id, all[1].id);
    EXPECT_EQ(store.calls({.text = "HUNG"}).size(), 1u) << "in small or in capital letters";
    store.forget_before(WallTime(150s));
    EXPECT_EQ(store.calls({}).size(), 1u);
}

TEST_F(StoreTest, ADatabaseOfANewerProgramIsRefusedAndLeftAlone) {
    {
        auto database = sql::Database::open(directory + "/lyceum.db");
        database.execute("PRAGMA user_version = 9999");
    }
    try {
        Store store(directory);
        FAIL() << "opened";
    } catch (const sql::Error& error) {
        EXPECT_NE(std::string(error.what()).find("newer"), std::string::npos);
    }
}

TEST_F(StoreTest, WhatIsNoDatabaseIsRefused) {
    std::filesystem::create_directory(directory + "/lyceum.db");
    EXPECT_THROW(Store{directory}, sql::Error);
    EXPECT_THROW(Store{"/nonexistent"}, sql::Error);
}

TEST_F(StoreTest, WhatIsRememberedOfNamesIsAsItIs) {
    Store store(directory), other(directory); // As another process has it.
    Remembered names(store);
    struct Row {
        const char* what;
        std::function<void()> write;
        std::function<bool()> seen;
    };
    const std::vector<Row> rows{
        {"a user", [&] { other.add_user("ann", "p"); },
         [&] { return names.credentials("ann").has_value() && names.member("ann").has_value(); }},
        {"a password", [&] { other.change_password("ann", "q"); },
         [&, before = std::optional<sip::StoredCredentials>()]() mutable {
             const auto now = names.credentials("ann");
             if (!before) before = now;
             return now && now->ha1_md5 != before->ha1_md5;
         }},
        {"a role", [&] { other.set_administrator("ann", true); },
         [&] { return names.is_administrator("ann"); }},
        {"do not disturb", [&] { other.set_do_not_disturb("ann", true); },
         [&] { return names.member("ann")->do_not_disturb; }},
        {"forwarding", [&] { other.set_forwarding("ann", {.always = "sip:b@c"}); },
         [&] { return names.member("ann")->forwarding.always == "sip:b@c"; }},
        {"no forwarding", [&] { other.set_forwarding("ann", {}); },
         [&] { return names.member("ann")->forwarding.always.empty(); }},
        {"steps", [&] { other.set_steps("ann", {{"devices"}}); },
         [&] { return names.member("ann")->steps.size() == 1; }},
        {"an alias", [&] { other.add_alias("1001", "ann"); },
         [&] { return names.alias("1001") == "ann"; }},
        {"no alias", [&] { other.remove_alias("1001"); }, [&] { return !names.alias("1001"); }},
        {"a route",
         [&] {
             other.add_number_route({"3xxx", "sip:{number}@far.test"});
         },
         [&] { return names.number_routes().size() == 1; }},
        {"no route", [&] { other.remove_number_route("3xxx"); },
         [&] { return names.number_routes().empty(); }},
        {"a room",
         [&] {
             other.add_room({{"maths"}, "off"});
         },
         [&] { return names.is_room("maths") && names.is_room("Maths"); }},
        {"no room", [&] { other.remove_room("maths"); }, [&] { return !names.is_room("maths"); }},
        {"no user", [&] { other.remove_user("ann"); },
         [&] { return !names.credentials("ann") && !names.member("ann"); }},
    };
    for (const auto& row : rows) {
        names.look_again();
        EXPECT_FALSE(row.seen()) << row.what;
        row.write();
        EXPECT_FALSE(row.seen()) << row.what << ": it is still the same turn";
        names.look_again();
        EXPECT_TRUE(row.seen()) << row.what;
    }
}

TEST_F(StoreTest, NamesThatAreNobodysFillNoMemory) {
    Store store(directory);
    Remembered names(store);
    for (std::size_t i = 0; i <= Remembered::answers_max; ++i)
        EXPECT_FALSE(names.alias("x" + std::to_string(i)));
    EXPECT_EQ(names.alias_count(), 1u);
}

} // namespace
} // namespace lyceum::store
