// SPDX-License-Identifier: Apache-2.0
/// What is left of speech after a bad network, against what was said. No public measure of speech
/// quality (PESQ, POLQA, ViSQOL) can be had from the system's packages, so this is signal to noise,
/// each 20 ms of what was heard against the place in what was said that it is most like: a change
/// of delay is no noise, but what was made up is. SILK keeps the sound of a voice and not its wave,
/// so its rows are to be held against each other only. Prints its table.
#include "tests/kit/bad_line.hpp"
#include "tests/kit/voice.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

namespace lyceum::mixer {
namespace {

using kit::Help, kit::Line, kit::Talker;

constexpr std::size_t thin = 6; // To 8 kHz, in which places are looked for.

std::vector<double> thinned(SampleView sound) {
    std::vector<double> out(sound.size() / thin);
    for (std::size_t i = 0; i < out.size(); ++i)
        for (std::size_t j = 0; j < thin; ++j) out[i] += sound[i * thin + j] / double{thin};
    return out;
}

/// How like two stretches are, as signal to noise in dB at the volume at which they are most alike.
template <class Sound>
double likeness(const Sound* said, const Sound* heard, std::size_t count) {
    double product = 0, first = 0, second = 0;
    for (std::size_t i = 0; i < count; ++i) {
        product += static_cast<double>(said[i]) * heard[i];
        first += static_cast<double>(said[i]) * said[i];
        second += static_cast<double>(heard[i]) * heard[i];
    }
    if (product <= 0) return -10;
    const double same = product * product / (first * second);
    return 10 * std::log10(same / std::max(1 - same, 1e-6));
}

struct Quality {
    double snr_db = 0;         ///< The mean over the frames, each between −10 and 30 dB.
    double intact_percent = 0; ///< Frames of 6 dB and more.
};

Quality compare(SampleView said, SampleView heard, std::size_t delay_max) {
    constexpr std::size_t frame = tick_samples;
    const auto all = thinned(said), got = thinned(heard);
    Quality out;
    int frames = 0;
    for (auto at = delay_max; at + frame <= heard.size(); at += frame, ++frames) {
        double best = -10;
        std::size_t place = 0;
        for (std::size_t lag = 0; lag < delay_max / thin; ++lag) {
            const auto from = at / thin - lag;
            const double like = likeness(&all[from], &got[at / thin], frame / thin);
            if (like <= best) continue;
            best = like;
            place = from * thin;
        }
        for (auto from = std::max(place, thin) - thin; from < place + thin; ++from)
            best = std::max(best, likeness(&said[from], &heard[at], frame));
        out.snr_db += std::clamp(best, -10.0, 30.0);
        if (best >= 6) out.intact_percent += 100;
    }
    out.snr_db /= frames;
    out.intact_percent /= frames;
    return out;
}

TEST(SpeechQuality, StaysInTheTable) {
    constexpr auto length = 12s;
    Random random(11);
    const auto said = kit::voice(samples_in(length + 1s), random);
    struct Row {
        const char* name;
        Talker::Network network;
        Help help;
        double snr_db_min, intact_percent_min;
    };
    std::printf("%-34s %8s %10s %12s\n", "twelve seconds of speech over", "SNR, dB", "intact, %",
                "concealed, %");
    const auto none = Help::none, fec = Help::fec, red = Help::red;
    for (const auto& row :
         std::initializer_list<Row>{{"a good network, CELT", {}, none, 22, 99},
                                    {"a good network, SILK with FEC", {}, fec, 7, 70},
                                    // Which periods of the voice are cut out hangs on the last bit
                                    // of a sum: 19.4 dB on one kind of processor, 16.4 on another.
                                    {"jitter of 100 ms", {0, 1, 100ms}, none, 15, 97},
                                    {"5 % loss, no help", {5}, none, 20.5, 93},
                                    {"5 % loss, FEC", {5}, fec, 7, 69},
                                    {"5 % loss, RED", {5}, red, 21, 97},
                                    {"15 % loss, no help", {15}, none, 16, 83},
                                    {"15 % loss, FEC", {15}, fec, 7, 69},
                                    {"15 % loss, RED", {15}, red, 19.5, 94},
                                    {"30 % loss, no help", {30}, none, 12, 70},
                                    {"30 % loss, FEC", {30}, fec, 5, 59},
                                    {"30 % loss, RED", {30}, red, 15, 87},
                                    {"10 % loss in threes, RED", {10, 3}, red, 16.5, 93}}) {
        Line line(false, row.help);
        line.talker.words = said;
        std::vector<Sample> heard;
        while (line.now < TimePoint(length)) {
            line.run(row.network, 20ms);
            heard.insert(heard.end(), line.sound.begin(), line.sound.end());
        }
        const auto quality = compare(said, heard, samples_in(200ms));
        std::printf("%-34s %8.1f %10.1f %12.2f\n", row.name, quality.snr_db, quality.intact_percent,
                    line.concealed_percent());
        EXPECT_GE(quality.snr_db, row.snr_db_min) << row.name;
        EXPECT_GE(quality.intact_percent, row.intact_percent_min) << row.name;
    }
}

} // namespace
} // namespace lyceum::mixer
