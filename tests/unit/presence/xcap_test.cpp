// SPDX-License-Identifier: Apache-2.0
#include "presence/xcap_diff.hpp"
#include "presence/xcap_server.hpp"
#include "tests/kit/recording_log.hpp"

#include <gtest/gtest.h>

#include <map>

namespace lyceum::presence::xcap {
namespace {

class XcapTest : public testing::Test, public Names {
protected:
    std::optional<std::string> member_of(std::string_view xui) override {
        if (xui == "sip:ann@x" || xui == "ann") return "ann";
        if (xui == "sip:bob@x") return "bob";
        return std::nullopt;
    }
    bool is_free(std::string_view uri) override { return uri.starts_with("sip:list"); }

    Server::Response ask(const std::string& method, const std::string& target,
                         const std::string& body = {}, const std::string& type = {},
                         const std::string& if_match = {}, const std::string& if_none_match = {}) {
        const Server::RequestId id{++last};
        auto guess = type;
        if (guess.empty())
            guess = target.find("/@") != std::string::npos   ? "application/xcap-att+xml"
                    : target.find("~~") != std::string::npos ? "application/xcap-el+xml"
                    : target.find("rls") == 1                ? "application/rls-services+xml"
                    : target.find("pres-rules") == 1         ? "application/auth-policy+xml"
                    : target.find("pidf") == 1               ? "application/pidf+xml"
                                                             : "application/resource-lists+xml";
        server.handle_request(id, {method, target, guess, body, if_match, if_none_match}, user);
        std::optional<Server::Response> response;
        while (auto output = server.poll()) {
            if (auto* save = std::get_if<Server::Save>(&*output)) {
                if (disk) disk->insert_or_assign(save->document.auid, save->document);
                changed = server.handle_saved(save->id, disk.has_value());
            } else {
                EXPECT_EQ(std::get<Server::Answer>(*output).request, id);
                response = std::get<Server::Answer>(*output).response;
            }
        }
        EXPECT_TRUE(response);
        return response.value_or(Server::Response{});
    }
    /// The name of the element in the document of a 409.
    static std::string conflict(const Server::Response& response) {
        EXPECT_EQ(response.status, 409) << response.body;
        const auto root = xml::parse(response.body);
        return root && !root->children.empty() ? root->children[0].name : std::string();
    }

    static inline const std::string doc = "/resource-lists/users/sip:ann@x/index";
    static inline const std::string in = doc + "/~~/resource-lists";
    static inline const std::string friends =
        "<resource-lists xmlns='urn:ietf:params:xml:ns:resource-lists'><list name='friends'>"
        "<entry uri='sip:bob@x'><display-name>Bob</display-name></entry></list></resource-lists>";

    static bool is_ann(std::string_view xui) { return xui == "sip:ann@x"; }

