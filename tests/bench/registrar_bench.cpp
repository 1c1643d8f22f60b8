// SPDX-License-Identifier: Apache-2.0
/// The signalling of a registration without sockets and disk: what the server's cores take.
#include "server/registrar/registrar.hpp"
#include "sip/dialog/user_agent.hpp"
#include "tests/kit/sip.hpp"

#include <benchmark/benchmark.h>

namespace lyceum {
namespace {

constexpr int users = 10'000;
constexpr auto algorithm = sip::DigestAlgorithm::md5;

class Members final : public identity::Credentials {
public:
    Members() {
        for (int i = 0; i < users; ++i) {
            const auto name = "u" + std::to_string(i);
            known_[name].ha1_md5 = sip::digest_ha1(algorithm, name, "lyceum", "p");
        }
    }
    std::optional<sip::StoredCredentials> credentials(std::string_view user) override {
        const auto found = known_.find(std::string(user));
        if (found == known_.end()) return std::nullopt;
        return found->second;
    }
    bool is_administrator(std::string_view) override { return false; }

private:
    std::unordered_map<std::string, sip::StoredCredentials> known_;
};

class Server {
public:
    Server() { log_.set_level(LogLevel::error); }

    /// What goes out for it. What is to be kept is kept at once.
    std::string handle(std::string datagram, const sip::Endpoint& from, TimePoint now) {
        auto message = sip::parse_message(std::move(datagram), sip::Framing::datagram);
        guard_.judge(*message, from, now);
        agent_.handle_message(std::move(*message), from, now);
        std::string sent;
        while (auto output = agent_.poll()) {
            if (auto* transmit = std::get_if<sip::Transmit>(&*output))
                sent = std::move(transmit->bytes);
            else registrar_.handle_request(std::get<sip::RequestReceived>(*output), now);
            while (const auto done = registrar_.poll()) {
                if (const auto* save = std::get_if<registrar::Registrar::Save>(&*done))
                    registrar_.handle_saved(save->id, true);
                else if (const auto* answer = std::get_if<registrar::Registrar::Answer>(&*done))
                    agent_.respond(answer->transaction, answer->response, now);
            }
        }
        const auto due = agent_.deadline();
        if (due && *due <= now) agent_.handle_timeout(now);
        return sent;
    }

private:
    static registrar::Registrar::Options options() {
        registrar::Registrar::Options out;
        out.domains.add("192.0.2.1");
        return out;
    }

    NullLog log_;
    Random random_{1};
    SeededEntropy entropy_{1};
    kit::FixedAddresses local_;
    Members members_;
    protection::Guard guard_{{}, log_};
    identity::Identity identity_{
        {.realm = "lyceum", .algorithms = {algorithm}}, members_, guard_, entropy_, log_};
    registrar::Registrar registrar_{options(), identity_, local_, entropy_, log_};
    sip::UserAgent agent_{{.shows_strangers = true}, random_, entropy_, local_, log_};
};

std::string asked(const std::string& user, std::uint64_t number, std::string_view authorization) {
    const auto digits = std::to_string(number);
    std::string text =
        "REGISTER sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:20000;rport;branch=z9hG4bKx" +
        digits + "\r\nMax-Forwards: 70\r\nFrom: <sip:" + user + "@192.0.2.1>;tag=t" + digits +
        "\r\nTo: <sip:" + user + "@192.0.2.1>\r\nCall-ID: call-of-" + user + "\r\nCSeq: " + digits +
        " REGISTER\r\nContact: <sip:" + user +
        "@127.0.0.1:20000>\r\nExpires: 3600\r\nUser-Agent: bench\r\n";
    return text.append(authorization).append("Content-Length: 0\r\n\r\n");
}

std::string proof(const std::string& user, const std::string& challenge) {
    const auto response = kit::parse(challenge);
    const auto fields = sip::DigestFields::parse(*response.header(sip::Header::www_authenticate));
    const auto ha1 = sip::digest_ha1(algorithm, user, "lyceum", "p");
    std::string header = "Authorization: Digest username=\"" + user + "\", realm=\"lyceum\"";
    header.append(", nonce=\"").append(fields->nonce).append("\", uri=\"sip:192.0.2.1\"");
    header.append(", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"0a4f113b\", response=\"");
    header.append(sip::digest_response(algorithm, ha1, fields->nonce, "00000001", "0a4f113b",
                                       "REGISTER", "sip:192.0.2.1"));
    return header.append("\"\r\n");
}

/// Both requests and both answers, at 10,000 registrations a second, with all the transactions that
/// are kept then. The phone's share is not in it.
void register_with_digest(benchmark::State& state) {
    Server server;
    const sip::Endpoint from{sip::Transport::udp, {IpAddress::v4(0x7f000001), 20000}, {}};
    TimePoint now{};
    std::uint64_t number = 0;
    const auto turn = [&] {
        const auto user = "u" + std::to_string(number * 7919 % users);
        std::chrono::nanoseconds spent{};
        const auto time = [&](std::string text) {
            const auto begin = std::chrono::steady_clock::now();
            auto answer = server.handle(std::move(text), from, now);
            spent += std::chrono::steady_clock::now() - begin;
            return answer;
        };
        const auto challenge = time(asked(user, ++number, {}));
        benchmark::DoNotOptimize(time(asked(user, ++number, proof(user, challenge))));
        now += 100us;
        return spent;
    };
    for (int i = 0; i < 20 * users; ++i) turn();
    for (auto _ : state) state.SetIterationTime(std::chrono::duration<double>(turn()).count());
}
BENCHMARK(register_with_digest)->UseManualTime();

} // namespace
} // namespace lyceum
