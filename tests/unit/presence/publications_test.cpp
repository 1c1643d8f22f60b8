// SPDX-License-Identifier: Apache-2.0
#include "presence/presentities.hpp"
#include "tests/kit/recording_log.hpp"
#include "tests/kit/sip.hpp"

#include <gtest/gtest.h>

#include <map>

namespace lyceum::presence {
namespace {

std::string pidf(const std::string& note) {
    return "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='sip:ann@b'><tuple "
           "id='t'><status/>"
           "<note>" +
           note + "</note></tuple></presence>";
}

class PublicationsTest : public testing::Test, public Surroundings {
protected:
    Facts facts(std::string_view) override { return {}; }
    View view(std::string_view, std::string_view watcher) override {
        return watcher == "eve" ? View::blocked() : View{};
    }
    std::string uri_of(std::string_view resource) override {
        return "sip:" + std::string(resource) + "@school.test";
    }

    struct Outcome {
        int status;
        std::string tag, other; ///< SIP-ETag, and Expires or Min-Expires.
        std::string reason;
    };
    Outcome publish(const std::string& headers, const std::string& body = {},
                    const std::string& type = "application/pidf+xml") {
        const auto id = sip::TransactionId{++last};
        auto text = "PUBLISH sip:ann@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK" +
                    std::to_string(last) +
                    "\nMax-Forwards: 70\nFrom: <sip:ann@192.0.2.1>;tag=f\nTo: <sip:ann@192.0.2.1>\n"
                    "Call-ID: c\nCSeq: 1 PUBLISH\nEvent: presence\n" +
                    headers;
        if (!body.empty()) text += "Content-Type: " + type + "\n";
        publications.handle_publish({id, kit::message(text, body), {}}, "ann", now);
        drain();
        if (!answers.contains(id)) return {};
        const auto& answer = answers.at(id);
        const auto header = [&](std::string_view name) {
            return std::string(answer.header(name).value_or(""));
        };
        return {answer.status(), header("SIP-ETag"), header("Expires") + header("Min-Expires"),
                std::string(answer.reason())};
    }
    void drain() {
        while (auto output = publications.poll()) {
            if (auto* answer = std::get_if<Publications::Answer>(&*output)) {
                answers.emplace(answer->transaction, answer->response);
            } else if (auto* save = std::get_if<Publications::Save>(&*output)) {
                disk.erase(save->replaced);
                if (save->publication) disk.emplace(save->publication->tag, *save->publication);
                if (keeps) publications.handle_saved(save->id, *keeps);
            } else {
                ++changes;
                presentities.change(std::get<Publications::Changed>(*output).resource);
            }
        }
    }
    void wait(Duration time) {
        now += time;
        publications.handle_timeout(now);
        drain();
    }
    std::string seen(const std::string& watcher = "bob") {
        return presentities.state("ann", watcher, pidf_type)->text;
    }
    bool sees(const std::string& note) { return seen().find(note) != std::string::npos; }