    kit::RecordingLog log;
    Server server{*this, log};
    std::string user = "ann";
    std::optional<std::map<std::string, Document>> disk{std::in_place};
    std::optional<Document> changed;
    std::uint64_t last = 0;
};

TEST_F(XcapTest, ADocumentIsKeptAsItCame) {
    EXPECT_EQ(ask("GET", doc).status, 404);
    const auto put = ask("PUT", doc, friends);
    EXPECT_EQ(put.status, 201);
    EXPECT_EQ(disk->at("resource-lists"), (Document{"resource-lists", "ann", friends}));
    const auto got = ask("GET", doc);
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.body, friends);
    EXPECT_EQ(got.type, "application/resource-lists+xml");
    EXPECT_EQ(got.etag, put.etag);
    EXPECT_EQ(ask("GET", "/resource-lists/users/ann/index").body, friends);
    EXPECT_EQ(ask("PUT", doc, friends).status, 200);
    EXPECT_EQ(ask("DELETE", doc).status, 200);
    EXPECT_EQ(ask("GET", doc).status, 404);
    EXPECT_EQ(ask("DELETE", doc).status, 404);
}

TEST_F(XcapTest, TagsGuardAgainstLostChanges) {
    const auto first = "\"" + ask("PUT", doc, friends).etag + "\"";
    EXPECT_EQ(ask("PUT", doc, friends, {}, {}, "*").status, 412) << "only if there is none";
    EXPECT_EQ(ask("GET", doc, {}, {}, {}, "\"other\", " + first).status, 304);
    EXPECT_EQ(ask("PUT", in + "/list%5b@name=%22friends%22%5d/@name", "mates", {}, first).status,
              200);
    EXPECT_EQ(ask("DELETE", doc, {}, {}, first).status, 412);
    EXPECT_EQ(ask("GET", doc, {}, {}, {}, first).status, 200);
}

TEST_F(XcapTest, PartsAreReadAndChanged) {
    ask("PUT", doc, friends);
    const auto list = in + "/list%5b@name=%22friends%22%5d";
    const auto got = ask("GET", list + "/entry%5b1%5d");
    EXPECT_EQ(got.type, "application/xcap-el+xml");
    EXPECT_EQ(got.body, "<entry xmlns=\"urn:ietf:params:xml:ns:resource-lists\" "
                        "uri=\"sip:bob@x\"><display-name>Bob</display-name></entry>");
    EXPECT_EQ(ask("GET", list + "/entry/@uri").body, "sip:bob@x");
    EXPECT_EQ(ask("GET", list + "/entry/@none").status, 404);
    EXPECT_EQ(ask("GET", list + "/*/namespace::*").body,
              "<entry xmlns=\"urn:ietf:params:xml:ns:resource-lists\"/>");
    EXPECT_EQ(
        ask("PUT", list + "/entry%5b@uri=%22sip:cat@x%22%5d", "<entry uri='sip:cat@x'/>").status,
        201);
    EXPECT_EQ(
        ask("PUT", list + "/entry%5b1%5d%5b@uri=%22sip:eve@x%22%5d", "<entry uri='sip:eve@x'/>")
            .status,
        201);
    EXPECT_EQ(ask("GET", list + "/entry%5b1%5d/@uri").body, "sip:eve@x");
    EXPECT_EQ(ask("GET", list + "/entry%5b3%5d/@uri").body, "sip:cat@x");
    EXPECT_EQ(ask("PUT", list + "/entry%5b3%5d/@uri", "sip:dog@x").status, 200);
    EXPECT_EQ(ask("DELETE", list + "/entry%5b@uri='sip:eve@x'%5d").status, 200);
    EXPECT_EQ(ask("GET", list + "/entry%5b1%5d/@uri").body, "sip:bob@x");
    EXPECT_EQ(ask("GET", in + "/r:list/@name?xmlns(r=urn:ietf:params:xml:ns:resource-lists)").body,
              "friends");
    EXPECT_EQ(ask("GET", in + "/r:list?xmlns(r=urn:other)").status, 404);
}

TEST_F(XcapTest, AConflictSaysWhatItIs) {
    EXPECT_EQ(conflict(ask("PUT", in + "/list", "<list/>")), "no-parent");
    EXPECT_EQ(conflict(ask("PUT", doc, "<resource-lists")), "not-well-formed");
    EXPECT_EQ(conflict(ask("PUT", doc, "<a/>")), "schema-validation-error");
    EXPECT_EQ(conflict(ask("PUT", doc, "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")),
              "not-well-formed");
    EXPECT_EQ(conflict(ask("PUT", doc, "\xff")), "not-utf-8");
    ask("PUT", doc, friends);
    const auto list = in + "/list";
    EXPECT_EQ(conflict(ask("PUT", list + "/entry%5b9%5d", "<entry uri='sip:z@x'/>")),
              "cannot-insert");
    EXPECT_EQ(conflict(ask("PUT", list + "/entry%5b@uri=%22a%22%5d", "<entry uri='b'/>")),
              "cannot-insert");
    EXPECT_EQ(conflict(ask("PUT", list + "/entry", "<entry/><entry/>")), "not-xml-frag");
    EXPECT_EQ(conflict(ask("PUT", list + "/entry", "<entry/>")), "schema-validation-error");
    EXPECT_EQ(conflict(ask("PUT", list + "/entry%5b2%5d", "<entry uri='sip:bob@x'/>")),
              "uniqueness-failure");
    EXPECT_EQ(conflict(ask("PUT", list + "/@name", "<")), "not-xml-att-value");
    ask("PUT", list + "/entry%5b2%5d", "<entry uri='sip:cat@x'/>");
    EXPECT_EQ(conflict(ask("DELETE", list + "/entry%5b1%5d")), "cannot-delete");
    EXPECT_EQ(conflict(ask("DELETE", in)), "cannot-delete");
}

TEST_F(XcapTest, WhatIsNotHisOrNotThereIsRefused) {
    ask("PUT", doc, friends);
    user = "bob";
    EXPECT_EQ(ask("GET", doc).status, 403);
    EXPECT_EQ(ask("PUT", doc, friends).status, 403);
    EXPECT_EQ(ask("GET", "/resource-lists/users/sip:nobody@x/index").status, 403);
    user = "ann";
    EXPECT_EQ(ask("POST", doc, friends).status, 405);
    EXPECT_EQ(ask("PUT", doc, friends, "text/plain").status, 415);
    EXPECT_EQ(ask("PUT", in + "/list/namespace::*", "x").status, 405);
    for (const auto* target : {"/watchers/users/ann/index", "/resource-lists/users/ann/other",
                               "/resource-lists/global/index", "/xcap-caps/users/ann/index"})
        EXPECT_EQ(ask("GET", target).status, 404) << target;
    for (const auto* target :
         {"", "x", "/", "/resource-lists", "/resource-lists/somewhere/ann/index",
          "/resource-lists/users//index", "/resource-lists/users/ann/index/x",
          "/resource-lists/users/ann/index/~~", "/resource-lists/users/ann/index/~~/a%5b",
          "/resource-lists/users/ann/index/~~/a%5b0%5d",
          "/resource-lists/users/ann/index/~~/a%5b@b=c%5d",
          "/resource-lists/users/ann/index/~~/x:a", "/resource-lists/users/ann/index/~~/@a",
          "/resource-lists/users/ann/index/~~/a?xmlns(a"})
        EXPECT_EQ(ask("GET", target).status, 400) << target;
}

TEST_F(XcapTest, WhatIsNotOnDiskIsNotThere) {
    ask("PUT", doc, friends);
    disk.reset();
    EXPECT_EQ(ask("DELETE", doc).status, 503);
    EXPECT_FALSE(changed);
    EXPECT_EQ(ask("GET", doc).body, friends);
}

TEST_F(XcapTest, WhatIsOnItsWayToTheDiskIsKnownToBe) {
    server.handle_request(Server::RequestId{1},
                          {"PUT", doc, "application/resource-lists+xml", friends, {}, {}}, user);
    EXPECT_TRUE(server.is_changing("resource-lists", "ann"));
    EXPECT_FALSE(server.is_changing("pres-rules", "ann"));
    const auto save = server.poll();
    ASSERT_TRUE(save && std::holds_alternative<Server::Save>(*save));
    EXPECT_FALSE(server.poll()) << "no answer before it is there";
    server.handle_saved(std::get<Server::Save>(*save).id, true);
    EXPECT_FALSE(server.is_changing("resource-lists", "ann"));
    EXPECT_TRUE(server.poll());
}

TEST_F(XcapTest, CapabilitiesAreForAll) {
    const auto got = ask("GET", "/xcap-caps/global/index");
    EXPECT_EQ(got.status, 200);
    EXPECT_NE(got.body.find("<auid>pres-rules</auid>"), std::string::npos);
    EXPECT_EQ(ask("PUT", "/xcap-caps/global/index", "x").status, 405);
}

TEST_F(XcapTest, AServiceHasAUriOfItsOwn) {
    const auto services = [](const std::string& uri, const std::string& inside) {
        return "<rls-services xmlns='urn:ietf:params:xml:ns:rls-services'><service uri='" + uri +
               "'>" + inside + "</service></rls-services>";
    };
    const std::string target = "/rls-services/users/ann/index";
    const std::string list =
        "<list xmlns:r='urn:ietf:params:xml:ns:resource-lists'><r:entry uri='sip:a@x'/></list>";
    EXPECT_EQ(conflict(ask("PUT", target, services("sip:bob@x", list))), "uniqueness-failure");
    EXPECT_EQ(conflict(ask("PUT", target, services("sip:list1@x", ""))), "schema-validation-error");
    EXPECT_EQ(ask("PUT", target, services("sip:list1@x", list)).status, 201);
    EXPECT_EQ(services_in(changed->body, {}, is_ann)[0].members,
              std::vector<std::string>{"sip:a@x"});
    user = "bob";
    EXPECT_EQ(
        conflict(ask("PUT", "/rls-services/users/sip:bob@x/index", services("sip:list1@x", list))),
        "uniqueness-failure");
    const auto by_name = services(
        "sip:list2@x", "<resource-list>http://x/xcap/resource-lists/users/sip:ann@x/index/~~/"
                       "resource-lists/list%5b@name=%22friends%22%5d</resource-list>");
    const auto found = services_in(by_name, friends, is_ann);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].uri, "sip:list2@x");
    EXPECT_EQ(found[0].members, std::vector<std::string>{"sip:bob@x"});
    EXPECT_TRUE(services_in(by_name, {}, is_ann)[0].members.empty());
}

