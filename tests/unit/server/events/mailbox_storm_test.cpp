// SPDX-License-Identifier: Apache-2.0
/// Somebody writes to a member who comes and goes, over a network that loses, doubles and delays,
/// with the server killed now and then: what was accepted arrives, once and in order, or its sender
/// was told that it does not.
#include "base/text.hpp"
#include "sip/auth/digest_client.hpp"
#include "tests/kit/exchange.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>

namespace lyceum::presence {
namespace {

using sip::Header;

class MailStorm {
public:
    explicit MailStorm(std::uint64_t seed) : random_(seed), entropy_(seed) { boot(); }

    void run() {
        for (int step = 0; step < 60; ++step) {
            pass(Duration(random_.between(1, 3'000'000)));
            if (random_.chance(60)) write();
            if (random_.chance(25)) move();
            if (random_.chance(4)) boot(), ++crashes;
        }
        bad_ = false;
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
        for (const auto& [text, status] : told_) {
            EXPECT_GE(status, 200);
            EXPECT_TRUE(status >= 300 || read.contains(text)) << text << " is lost: " << status;
        }
        EXPECT_EQ(told_.size(), static_cast<std::size_t>(written_)) << "somebody was told nothing";
        EXPECT_TRUE(disk_.empty());
    }

    int crashes = 0;
    /// How many messages had this status.
    [[nodiscard]] std::size_t told(int wanted) const {
        std::size_t out = 0;
        for (const auto& [text, status] : told_) out += status == wanted;
        return out;
    }

private:
    static inline const sip::Endpoint server_at_{
        sip::Transport::udp, kit::address("192.0.2.1", 5060), {}};
    static inline const sip::Endpoint desk_{
        sip::Transport::udp, kit::address("192.0.2.20", 5060), {}};
    static inline const sip::Endpoint writer_{
        sip::Transport::udp, kit::address("203.0.113.9", 5060), {}};

    /// A server with what is on disk, at first and after each crash.
    void boot() {
        server_ = std::make_unique<kit::Exchange>();
        server_->entropy = SeededEntropy(random_.u64());
        server_->random = Random(random_.u64());
        server_->now = now_;
        if (disk_.empty()) read_.emplace_back("", 0); // It counts anew.
        std::vector<Mail> kept;
        for (const auto& [id, mail] : disk_) kept.push_back(mail);
        server_->mails = disk_;
        server_->mailbox.restore(std::move(kept), now_);
        if (there_) server_->bind("bob", "sip:bob@192.0.2.20:5060");
        drain();
    }
    /// He comes, or goes.
    void move() {
        there_ = !there_;
        server_->bindings["bob"].clear();
        if (there_) server_->bind("bob", "sip:bob@192.0.2.20:5060");
        else server_->registrar.restore({{"bob", {}}}, now_);
        drain();
    }
    void write() {
        send(std::to_string(++written_), {});
        drain();
    }
    /// Alice writes, with her password once she is asked for it.
    void send(const std::string& text, const std::string& credentials) {
        auto message = sip::MessageWriter::request(sip::Method::message, bob);
        message.header(Header::from, "<sip:alice@school.test>;tag=a");
        message.header(Header::to, "<" + bob + ">").header(Header::call_id, "m" + text);
        message.header(Header::cseq, std::to_string(++cseq_) + " MESSAGE");
        message.header(Header::max_forwards, 70);
        if (!credentials.empty()) message.header(Header::proxy_authorization, credentials);
        asked_[writer_agent_.request(message.finish("text/plain", text), {server_at_}, {}, now_)] =
            text;
    }
    void heard(const sip::ResponseReceived& received) {
        const auto& text = asked_.at(received.transaction);
        const auto status = received.response.status();
        if (status < 200) return;
        if (status != 407) {
            told_.emplace(text, status);
            return;
        }
        const auto answer = sip::answer_challenge(received.response, {"alice", "secret"}, "MESSAGE",
                                                  bob, std::to_string(cseq_));
        ASSERT_TRUE(answer);
        send(text, answer->value);
    }

