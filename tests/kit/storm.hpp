// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/auth/digest_client.hpp"
#include "tests/kit/exchange.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace lyceum::kit {

/// A server and those who talk to it, over a network that loses, doubles and delays what is sent
/// until it is healed; the server is killed now and then, and another one starts with what is on
/// disk. What a test is about, it overrides.
class Storm {
public:
    virtual ~Storm() = default;
    Storm(const Storm&) = delete;
    Storm& operator=(const Storm&) = delete;

    int crashes = 0;

protected:
    explicit Storm(std::uint64_t seed) : random(seed), entropy_(seed) {}

    /// One with an address, who knows his password.
    struct Party {
        Party(Storm& storm, const std::string& ip)
            : at{sip::Transport::udp, address(ip, 5060), {}}, addresses(address(ip, 5060)),
              agent({.shows_strangers = true}, storm.random, storm.entropy_, addresses,
                    storm.log_) {}

        sip::Endpoint at;
        FixedAddresses addresses;
        sip::UserAgent agent;
    };
    Party& add(const std::string& ip) {
        return *parties_.emplace_back(std::make_unique<Party>(*this, ip));
    }
    struct Ask {
        std::string user, uri, call_id;
        sip::Method method;
        std::vector<std::pair<std::string, std::string>> headers{};
        std::string type{}, body{}, to_tag{};
        std::string about{}; ///< By which `heard` knows it.
    };

    /// \name What a test is about
    ///@{
    virtual void restore(Exchange& fresh) = 0; ///< From disk.
    virtual void keep(const Exchange& server) = 0;
    /// A final answer to what was asked, after all challenges; 408: there was none.
    virtual void heard(const Ask& ask, int status, const sip::Message* response) = 0;
    /// A request of the server; it is answered 200.
    virtual void received(const sip::Message& request) = 0;
    /// The server sends this for the first time, or again.
    virtual void seen(const sip::Message& sent) { static_cast<void>(sent); }
    ///@}

    void boot() {
        server_ = std::make_unique<Exchange>();
        server_->entropy = SeededEntropy(random.u64());
        server_->random = Random(random.u64());
        server_->now = now;
        restore(*server_);
        server_->turn();
        drain();
    }
    void crash() {
        ++crashes;
        boot();
    }
    void heal() { bad_ = false; }
    Exchange& server() { return *server_; }

    void ask(Party& party, Ask ask, const std::string& credentials = {},
             const char* credentials_in = "Authorization") {
        auto writer = sip::MessageWriter::request(ask.method, ask.uri);
        writer.header("From", "<sip:" + ask.user + "@school.test>;tag=" + ask.user);
        writer.header("To", "<" + ask.uri + ">" + (ask.to_tag.empty() ? "" : ";tag=" + ask.to_tag));
        writer.header("Call-ID", ask.call_id);
        const auto cseq = std::to_string(++cseq_);
        writer.header("CSeq", cseq + " " + std::string(sip::name_of(ask.method)));
        writer.header("Max-Forwards", "70");
        writer.header("Contact", "<sip:" + party.at.address.to_string() + ">");
        for (const auto& [name, value] : ask.headers) writer.header(name, value);
        if (!credentials.empty()) writer.header(credentials_in, credentials);
        auto request = writer.finish(ask.type, ask.body);
        const auto id = party.agent.request(std::move(request), {server_at_}, {}, now);
        asked_.insert_or_assign({&party, id}, std::move(ask));
        drain();
    }
    void pass(Duration time) {
        const auto end = now + time;
        while (true) {
            auto next = wire_.empty() ? std::nullopt : std::optional(wire_.begin()->first);
            for (const auto& party : parties_) next = earlier(next, party->agent.deadline());
            next = earlier(next, earlier(server_->agent.deadline(), server_->proxy.deadline()));
            next =
                earlier(next, earlier(server_->presence.deadline(), server_->mailbox.deadline()));
            if (!next || *next > end) break;
            now = std::max(now, *next);
            if (!wire_.empty() && wire_.begin()->first <= now) {
                arrive(wire_.extract(wire_.begin()).mapped());
            } else {
                server_->run(now - server_->now);
                for (auto& party : parties_) party->agent.handle_timeout(now);
            }
            drain();
        }
        server_->run(end - server_->now);
        now = end;
        drain();
    }
    void drain() {
        for (auto& party : parties_)
            while (auto output = party->agent.poll()) handle(*party, *output);
        for (auto& each : std::exchange(server_->sent, {})) {
            seen(each.message);
            for (auto& party : parties_)
                if (party->at == each.to) put(each.message.bytes(), server_at_, party.get());
        }
        keep(*server_);
    }

    TimePoint now{};
    Random random;

private:
    struct Packet {
        std::string bytes;
        sip::Endpoint from;
        Party* to; ///< None: the server.
    };
    void put(std::string_view bytes, const sip::Endpoint& from, Party* to) {
        if (bad_ && random.chance(20)) return;
        const auto slow = Duration(bad_ ? random.between(1000, 300'000) : 1000);
        const Packet packet{std::string(bytes), from, to};
        if (bad_ && random.chance(10)) wire_.emplace(now + slow + 50ms, packet);
        wire_.emplace(now + slow, packet);
    }
    void arrive(const Packet& packet) {
        server_->now = now;
        if (packet.to) packet.to->agent.handle_message(parse(packet.bytes), packet.from, now);
        else server_->hand_in(parse(packet.bytes), packet.from);
    }
    void handle(Party& party, const sip::UserAgent::Output& output) {
        if (const auto* transmit = std::get_if<sip::Transmit>(&output)) {
            put(transmit->bytes, party.at, nullptr);
        } else if (const auto* request = std::get_if<sip::RequestReceived>(&output)) {
            received(request->request);
            party.agent.respond(request->transaction,
                                sip::MessageWriter::reply(request->request, 200, {}, "x").finish(),
                                now);
        } else if (const auto* failed = std::get_if<sip::RequestFailed>(&output)) {
            heard(asked_.extract({&party, failed->transaction}).mapped(), 408, nullptr);
        } else if (const auto* answer = std::get_if<sip::ResponseReceived>(&output)) {
            const auto status = answer->response.status();
            if (status < 200) return;
            auto asked = asked_.extract({&party, answer->transaction});
            if (asked.empty()) return;
            if (status != 401 && status != 407)
                return heard(asked.mapped(), status, &answer->response);
            const auto& what = asked.mapped();
            const auto proof = sip::answer_challenge(answer->response, {what.user, "secret"},
                                                     std::string(sip::name_of(what.method)),
                                                     what.uri, std::to_string(cseq_));
            if (proof)
                ask(party, what, proof->value,
                    status == 407 ? "Proxy-Authorization" : "Authorization");
        }
    }

    static inline const sip::Endpoint server_at_{
        sip::Transport::udp, address("192.0.2.1", 5060), {}};
    SeededEntropy entropy_;
    RecordingLog log_;
    std::vector<std::unique_ptr<Party>> parties_;
    std::unique_ptr<Exchange> server_;
    std::multimap<TimePoint, Packet> wire_;
    std::map<std::pair<Party*, sip::TransactionId>, Ask> asked_;
    bool bad_ = true;
    int cseq_ = 0;
};

} // namespace lyceum::kit