    TimePoint now{};
    kit::RecordingLog log;
    SeededEntropy entropy{1};
    Publications publications{{.of_resource_max = 3}, entropy, log};
    Presentities presentities{publications, *this};
    std::map<sip::TransactionId, sip::Message> answers;
    std::map<std::string, Publication> disk;
    std::optional<bool> keeps = true;
    std::uint64_t last = 0;
    int changes = 0;
};

TEST_F(PublicationsTest, IsSaidChangedKeptUpAndTakenBack) {
    const auto first = publish("", pidf("one"));
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(first.other, "3600");
    EXPECT_TRUE(sees("one"));
    const auto second = publish("SIP-If-Match: " + first.tag + "\n", pidf("two"));
    EXPECT_EQ(second.status, 200);
    EXPECT_NE(second.tag, first.tag);
    EXPECT_TRUE(sees("two") && !sees("one"));
    EXPECT_EQ(publish("SIP-If-Match: " + first.tag + "\n", pidf("three")).status, 412);
    const auto changed = changes;
    wait(3000s);
    const auto third = publish("SIP-If-Match: " + second.tag + "\nExpires: 100\n");
    EXPECT_EQ(third.other, "100");
    EXPECT_EQ(changes, changed); // Nothing else is known than before.
    wait(99s);
    EXPECT_TRUE(sees("two"));
    EXPECT_EQ(publish("SIP-If-Match: " + third.tag + "\nExpires: 0\n").status, 200);
    EXPECT_FALSE(sees("two"));
    EXPECT_TRUE(disk.empty());
}

TEST_F(PublicationsTest, IsForgottenInItsTime) {
    EXPECT_EQ(publish("Expires: 60\n", pidf("one")).status, 200);
    EXPECT_EQ(publish("Expires: 90\n", pidf("two")).status, 200);
    EXPECT_TRUE(sees("one") && sees("two"));
    wait(61s);
    EXPECT_TRUE(!sees("one") && sees("two"));
    wait(30s);
    EXPECT_FALSE(sees("two"));
    EXPECT_TRUE(disk.empty());
    EXPECT_EQ(publications.size(), 0u);
}

TEST_F(PublicationsTest, WhatIsWrongIsRefusedByTheRules) {
    struct Row {
        std::string headers, body, type;
        int status;
        std::string other;
    };
    const std::string good = "application/pidf+xml";
    for (const auto& row : std::vector<Row>{
             {"", "", good, 400, ""},
             {"Expires: 59\n", pidf("x"), good, 423, "60"},
             {"Expires: 90000\n", pidf("x"), good, 200, "7200"},
             {"Expires: 0\n", pidf("x"), good, 200, "0"},
             {"SIP-If-Match: nothing\n", pidf("x"), good, 412, ""},
             {"", pidf("x"), "text/plain", 415, ""},
             {"Content-Encoding: gzip\n", pidf("x"), good, 415, ""},
             {"", "<presence>", good, 400, ""},
             {"", "<!DOCTYPE a [<!ENTITY b 'c'>]>" + pidf("x"), good, 400, ""},
             {"", pidf(std::string(33'000, 'x')), good, 413, ""},
         }) {
        const auto outcome = publish(row.headers, row.body, row.type);
        EXPECT_EQ(outcome.status, row.status) << row.headers << row.type << row.body.substr(0, 99);
        EXPECT_EQ(outcome.other, row.other) << row.headers;
    }
    EXPECT_EQ(
        publish("", "<presence xmlns='urn:ietf:params:xml:ns:pidf'><tuple id='a'/></presence>")
            .reason,
        "Bad Presence Document: tuple without status");
}

TEST_F(PublicationsTest, OneOwnerHasSoManyDevicesAndNoMore) {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(publish("", pidf(std::to_string(i))).status, 200);
    EXPECT_EQ(publish("", pidf("x")).status, 403);
}

TEST_F(PublicationsTest, WhatIsNotOnDiskIsNotAcknowledged) {
    keeps.reset();
    EXPECT_EQ(publish("", pidf("x")).status, 0);
    publications.handle_saved(Publications::SaveId{1}, true);
    drain();
    EXPECT_EQ(answers.begin()->second.status(), 200);
    keeps = false;
    EXPECT_EQ(publish("", pidf("y")).status, 500);
}

TEST_F(PublicationsTest, GoesOnAfterARestart) {
    const auto first = publish("Expires: 100\n", pidf("one"));
    publish("Expires: 60\n", pidf("two"));
    std::vector<Publication> rows;
    for (const auto& [tag, each] : disk) rows.push_back(each);
    Publications again({}, entropy, log);
    again.restore(rows, now + 70s);
    EXPECT_EQ(again.size(), 1u);
    EXPECT_EQ(again.of("ann").at(0)->tuples.at(0).children.at(1).text, "one");
    const auto forgotten = again.poll(); // The other's time was over.
    ASSERT_TRUE(forgotten);
    EXPECT_NE(std::get<Publications::Save>(*forgotten).replaced, first.tag);
}

TEST_F(PublicationsTest, WhoSeesTheSameSharesOneDocument) {
    publish("", pidf("one"));
    EXPECT_EQ(presentities.state("ann", "bob", pidf_type),
              presentities.state("ann", "joe", pidf_type));
    EXPECT_NE(seen("bob"), seen("eve"));
    EXPECT_NE(seen("eve").find(">closed<"), std::string::npos);
}

} // namespace
} // namespace lyceum::presence
