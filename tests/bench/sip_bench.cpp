// SPDX-License-Identifier: Apache-2.0
#include "sip/dialog/user_agent.hpp"
#include "tests/kit/sip.hpp"

#include <benchmark/benchmark.h>

namespace lyceum {
namespace {

const std::string& invite_text() {
    static const std::string text =
        kit::request("INVITE", "z9hG4bKbench",
                     "User-Agent: bench\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE\n"
                     "Supported: timer, 100rel\nSession-Expires: 1800\n",
                     kit::phone_sdp("0 8 101", "a=rtpmap:101 telephone-event/8000\r\n"))
            .bytes();
    return text;
}

void parse_message(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(sip::parse_message(invite_text()));
}
BENCHMARK(parse_message);

void validate_message(benchmark::State& state) {
    const auto message = kit::parse(invite_text());
    for (auto _ : state) benchmark::DoNotOptimize(sip::validate(message));
}
BENCHMARK(validate_message);

void write_reply(benchmark::State& state) {
    const auto message = kit::parse(invite_text());
    for (auto _ : state)
        benchmark::DoNotOptimize(sip::MessageWriter::reply(message, 200, {}, "tag").finish());
}
BENCHMARK(write_reply);

/// A request from its octets to the octets of its answer, through a server transaction of its own.
void options_transaction(benchmark::State& state) {
    Random random(1);
    SeededEntropy entropy(1);
    const kit::FixedAddresses local;
    NullLog log;
    sip::UserAgent agent({}, random, entropy, local, log);
    TimePoint now{};
    std::uint64_t number = 0;
    for (auto _ : state) {
        ++number;
        auto text =
            "OPTIONS sip:demo@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP "
            "192.0.2.9;rport;branch=z9hG4bK" +
            std::to_string(number) +
            "\r\nMax-Forwards: 70\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:demo@h>\r\nCall-ID: c" +
            std::to_string(number) + "\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
        agent.handle_message(kit::parse(std::move(text)), {}, now);
        while (agent.poll()) {
        }
        now += 1ms;
        agent.handle_timeout(now);
    }
}
BENCHMARK(options_transaction);

} // namespace
} // namespace lyceum