TEST_F(XcapTest, AListMayReferToOthersOfItsOwner) {
    const std::string root =
        "https://x/xcap/resource-lists/users/sip:ann@x/index/~~/resource-lists/";
    const auto external = [&](const std::string& path) {
        return "<external anchor='" + root + path + "'/>";
    };
    const std::string lists =
        "<resource-lists xmlns='urn:ietf:params:xml:ns:resource-lists'>"
        "<list name='a'><entry uri='sip:1@x'/>" +
        external("list%5b@name=%22b%22%5d") +
        "<entry uri='sip:5@x'/><external anchor='https://y/resource-lists/users/sip:bob@x/index/~~/"
        "resource-lists/list'/><external anchor='https://y/'/></list><list name='b'>"
        "<entry uri='sip:2@x'/><entry-ref ref='resource-lists/users/sip:ann@x/index/~~/"
        "resource-lists/list%5b@name=%22c%22%5d/entry%5b2%5d'/>" +
        external("list%5b@name=%22a%22%5d") + external("list%5b@name=%22none%22%5d") +
        "<entry-ref "
        "ref='resource-lists/users/sip:bob@x/index/~~/resource-lists/list/entry'/></list>"
        "<list name='c'><entry uri='sip:3@x'/><entry uri='sip:4@x'/></list></resource-lists>";
    ASSERT_EQ(ask("PUT", doc, lists).status, 201);
    const auto service = [&](const std::string& path) {
        return services_in("<rls-services xmlns='urn:ietf:params:xml:ns:rls-services'><service "
                           "uri='sip:l@x'><resource-list>" +
                               root + path + "</resource-list></service></rls-services>",
                           lists, is_ann)[0]
            .members;
    };
    using Uris = std::vector<std::string>;
    EXPECT_EQ(service("list%5b1%5d"), (Uris{"sip:1@x", "sip:2@x", "sip:4@x", "sip:5@x"}));
    EXPECT_EQ(service("list%5b2%5d"), (Uris{"sip:2@x", "sip:4@x", "sip:1@x", "sip:5@x"}));
    EXPECT_EQ(service("list%5b3%5d/entry%5b1%5d"), Uris{}) << "not a list";
    EXPECT_EQ(conflict(ask("PUT", in + "/list%5b3%5d/external%5b1%5d", "<external/>")),
              "schema-validation-error");
    EXPECT_EQ(ask("PUT", in + "/list%5b3%5d/external%5b1%5d", external("list")).status, 201);
    EXPECT_EQ(conflict(ask("PUT", in + "/list%5b3%5d/external%5b2%5d", external("list"))),
              "uniqueness-failure");
}

