// SPDX-License-Identifier: Apache-2.0
/// Alice watches Bob, who says this and that and changes whom he allows to see what, over a bad
/// network, with the server killed now and then: she never sees what he does not let her, and in
/// the end she knows what he does.
#include "base/text.hpp"
#include "tests/kit/storm.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace lyceum::events {
namespace {

using sip::Header;

/// What he says of her.
struct Rule {
    const char *handling, *shown;
    bool watches, available, notes;
};
constexpr std::array<Rule, 4> rules{{
    {"allow",
     "<pr:provide-services><pr:all-services/></pr:provide-services><pr:provide-note>true</"
     "pr:provide-note>",
     true, true, true},
    {"allow", "<pr:provide-services><pr:all-services/></pr:provide-services>", true, true, false},
    {"polite-block", "", true, false, false},
    {"block", "", false, false, false},
}};

std::string document(const Rule& rule) {
    return std::string("<ruleset xmlns='urn:ietf:params:xml:ns:common-policy' "
                       "xmlns:pr='urn:ietf:params:xml:ns:pres-rules'><rule id='a'><conditions>"
                       "<identity><one id='sip:alice@school.test'/></identity></conditions>"
                       "<actions><pr:sub-handling>") +
           rule.handling + "</pr:sub-handling></actions><transformations>" + rule.shown +
           "</transformations></rule></ruleset>";
}

class RulesStorm final : public kit::Storm {
public:
    explicit RulesStorm(std::uint64_t seed) : Storm(seed) { boot(); }

    void run() {
        decide(0);
        for (int step = 0; step < 60; ++step) {
            pass(Duration(random.between(1, 3'000'000)));
            if (random.chance(40)) say();
            if (random.chance(30)) decide(random.below(rules.size()));
            if (random.chance(20) || !watching_) watch();
            if (random.chance(4)) crash();
        }
        heal();
        pass(70s); // What was lost has come again, or was given up.
        say();
        pass(10s);
        watch();
        pass(10s);
    }
    void check() const {
        EXPECT_GT(told, 0);
        EXPECT_EQ(watching_, rule_->watches);
        if (!rule_->watches) return;
        EXPECT_EQ(last_.find("<basic>open</basic>") != std::string::npos, rule_->available)
            << last_;
        EXPECT_EQ(last_.find("note " + std::to_string(said_) + "<") != std::string::npos,
                  rule_->notes)
            << last_;
    }

    int told = 0; ///< NOTIFYs with a body.

private:
    void restore(kit::Exchange& fresh) override {
        if (rule_) fresh.presence.set_rules("bob", document(*rule_), now);
        fresh.subscriptions = subscriptions_;
        fresh.publications = publications_;
        std::vector<sip::Subscription> watched;
        for (const auto& [id, each] : subscriptions_) watched.push_back(each);
        std::vector<presence::Publication> published;
        for (const auto& [tag, each] : publications_) published.push_back(each);
        fresh.presence.restore(std::move(watched), std::move(published), now);
    }
    void keep(const kit::Exchange& server) override {
        subscriptions_ = server.subscriptions;
        publications_ = server.publications;
    }
    /// What the server sends for the first time is held against what he says of her now.
    void seen(const sip::Message& sent) override {
        if (!sent.is_request() || sent.method() != sip::Method::notify) return;
        if (!sent_.insert(std::string(sent.values(Header::via).front())).second) return;
        const auto body = sent.body();
        const bool open = body.find("<basic>open") != std::string_view::npos;
        const bool notes = body.find("<note") != std::string_view::npos;
        EXPECT_TRUE(rule_->available || !open) << body;
        EXPECT_TRUE(rule_->notes || !notes) << body;
    }
    void received(const sip::Message& notify) override {
        const auto number = sip::cseq_of(notify);
        const auto call = std::string(*notify.header(Header::call_id));
        if (call != call_ || number <= heard_) return;
        heard_ = number;
        tag_ = sip::tag_of(notify, Header::from);
        if (notify.header(Header::subscription_state)->starts_with("terminated")) watching_ = false;
        if (notify.body().empty()) return;
        last_ = notify.body();
        ++told;
    }
    void heard(const Ask& ask, int status, const sip::Message* response) override {
        if (ask.about == "publish") {
            if (status < 300) etag_ = *response->header("SIP-ETag");
            else etag_.clear();
            if (status >= 300 &&
                ask.body.find("note " + std::to_string(said_)) != std::string::npos)
                publish(); // Until it is known.
            return;
        }
        if (ask.call_id != call_) return;
        watching_ = status < 300;
        if (status >= 300) tag_.clear();
        else if (tag_.empty()) tag_ = sip::tag_of(*response, Header::to);
    }

    void decide(std::size_t which) {
        rule_ = &rules[which];
        server().presence.set_rules("bob", document(*rule_), now);
        server().turn();
        drain();
    }
    void say() {
        ++said_;
        publish();
    }
    void publish() {
        std::vector<std::pair<std::string, std::string>> headers{{"Event", "presence"}};
        if (!etag_.empty()) headers.emplace_back("SIP-If-Match", etag_);
        ask(bob_, {.user = "bob",
                   .uri = "sip:bob@school.test",
                   .call_id = "p" + std::to_string(said_),
                   .method = sip::Method::publish,
                   .headers = std::move(headers),
                   .type = "application/pidf+xml",
                   .body = "<presence xmlns='urn:ietf:params:xml:ns:pidf' "
                           "entity='sip:bob@school.test'><tuple id='t'><status><basic>open</basic>"
                           "</status><note>note " +
                           std::to_string(said_) + "</note></tuple></presence>",
                   .about = "publish"});
    }
    /// Again, or anew.
    void watch() {
        if (!watching_ || tag_.empty()) {
            call_ = "w" + std::to_string(++calls_);
            tag_.clear();
            heard_ = 0;
            watching_ = true;
        }
        ask(alice_, {.user = "alice",
                     .uri = "sip:bob@school.test",
                     .call_id = call_,
                     .method = sip::Method::subscribe,
                     .headers = {{"Event", "presence"}, {"Expires", "600"}},
                     .to_tag = tag_});
    }

    Party &alice_ = add("203.0.113.9"), &bob_ = add("192.0.2.20");
    const Rule* rule_ = nullptr;
    std::map<sip::SubscriptionId, sip::Subscription> subscriptions_;
    std::map<std::string, presence::Publication> publications_;
    std::set<std::string> sent_;
    std::string etag_, call_, tag_, last_;
    bool watching_ = false;
    std::uint32_t heard_ = 0;
    int said_ = 0, calls_ = 0;
};

TEST(RulesStorm, NobodySeesWhatIsForbiddenAndInTheEndWhatIsAllowed) {
    int told = 0, crashes = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE(seed);
        RulesStorm storm(seed);
        storm.run();
        storm.check();
        told += storm.told;
        crashes += storm.crashes;
        if (testing::Test::HasFailure()) return;
    }
    EXPECT_GT(told, 500);
    EXPECT_GT(crashes, 50);
}

} // namespace
} // namespace lyceum::events
