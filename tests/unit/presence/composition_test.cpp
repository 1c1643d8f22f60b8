// SPDX-License-Identifier: Apache-2.0
#include "presence/composition.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace lyceum::presence {
namespace {

/// What stands inside of `presence`, with the usual prefixes.
Document document(const std::string& inside) {
    auto parsed = Document::parse("<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='sip:a@b'"
                                  " xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model'"
                                  " xmlns:rpid='urn:ietf:params:xml:ns:pidf:rpid'>" +
                                  inside + "</presence>");
    EXPECT_TRUE(parsed) << inside;
    return parsed ? *parsed : Document{};
}

/// The composed document, without its root.
std::string composed(const std::vector<Document>& published, const Facts& facts = {},
                     const View& view = {}) {
    std::vector<const Document*> pointers;
    for (const auto& each : published) pointers.push_back(&each);
    auto text = compose("sip:ann@school.test", pointers, facts, view);
    const auto root = xml::parse(text);
    EXPECT_TRUE(root) << text;
    const auto begin = text.find("<", text.find("<presence ") + 1);
    return text.substr(begin, text.rfind("</presence>") - begin);
}

std::string tuple(const std::string& id, const std::string& basic, const std::string& more = {}) {
    return "<tuple id=\"" + id + "\"><status><basic>" + basic + "</basic></status>" + more +
           "</tuple>";
}
std::string person(const std::string& inside, const std::string& id = "p") {
    return "<dm:person id=\"" + id + "\">" + inside + "</dm:person>";
}
std::string activities(const std::string& inside) {
    return "<rpid:activities>" + inside + "</rpid:activities>";
}

std::string of_server(const std::string& basic) {
    return tuple("lyceum", basic, "<contact>sip:ann@school.test</contact>");
}

TEST(Composition, WithoutAnyClientTheServerSaysWhatItKnows) {
    EXPECT_EQ(composed({}), of_server("closed"));
    EXPECT_EQ(composed({}, {.reachable = true}), of_server("open"));
    EXPECT_EQ(composed({}, {true, {"on-the-phone"}, {"in class: Maths"}}),
              of_server("open") +
                  person(activities("<rpid:on-the-phone/>") + "<dm:note>in class: Maths</dm:note>",
                         "person"));
}

TEST(Composition, WhatCanBeDoneThereStandsInTheTuple) {
    const Facts facts{.reachable = true, .capabilities = {"audio", "video"}};
    const auto text = composed({}, facts);
    EXPECT_NE(text.find("<caps:servcaps><caps:audio>true</caps:audio>"
                        "<caps:video>true</caps:video></caps:servcaps><contact>"),
              std::string::npos)
        << text;
    EXPECT_EQ(composed({}, facts, View::blocked()), of_server("closed")) << "nor what he could";
    EXPECT_EQ(composed({document(tuple("t", "open"))}, facts), tuple("t", "open"))
        << "who publishes says it himself";
}

TEST(Composition, WhatIsPublishedStandsForItself) {
    const auto said = tuple("t1", "open", "<note>here</note>") + "<note>hello</note>" +
                      person(activities("<rpid:away/>"));
    EXPECT_EQ(composed({document(said)}, {.reachable = false}), said);
}

TEST(Composition, HardStateStandsBesideWhatTheServerKnows) {
    auto said = document(tuple("mail", "open") + person("<dm:note>ask me</dm:note>"));
    said.is_hard_state = true;
    EXPECT_EQ(composed({said}, {.reachable = true}),
              of_server("open") + tuple("mail", "open") + person("<dm:note>ask me</dm:note>"));
    EXPECT_EQ(composed({said, document(tuple("phone", "closed"))}, {.reachable = true}),
              tuple("mail", "open") + tuple("phone", "closed") +
                  person("<dm:note>ask me</dm:note>"));
    auto clash = document(tuple("lyceum", "open"));
    clash.is_hard_state = true;
    EXPECT_EQ(composed({clash}), of_server("closed") + tuple("lyceum-2", "open"));
    auto closed = document(tuple("mail", "closed"));
    closed.is_hard_state = true;
    EXPECT_TRUE(glance_at({&closed}, {.reachable = true}).available);
    const auto phone = document(tuple("phone", "closed"));
    EXPECT_FALSE(glance_at({&closed, &phone}, {.reachable = true}).available);
}

TEST(Composition, HisCardAndWhatIsNotKnownAreSeenByWhomItIsFor) {
    const auto said = document(
        "<tuple id=\"t\"><status><basic>open</basic><gp:geopriv xmlns:gp=\"urn:where\"/></status>"
        "<ci:card xmlns:ci=\"urn:ietf:params:xml:ns:pidf:cipid\">c</ci:card></tuple>" +
        person(
            "<ci:display-name xmlns:ci=\"urn:ietf:params:xml:ns:pidf:cipid\">Ann</ci:display-name>"
            "<x:y xmlns:x=\"urn:x\"/>"));
    const auto has = [&](const View& view, const char* what) {
        return composed({said}, {}, view).find(what) != std::string::npos;
    };
    const View card{.others = false}, others{.contact = false};
    EXPECT_TRUE(has({}, "geopriv") && has({}, ":y") && has({}, ">Ann<") && has({}, ">c<"));
    EXPECT_TRUE(!has(card, "geopriv") && !has(card, ":y") && has(card, ">Ann<") &&
                has(card, ">c<"));
    EXPECT_TRUE(has(others, "geopriv") && has(others, ":y") && !has(others, ">Ann<"));
    EXPECT_EQ(composed({said}, {}, View::blocked()), of_server("closed"));
}

TEST(Composition, IdsStayApart) {
    EXPECT_EQ(composed({document(tuple("t", "closed") + person("<dm:note>x</dm:note>", "t")),
                        document(tuple("t", "open"))}),
              tuple("t", "closed") + tuple("t-2", "open") + person("<dm:note>x</dm:note>", "t-3"));
}

TEST(Composition, ThePersonIsOneAndSaysWhatAllSay) {
    const auto desk = document(person(activities("<rpid:away/><rpid:unknown/>") +
                                      "<rpid:mood><rpid:sad/></rpid:mood><dm:note>lunch</dm:note>"
                                      "<dm:timestamp>2026-01-01T10:00:00Z</dm:timestamp>"));
    const auto mobile =
        document(person(activities("<rpid:meal/><rpid:away/>") +
                            "<rpid:mood><rpid:happy/></rpid:mood><dm:note>lunch</dm:note>"
                            "<dm:timestamp>2026-01-01T11:00:00Z</dm:timestamp>",
                        "q"));
    EXPECT_EQ(composed({desk, mobile}),
              of_server("closed") +
                  person(activities("<rpid:meal/><rpid:away/>") +
                             "<rpid:mood><rpid:happy/></rpid:mood><dm:note>lunch</dm:note>"
                             "<dm:timestamp>2026-01-01T11:00:00Z</dm:timestamp>",
                         "q"));
}

TEST(Composition, IsTheSameWhateverTheOrderOfArrival) {
    std::vector<Document> published{
        document(tuple("a", "open") + person(activities("<rpid:away/>"))),
        document(tuple("b", "closed") +
                 person("<dm:timestamp>2026-01-01T10:00:00Z</dm:timestamp>")),
        document(tuple("a", "open", "<note>x</note>") + person(activities("<rpid:busy/>"))),
        document(tuple("b", "closed") +
                 person("<dm:timestamp>2026-01-01T11:00:00Z</dm:timestamp>")),
    };
    std::vector<std::size_t> order{0, 1, 2, 3};
    std::string first;
    do {
        std::vector<Document> arrived;
        for (const auto i : order) arrived.push_back(published[i]);
        const auto text = composed(arrived);
        if (first.empty()) first = text;
        EXPECT_EQ(text, first);
    } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Composition, WhatIsNotForTheWatcherIsLeftOut) {
    const auto said = document(
        tuple("t", "open", "<note>n1</note>") + "<note>n2</note>" +
        person(activities("<rpid:away/>") + "<dm:note>n3</dm:note>") +
        "<dm:device id=\"d\"><dm:deviceID>mac:1</dm:deviceID><dm:note>n4</dm:note></dm:device>");
    const Facts facts{true, {"on-the-phone"}, {"n5"}};
    EXPECT_EQ(composed({said}, facts, {.devices = false, .notes = false}),
              tuple("t", "open") + person(activities("<rpid:away/><rpid:on-the-phone/>")));
    EXPECT_EQ(composed({said}, facts, {.devices = false, .activities = false}),
              tuple("t", "open", "<note>n1</note>") + "<note>n2</note>" +
                  person("<dm:note>n3</dm:note><dm:note>n5</dm:note>"));
    // Who is blocked politely sees what he would see of somebody who is away.
    EXPECT_EQ(composed({said}, facts, View::blocked()), composed({}));
}

TEST(PresenceDocument, WhatIsNoneIsRefusedWithAReason) {
    const std::string root = "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='x'>";
    struct Row {
        std::string text, why;
    };
    for (const auto& row : std::vector<Row>{
             {"<presence/>", "not a PIDF document"},
             {root + "<tuple><status/></tuple></presence>", "tuple without id"},
             {root + "<tuple id='a'/></presence>", "tuple without status"},
             {root + "<tuple id='a'><status><basic>maybe</basic></status></tuple></presence>",
              "basic is neither open nor closed"},
         }) {
        const auto parsed = Document::parse(row.text);
        ASSERT_FALSE(parsed) << row.text;
        EXPECT_EQ(parsed.error().what, row.why);
    }
    std::string many = root;
    for (int i = 0; i < 65; ++i) many += "<note>x</note>";
    EXPECT_FALSE(Document::parse(many + "</presence>"));
}

TEST(Glance, IsWhatAnybodySaysAndWhatTheServerKnows) {
    const Facts facts{.reachable = true, .activities = {"on-the-phone"}, .notes = {"in maths"}};
    EXPECT_EQ(glance_at({}, facts), (Glance{true, {"on-the-phone"}, {"in maths"}}));
    const auto document = Document::parse(
        R"(<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:a@x"
             xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
             xmlns:r="urn:ietf:params:xml:ns:pidf:rpid">
             <tuple id="t"><status><basic>closed</basic></status></tuple><note>Back soon</note>
             <dm:person id="p"><r:activities><r:note>x</r:note><r:away/></r:activities></dm:person>
           </presence>)");
    ASSERT_TRUE(document);
    EXPECT_EQ(glance_at({&*document}, facts),
              (Glance{false, {"on-the-phone", "away"}, {"in maths", "Back soon"}}))
        << "his telephone is there, but he is not";
}

} // namespace
} // namespace lyceum::presence