TEST_F(XcapTest, ManyReferencesEnd) {
    std::string lists = "<resource-lists xmlns='urn:ietf:params:xml:ns:resource-lists'>";
    for (int i = 0; i < 30; ++i) {
        const auto next = std::to_string(i + 2);
        lists += "<list><list><external anchor='/resource-lists/users/sip:ann@x/index/~~/"
                 "resource-lists/list%5b" +
                 next +
                 "%5d'/></list><external anchor='/resource-lists/users/sip:ann@x/index/~~/"
                 "resource-lists/list%5b" +
                 next + "%5d'/></list>";
    }
    lists += "<list><entry uri='sip:z@x'/></list></resource-lists>";
    const auto services =
        services_in("<rls-services xmlns='urn:ietf:params:xml:ns:rls-services'><service "
                    "uri='sip:l@x'><resource-list>/resource-lists/users/sip:ann@x/index/~~/"
                    "resource-lists/list%5b1%5d</resource-list></service></rls-services>",
                    lists, is_ann);
    EXPECT_EQ(services[0].members, std::vector<std::string>{"sip:z@x"});
}

TEST_F(XcapTest, ADocumentIsAsItsSchemaHasIt) {
    const std::string rules = "/pres-rules/users/ann/index",
                      hard = "/pidf-manipulation/users/ann/index";
    const auto ruleset = [](const std::string& inside) {
        return "<ruleset xmlns='urn:ietf:params:xml:ns:common-policy'>" + inside + "</ruleset>";
    };
    const auto presence = [](const std::string& inside) {
        return "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='sip:ann@x'>" + inside +
               "</presence>";
    };
    for (const auto& [target, body] : std::vector<std::pair<std::string, std::string>>{
             {doc, "<resource-lists xmlns='urn:ietf:params:xml:ns:resource-lists'><list>"
                   "<person/></list></resource-lists>"},
             {doc, "<resource-lists xmlns='urn:ietf:params:xml:ns:resource-lists'><entry "
                   "uri='sip:a@x'/></resource-lists>"},
             {rules, ruleset("<rule/>")},
             {rules, ruleset("<rule id='a'><transformations/><conditions/></rule>")},
             {rules, ruleset("<rule id='a'/><rule id='a'/>")},
             {hard, presence("<tuple id='a'/>")},
             {hard, presence("<tuple id='a'><status><basic>maybe</basic></status></tuple>")},
             {hard, presence("<note>x</note><tuple id='a'><status/></tuple>")},
             {"/rls-services/users/ann/index",
              "<rls-services xmlns='urn:ietf:params:xml:ns:rls-services'><service uri='sip:list@x'>"
              "<list><entry xmlns='urn:ietf:params:xml:ns:resource-lists'/></list></service>"
              "</rls-services>"}}) {
        const auto response = ask("PUT", target, body);
        EXPECT_EQ(conflict(response), "schema-validation-error") << body;
        EXPECT_NE(response.body.find("phrase="), std::string::npos) << response.body;
    }
    EXPECT_EQ(ask("PUT", hard, presence("<tuple id='a'><status/></tuple>")).status, 201);
    EXPECT_EQ(ask("PUT", hard + "/~~/presence/note", "<note>away</note>").status, 201);
    EXPECT_NE(changed->body.find("<note>away</note>"), std::string::npos);
}

