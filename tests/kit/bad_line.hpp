// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mixer/media_leg.hpp"
#include "rtp/redundancy.hpp"
#include "tests/kit/address.hpp"
#include "tests/kit/tone.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

/// One leg, and somebody who talks to it over a bad network, on the virtual clock.
namespace lyceum::kit {

using namespace mixer;

inline constexpr std::uint8_t red_type = 63;
inline const auto peer = address("192.0.2.9", 4000);

inline LegSettings opus_settings(bool redundancy) {
    const auto* codec = find_codec("opus", 48000);
    LegSettings out;
    out.remote_rtp = out.remote_rtcp = peer;
    out.rtcp_mux = true;
    out.sending = {codec->payload_type, codec, "useinbandfec=1"};
    out.receiving = {out.sending};
    if (redundancy) out.redundancy = red_type;
    return out;
}

enum class Help { none, fec, red };

/// Says a tone, or what it is given to say, in Opus, with or without pauses, over a network that
/// loses and delays.
struct Talker {
    struct Network {
        unsigned loss_percent = 0;
        unsigned burst = 1; ///< So many are lost together.
        Duration jitter{};
    };

    Talker(Random& r, bool pauses_, Help help)
        : random(r), pauses(pauses_), redundant(help == Help::red),
          encoder(find_codec("opus", 48000)
                      ->make_encoder(
                          {"useinbandfec=1", help == Help::fec ? Path::lossy : Path::good})) {}

    /// What is on the way from now on.
    void say(const Network& network, TimePoint now) {
        const bool speaks = !pauses || number % 90 < 60; // 1.2 s of speech, 0.6 s of none.
        Bytes payload, body;
        encoder->encode(speaks ? next_words() : std::vector<Sample>(tick_samples), payload);
        rtp::Redundant packet;
        if (!before.empty()) packet.blocks[packet.count++] = {96, 960, before};
        packet.blocks[packet.count++] = {96, 0, payload};
        if (redundant) rtp::write_redundant(packet, body);
        else body = payload;
        Bytes wire;
        const std::uint8_t type = redundant ? red_type : 96;
        rtp::write_packet(wire, {type, false, number, number * 960u, 7}, body);
        before = std::move(payload);
        ++number;
        if (losing == 0 && random.chance(network.loss_percent / network.burst))
            losing = network.burst;
        if (losing > 0) {
            --losing;
            return;
        }
        const auto late = network.jitter.count() > 0
                              ? Duration(random.between(0, network.jitter.count()))
                              : Duration{};
        on_the_way.emplace(now + 30ms + late, std::move(wire));
    }

    std::vector<Sample> next_words() {
        if (words.empty()) return tone.next(tick_samples);
        const auto from = words.begin() + static_cast<std::ptrdiff_t>(number * tick_samples);
        return {from, from + tick_samples};
    }

    Random& random;
    bool pauses, redundant;
    std::unique_ptr<Encoder> encoder;
    Tone tone{440, 8000};
    SampleView words; ///< Empty: the tone.
    std::uint16_t number = 0;
    unsigned losing = 0;
    Bytes before;
    std::multimap<TimePoint, Bytes> on_the_way;
};

/// One leg and who talks to it; ticks like a conference does.
struct Line {
    Line(bool pauses, Help help)
        : leg(opus_settings(help == Help::red), random, {}), talker(random, pauses, help) {}

    void run(const Talker::Network& network, Duration time) {
        for (const auto end = now + time; now < end; now += 20ms) {
            talker.say(network, now);
            auto& way = talker.on_the_way;
            for (; !way.empty() && way.begin()->first <= now + 7ms; way.erase(way.begin()))
                leg.handle_datagram(way.begin()->second, peer, way.begin()->first);
            Frame frame{};
            heard = leg.pull(frame, true, now + 7ms);
            sound.assign(frame.begin(), frame.end());
            waited += leg.playout_delay();
            worst = std::max(worst, leg.playout_delay());
            ++ticks;
        }
    }
    [[nodiscard]] double delay_ms() const {
        return static_cast<double>(waited.count()) / 1000 / ticks;
    }
    [[nodiscard]] double concealed_percent() const {
        const auto made_up = leg.jitter_counters().concealed - leg.counters().repaired;
        return 100.0 * static_cast<double>(made_up) / ticks;
    }

    Random random{5};
    TimePoint now{};
    MediaLeg leg;
    Talker talker;
    bool heard = false;
    std::vector<Sample> sound;
    Duration waited{}, worst{};
    int ticks = 0;
};

} // namespace lyceum::kit
