// SPDX-License-Identifier: Apache-2.0
/// Somebody writes to a member who comes and goes, over a bad network, with the server killed now
/// and then: what was accepted arrives, once and in order, or its sender was told that it does not.
#include "base/text.hpp"
#include "tests/kit/storm.hpp"

#include <gtest/gtest.h>

#include <set>

namespace lyceum::presence {
namespace {

using sip::Header;

class MailStorm final : public kit::Storm {
public:
    explicit MailStorm(std::uint64_t seed) : Storm(seed) { boot(); }

    void run() {
        for (int step = 0; step < 60; ++step) {
            pass(Duration(random.between(1, 3'000'000)));
            if (random.chance(60)) write();
            if (random.chance(25)) move();
            if (random.chance(4)) crash();
        }
        heal();
        pass(70s); // What was lost has come again, or was given up.
        there_ = false;
        for (int i = 0; i < 3; ++i) {
            move(); // He comes, so that what is kept is brought to him; and once more.
            pass(40s);
            if (there_ && i < 2) move();
        }
    }

    void check() const {
        std::set<std::string> read;
        int last_kept = 0;
        for (const auto& [text, number] : read_) {
            if (text.empty()) {
                last_kept = 0;
                continue;
            }
            EXPECT_TRUE(read.insert(text).second) << text << " was read twice";
            if (number == 0) continue; // Brought at once.
            EXPECT_GT(number, last_kept) << "out of order";
            last_kept = number;
        }
        for (const auto& [text, status] : told_)
            EXPECT_TRUE(status >= 300 || read.contains(text)) << text << " is lost: " << status;
        EXPECT_EQ(told_.size(), static_cast<std::size_t>(written_)) << "somebody was told nothing";
        EXPECT_TRUE(disk_.empty());
    }
    /// How many messages had this status.
    [[nodiscard]] std::size_t told(int wanted) const {
        std::size_t out = 0;
        for (const auto& [text, status] : told_) out += status == wanted;
        return out;
    }

private:
    void restore(kit::Exchange& fresh) override {
        if (disk_.empty()) read_.emplace_back("", 0); // It counts anew.
        std::vector<Mail> kept;
        for (const auto& [id, mail] : disk_) kept.push_back(mail);
        fresh.mails = disk_;
        fresh.mailbox.restore(std::move(kept), now);
        if (there_) fresh.bind("bob", "sip:bob@192.0.2.20:5060");
    }
    void keep(const kit::Exchange& server) override { disk_ = server.mails; }
    void heard(const Ask& ask, int status, const sip::Message*) override {
        told_.emplace(ask.body, status);
    }
    /// A device shows each message once: what it has seen, it knows by Call-ID, and what was kept
    /// by that of who wrote it.
    void received(const sip::Message& message) override {
        auto call = *message.header(Header::call_id);
        int number = 0;
        if (call.starts_with("kept-")) {
            call.remove_prefix(5);
            number = parse_number<int>(cut(call, '-')).value_or(0);
            EXPECT_GT(number, 0);
        }
        if (shown_.insert(std::string(call)).second)
            read_.emplace_back(std::string(message.body()), number);
    }

    /// He comes, or goes.
    void move() {
        there_ = !there_;
        server().bindings["bob"].clear();
        if (there_) server().bind("bob", "sip:bob@192.0.2.20:5060");
        else server().registrar.restore({{"bob", {}}}, now);
        drain();
    }
    void write() {
        const auto text = std::to_string(++written_);
        ask(alice_, {.user = "alice",
                     .uri = "sip:bob@school.test",
                     .call_id = "m" + text,
                     .method = sip::Method::message,
                     .type = "text/plain",
                     .body = text});
    }

    Party &desk_ = add("192.0.2.20"), &alice_ = add("203.0.113.9");
    std::map<MailId, Mail> disk_;
    bool there_ = false;
    int written_ = 0;
    std::map<std::string, int> told_; ///< What its sender heard of each message.
    std::set<std::string> shown_;
    std::vector<std::pair<std::string, int>> read_; ///< Text, and its number among what was kept.
};

TEST(MailStorm, WhatIsAcceptedArrivesOnceAndInOrder) {
    std::size_t brought = 0, kept = 0;
    int crashes = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE(seed);
        MailStorm storm(seed);
        storm.run();
        storm.check();
        brought += storm.told(200);
        kept += storm.told(202);
        crashes += storm.crashes;
        if (testing::Test::HasFailure()) return;
    }
    EXPECT_GT(brought, 300u);
    EXPECT_GT(kept, 300u);
    EXPECT_GT(crashes, 40);
}

} // namespace
} // namespace lyceum::presence
