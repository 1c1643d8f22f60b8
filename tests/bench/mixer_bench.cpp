// SPDX-License-Identifier: Apache-2.0
#include "mixer/conference_media.hpp"
#include "tests/kit/address.hpp"
#include "tests/kit/tone.hpp"

#include <benchmark/benchmark.h>

namespace lyceum::mixer {
namespace {

/// One tick of a conference with so many participants, of whom so many speak; decoding, mixing,
/// encoding and packet headers, without sockets.
void tick(benchmark::State& state, const char* name, std::uint32_t clock_rate,
          ConferenceMedia::Options options = {}) {
    const auto participants = static_cast<std::uint64_t>(state.range(0));
    const auto speakers = static_cast<std::uint64_t>(state.range(1));
    const auto* codec = find_codec(name, clock_rate);
    TimePoint now{};
    ConferenceMedia media(options, 1, now);
    const auto ticks_a_second = static_cast<std::uint32_t>(1s / options.tick);
    const auto samples = samples_in(options.tick);
    LegSettings settings;
    settings.remote_rtp = kit::address("192.0.2.9", 4000);
    settings.remote_rtcp = kit::address("192.0.2.9", 4001);
    settings.sending = {codec->payload_type, codec, "stereo=1"};
    settings.ptime = options.tick;
    settings.receiving = {settings.sending};
    for (std::uint64_t id = 1; id <= participants; ++id) media.add_leg(LegId{id}, settings, now);
    // A second of speech and one of silence, encoded beforehand.
    std::vector<Bytes> speech, silence;
    const auto encoder = codec->make_encoder({}), quiet = codec->make_encoder({});
    kit::Tone tone(500, 8000);
    for (int i = 0; i < 50; ++i) {
        encoder->encode(tone.next(samples), speech.emplace_back());
        quiet->encode(std::vector<Sample>(samples), silence.emplace_back());
    }
    std::uint16_t sequence = 0;
    Bytes packet;
    for (auto _ : state) {
        for (std::uint64_t id = 1; id <= participants; ++id) {
            packet.clear();
            const auto& payload = (id <= speakers ? speech : silence)[sequence % 50];
            rtp::write_packet(
                packet,
                {codec->payload_type, false, sequence, sequence * (clock_rate / ticks_a_second), 1},
                payload);
            media.handle_datagram(LegId{id}, packet, settings.remote_rtp, now);
        }
        ++sequence;
        now += options.tick;
        media.handle_timeout(now);
        while (media.poll()) {
        }
    }
    state.counters["us_per_participant_second"] = benchmark::Counter(
        static_cast<double>(state.iterations() * participants) / ticks_a_second / 1e6,
        benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK_CAPTURE(tick, opus, "opus", 48000)
    ->Args({4, 4})
    ->Args({25, 1})
    ->Args({100, 1})
    ->Args({400, 1})
    ->Args({1000, 3});
/// Everybody is mixed and encoded for alone, in stereo, a hundred times a second.
BENCHMARK_CAPTURE(tick, opus_in_space, "opus", 48000,
                  ConferenceMedia::Options{.tick = 10ms, .spatial = true})
    ->Args({4, 4})
    ->Args({16, 3})
    ->Args({50, 5});
BENCHMARK_CAPTURE(tick, pcmu, "PCMU", 8000)
    ->Args({4, 4})
    ->Args({100, 1})
    ->Args({400, 1})
    ->Args({1000, 3});

} // namespace
} // namespace lyceum::mixer