    struct Packet {
        std::string bytes;
        sip::Endpoint from;
        sip::UserAgent* to; ///< None: the server.
    };
    void put(std::string_view bytes, const sip::Endpoint& from, sip::UserAgent* to) {
        if (bad_ && random_.chance(20)) return;
        const auto slow = Duration(bad_ ? random_.between(1000, 300'000) : 1000);
        const Packet packet{std::string(bytes), from, to};
        if (bad_ && random_.chance(10)) wire_.emplace(now_ + slow + 50ms, packet);
        wire_.emplace(now_ + slow, packet);
    }
    void pass(Duration time) {
        const auto end = now_ + time;
        while (true) {
            auto next = earlier(earlier(device_.deadline(), writer_agent_.deadline()),
                                wire_.empty() ? std::nullopt : std::optional(wire_.begin()->first));
            next = earlier(next, earlier(server_->agent.deadline(), server_->proxy.deadline()));
            next = earlier(next, server_->mailbox.deadline());
            if (!next || *next > end) break;
            now_ = std::max(now_, *next);
            if (!wire_.empty() && wire_.begin()->first <= now_) {
                const auto packet = wire_.extract(wire_.begin()).mapped();
                server_->now = now_;
                if (packet.to)
                    packet.to->handle_message(kit::parse(packet.bytes), packet.from, now_);
                else server_->hand_in(kit::parse(packet.bytes), packet.from);
            } else {
                server_->run(now_ - server_->now);
                device_.handle_timeout(now_);
                writer_agent_.handle_timeout(now_);
            }
            drain();
        }
        server_->run(end - server_->now);
        now_ = end;
        drain();
    }
    void drain() {
        while (auto output = device_.poll()) {
            if (const auto* transmit = std::get_if<sip::Transmit>(&*output))
                put(transmit->bytes, desk_, nullptr);
            else if (const auto* received = std::get_if<sip::RequestReceived>(&*output))
                read(*received);
        }
        while (auto output = writer_agent_.poll()) {
            if (const auto* transmit = std::get_if<sip::Transmit>(&*output))
                put(transmit->bytes, writer_, nullptr);
            else if (const auto* response = std::get_if<sip::ResponseReceived>(&*output))
                heard(*response);
            else if (const auto* failed = std::get_if<sip::RequestFailed>(&*output))
                told_.emplace(asked_.at(failed->transaction), 408);
        }
        for (auto& each : std::exchange(server_->sent, {})) {
            const bool to_desk = each.to == desk_;
            if (to_desk || each.to == writer_)
                put(each.message.bytes(), server_at_, to_desk ? &device_ : &writer_agent_);
        }
        disk_ = server_->mails;
    }
    /// A device shows each message once: what it has seen, it knows by Call-ID and CSeq, and what
    /// was kept by who wrote it.
    void read(const sip::RequestReceived& received) {
        const auto& message = received.request;
        auto call = *message.header(Header::call_id);
        int number = 0;
        if (call.starts_with("kept-")) {
            call.remove_prefix(5);
            number = parse_number<int>(cut(call, '-')).value_or(0);
            EXPECT_GT(number, 0);
        }
        if (seen_.insert(std::string(call)).second)
            read_.emplace_back(std::string(message.body()), number);
        device_.respond(received.transaction,
                        sip::MessageWriter::reply(message, 200, {}, "b").finish(), now_);
    }

    static inline const std::string bob = "sip:bob@school.test";

    TimePoint now_{};
    Random random_;
    SeededEntropy entropy_;
    kit::FixedAddresses here_{kit::address("192.0.2.20", 5060)},
        far_{kit::address("203.0.113.9", 5060)};
    kit::RecordingLog log_;
    sip::UserAgent device_{{.shows_strangers = true}, random_, entropy_, here_, log_};
    sip::UserAgent writer_agent_{{.shows_strangers = true}, random_, entropy_, far_, log_};
    std::unique_ptr<kit::Exchange> server_;
    std::map<MailId, Mail> disk_;
    std::multimap<TimePoint, Packet> wire_;
    bool bad_ = true, there_ = false;
    int written_ = 0, cseq_ = 0;
    std::map<sip::TransactionId, std::string> asked_;
    std::map<std::string, int> told_; ///< What its sender heard of each message.
    std::set<std::string> seen_;
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
