// SPDX-License-Identifier: Apache-2.0
#include "rtp/packet.hpp"
#include "rtp/relay.hpp"
#include "tests/kit/address.hpp"

#include <benchmark/benchmark.h>

#include <numeric>

namespace lyceum::rtp {
namespace {

const auto there = kit::address("198.51.100.7", 6000), here = kit::address("192.0.2.9", 4000);

SrtpKey key(std::uint8_t first) {
    SrtpKey out{SrtpSuite::aead_aes_128_gcm, Bytes(srtp_key_bytes(SrtpSuite::aead_aes_128_gcm))};
    std::iota(out.key.begin(), out.key.end(), first);
    return out;
}

Bytes packet(std::uint16_t sequence) {
    Bytes out;
    write_packet(out, {0, false, sequence, sequence * 160u, 7}, Bytes(160, 0x55));
    return out;
}

/// One packet of G.711 that passes, to a side that is encrypted or not, without sockets.
void relay_to(benchmark::State& state, bool encrypted) {
    Relay relay;
    relay.update(Relay::first, {there, there, true});
    Relay::Settings settings{here, here, true};
    if (encrypted) settings.send_key = key(1), settings.receive_key = key(2);
    relay.update(Relay::second, settings);
    std::uint16_t sequence = 0;
    for (auto _ : state) {
        const auto sent = relay.handle_datagram(Relay::first, Relay::Port::rtp, packet(++sequence),
                                                there, TimePoint(1s));
        benchmark::DoNotOptimize(sent);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(relay_to, clear, false);
BENCHMARK_CAPTURE(relay_to, gcm, true);

/// And one that comes encrypted.
void relay_from_gcm(benchmark::State& state) {
    Relay relay;
    Relay::Settings settings{here, here, true};
    settings.send_key = key(1), settings.receive_key = key(2);
    relay.update(Relay::first, {there, there, true});
    relay.update(Relay::second, settings);
    SrtpContext theirs(key(2), SrtpContext::Direction::outbound);
    std::uint16_t sequence = 0;
    Bytes sealed;
    for (auto _ : state) {
        state.PauseTiming();
        if (!theirs.protect_foreign_rtp(packet(++sequence), sealed)) return;
        state.ResumeTiming();
        const auto sent =
            relay.handle_datagram(Relay::second, Relay::Port::rtp, sealed, here, TimePoint(1s));
        benchmark::DoNotOptimize(sent);
    }
}
BENCHMARK(relay_from_gcm);

} // namespace
} // namespace lyceum::rtp