// ── What has changed (RFC 5875) ──────────────────────────────────────────────────────────────────

TEST_F(XcapTest, HisDevicesHearWhichDocumentIsAnotherOne) {
    Diff diff(
        server, [](std::string_view owner) { return "sip:" + std::string(owner) + "@x"; },
        "https://x/xcap/");
    const auto view = diff.follow("ann", "ann", diff_type);
    const auto told = [&](bool all = false) {
        std::string out;
        const auto telling = view->tell(all, 0);
        if (!telling) return std::string("nothing");
        const auto root = xml::parse(telling->text);
        EXPECT_EQ(root->attribute("xcap-root"), "https://x/xcap/");
        for (const auto& each : root->children)
            out.append(*each.attribute("sel"))
                .append(each.attribute("previous-etag") ? " had" : "")
                .append(each.attribute("new-etag") ? " has" : "")
                .append(";");
        return out;
    };
    EXPECT_EQ(told(true), "");
    const auto made = ask("PUT", doc, friends);
    const auto text = diff.state("ann", "ann", diff_type)->text;
    EXPECT_NE(text.find("new-etag=\"" + made.etag + "\""), std::string::npos) << text;
    EXPECT_EQ(told(), "resource-lists/users/sip:ann@x/index has;");
    EXPECT_EQ(told(), "nothing");
    ask("DELETE", in + "/list/entry");
    EXPECT_EQ(told(), "resource-lists/users/sip:ann@x/index had has;");
    ask("PUT", "/pres-rules/users/ann/index",
        "<ruleset xmlns='urn:ietf:params:xml:ns:common-policy'/>");
    ask("DELETE", doc);
    EXPECT_EQ(told(), "pres-rules/users/sip:ann@x/index has;"
                      "resource-lists/users/sip:ann@x/index had;");
    EXPECT_EQ(told(true), "pres-rules/users/sip:ann@x/index has;");
}

} // namespace
} // namespace lyceum::presence::xcap
