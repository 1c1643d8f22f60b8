// SPDX-License-Identifier: Apache-2.0
/// A notifier and its watchers on a bad network, with the server killed now and then: after the
/// storm everybody has seen the newest state last.
#include "base/text.hpp"
#include "tests/kit/notifier.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace lyceum::sip {
namespace {

using kit::NotifierKit;

/// The weather everywhere, as one watcher knows it: "full paris=sun rome=rain", or what is new.
class Everywhere final : public EventView {
public:
    Everywhere(const std::map<std::string, std::string>& weather) : weather_(weather) {}

    [[nodiscard]] const std::vector<std::string>& resources() const override { return cities_; }
    std::optional<Telling> tell(bool all, std::uint32_t) override {
        if (all) told_.clear();
        std::string text;
        for (const auto& city : cities_)
            if (const auto& now = weather_.at(city); told_[city] != now) {
                text.append(" ").append(city).append("=").append(now);
                told_[city] = now;
            }
        if (text.empty()) return std::nullopt;
        return Telling{"multipart/related", (all ? "full" : "part") + text, false};
    }

private:
    const std::map<std::string, std::string>& weather_;
    std::vector<std::string> cities_{"paris", "rome"};
    std::map<std::string, std::string> told_;
};

/// Watchers who share a user agent, at the other end of a wire that loses, doubles and delays.
class Storm final : public EventLists {
public:
    explicit Storm(std::uint64_t seed) : random_(seed), entropy_(seed) { boot(); }

    void run() {
        for (std::size_t i = 0; i < watchers_.size(); ++i) subscribe(i);
        for (int step = 0; step < 60; ++step) {
            pass(Duration(random_.between(1, 3'000'000)));
            const auto number = std::to_string(step);
            if (random_.chance(70)) change(random_.chance(50) ? "paris" : "rome", number);
            if (random_.chance(5)) crash();
        }
        bad_ = false;
        pass(40s); // What was lost has come again, or was given up.
        for (const auto& [id, subscription] : disk_)
            for (std::size_t i = 0; i < watchers_.size(); ++i)
                if (subscription.dialog.key().call_id == call_of(i)) look_at(watchers_[i]);
        for (std::size_t i = 0; i < watchers_.size(); ++i) refresh(i);
        pass(40s);
    }
    std::unique_ptr<EventView> open(const Subscription&, EventSource&) override {
        return std::make_unique<Everywhere>(weather_);
    }
    void check() const {
        for (const auto& watcher : watchers_) {
            ASSERT_TRUE(watcher.active);
            EXPECT_EQ(watcher.last, newest(watcher));
        }
        EXPECT_EQ(disk_.size(), watchers_.size());
        EXPECT_EQ(server_->notifier.size(), watchers_.size());
        EXPECT_EQ(clients_.transactions().size() + server_->agent.transactions().size(), 0u);
    }
    int crashes = 0, lost = 0, held = 0;

private:
    struct Watcher {
        std::string of;
        int generation = 0; ///< Of its dialog.
        std::string tag;    ///< The server's, once it is known.
        int cseq = 1;
        std::uint32_t seen = 0; ///< The highest CSeq of a NOTIFY.
        bool active = false;
        std::string last;
        std::map<std::string, std::string> all{}; ///< Of a list: what he knows of each.
    };
    struct Packet {
        bool to_server;
        std::string bytes;
    };

    [[nodiscard]] std::string newest(const Watcher& watcher) const {
        if (watcher.of == "all") return joined(weather_);
        return "ann sees " + weather_.at(watcher.of) + " as text/plain";
    }
    static std::string joined(const std::map<std::string, std::string>& weather) {
        std::string out;
        for (const auto& [city, now] : weather) out += city + "=" + now + " ";
        return out;
    }
    /// The parts put together.
    static std::string merged(Watcher& watcher, std::string_view body) {
        if (cut(body, ' ') == "full") watcher.all.clear();
        while (!body.empty()) {
            auto each = cut(body, ' ');
            const auto city = cut(each, '=');
            watcher.all[std::string(city)] = each;
        }
        return joined(watcher.all);
    }
    /// He is subscribed still, so he knows it without asking again.
    void look_at(const Watcher& watcher) {
        ++held;
        EXPECT_EQ(watcher.last, newest(watcher));
    }

    void boot() {
        server_ = std::make_unique<NotifierKit>();
        server_->entropy = SeededEntropy(random_.u64());
        server_->random = Random(random_.u64());
        server_->now = now_;
        server_->weather = weather_;
        server_->notifier.set_lists(*this);
        std::vector<Subscription> kept;
        for (const auto& [id, each] : disk_) kept.push_back(each);
        server_->disk = disk_;
        server_->notifier.restore(std::move(kept), now_);
        drain();
    }
    void crash() {
        ++crashes;
        boot();
    }
    void change(const std::string& city, const std::string& to) {
        weather_[city] = to;
        server_->change(city, to);
        drain();
    }
    [[nodiscard]] std::string call_of(std::size_t i) const {
        return "w" + std::to_string(i) + "." + std::to_string(watchers_[i].generation);
    }
    void subscribe(std::size_t i) {
        auto& watcher = watchers_[i];
        ++watcher.generation;
        watcher.tag.clear();
        watcher.seen = 0;
        watcher.active = true;
        send_subscribe(i);
    }
    void refresh(std::size_t i) {
        if (watchers_[i].tag.empty()) subscribe(i);
        else send_subscribe(i);
    }
    void send_subscribe(std::size_t i) {
        auto& watcher = watchers_[i];
        std::string text(
            server_->subscribe(call_of(i), "Expires: 7000\n", watcher.tag, ++watcher.cseq).bytes());
        text.erase(text.find("Via:"), text.find("Max-Forwards") - text.find("Via:"));
        for (auto at = text.find("paris"); at != std::string::npos; at = text.find("paris", at + 1))
            text.replace(at, 5, watcher.of);
        const auto id = clients_.request(kit::parse(text), {there_}, {}, now_);
        asked_[id] = i;
        drain();
    }

    void pass(Duration time) {
        const auto end = now_ + time;
        while (true) {
            auto next = earlier(earlier(server_->agent.deadline(), server_->notifier.deadline()),
                                clients_.deadline());
            if (!wire_.empty()) next = earlier(next, wire_.begin()->first);
            if (!next || *next > end) break;
            now_ = server_->now = std::max(now_, *next);
            if (!wire_.empty() && wire_.begin()->first <= now_) {
                const auto packet = std::move(wire_.begin()->second);
                wire_.erase(wire_.begin());
                if (packet.to_server) server_->hand_in(kit::parse(packet.bytes));
                else clients_.handle_message(kit::parse(packet.bytes), there_, now_);
            } else {
                server_->agent.handle_timeout(now_);
                server_->notifier.handle_timeout(now_);
                server_->drain();
                clients_.handle_timeout(now_);
            }
            drain();
        }
        now_ = server_->now = end;
    }
    void put(bool to_server, std::string bytes) {
        if (bad_ && random_.chance(20)) {
            ++lost;
            return;
        }
        const auto slow = Duration(bad_ ? random_.between(1000, 300'000) : 1000);
        if (bad_ && random_.chance(10)) wire_.emplace(now_ + slow + 50ms, Packet{to_server, bytes});
        wire_.emplace(now_ + slow, Packet{to_server, std::move(bytes)});
    }
    void drain() {
        while (auto output = clients_.poll()) {
            if (auto* transmit = std::get_if<Transmit>(&*output))
                put(true, std::move(transmit->bytes));
            else if (const auto* request = std::get_if<RequestReceived>(&*output))
                notified(*request);
            else if (const auto* response = std::get_if<ResponseReceived>(&*output))
                heard(*response);
            else if (const auto* failed = std::get_if<RequestFailed>(&*output))
                subscribe(asked_.at(failed->transaction));
        }
        for (auto& each : std::exchange(server_->sent, {}))
            put(false, std::string(each.message.bytes()));
        disk_ = server_->disk;
    }
    void heard(const ResponseReceived& received) {
        const auto i = asked_.at(received.transaction);
        const bool of_this_dialog = *received.response.header(Header::call_id) == call_of(i);
        if (!of_this_dialog || received.response.status() < 200) return;
        if (received.response.status() >= 300) return subscribe(i);
        watchers_[i].tag = tag_of(received.response, Header::to);
    }
    void notified(const RequestReceived& received) {
        const auto& notify = received.request;
        const auto call = std::string(*notify.header(Header::call_id));
        const auto i = *parse_number<std::size_t>(call.substr(1, call.find('.') - 1));
        auto& watcher = watchers_[i];
        const bool known = call == call_of(i);
        const bool newer = cseq_of(notify) > watcher.seen;
        const int status = !known ? 481 : newer ? 200 : 500;
        clients_.respond(received.transaction, MessageWriter::reply(notify, status).finish(), now_);
        if (status != 200) return;
        watcher.seen = cseq_of(notify);
        if (watcher.of != "all") watcher.last = notify.body();
        else if (!notify.body().empty()) watcher.last = merged(watcher, notify.body());
        watcher.tag = tag_of(notify, Header::from);
        if (notify.header(Header::subscription_state)->starts_with("terminated")) subscribe(i);
    }

    TimePoint now_{};
    Random random_;
    SeededEntropy entropy_;
    kit::FixedAddresses local_{kit::address("192.0.2.9", 5060)};
    kit::RecordingLog log_;
    UserAgent clients_{{.shows_strangers = true}, random_, entropy_, local_, log_};
    Endpoint there_{Transport::udp, kit::address("192.0.2.1", 5060), {}};
    std::unique_ptr<NotifierKit> server_;
    std::map<std::string, std::string> weather_{{"paris", "sun"}, {"rome", "sun"}};
    std::map<SubscriptionId, Subscription> disk_;
    std::vector<Watcher> watchers_{{"paris"}, {"paris"}, {"paris"}, {"rome"}, {"rome"}, {"all"}};
    std::map<TransactionId, std::size_t> asked_;
    std::multimap<TimePoint, Packet> wire_;
    bool bad_ = true;
};

TEST(NotifierStorm, AfterwardsEverybodyHasSeenTheNewestStateLast) {
    int crashes = 0, lost = 0, held = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Storm storm(seed);
        storm.run();
        storm.check();
        crashes += storm.crashes;
        lost += storm.lost;
        held += storm.held;
        if (testing::Test::HasFailure()) return;
    }
    EXPECT_GT(crashes, 100);
    EXPECT_GT(lost, 5000);
    EXPECT_GE(held, 1188) << "of twelve hundred subscriptions, all but the unluckiest";
}

} // namespace
} // namespace lyceum::sip
