// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"
#include "mixer/codec.hpp"
#include "mixer/resampler.hpp"
#include "tests/kit/tone.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace lyceum::mixer {
namespace {

class EachCodec : public testing::TestWithParam<std::tuple<const Codec*, int>> {};

std::string label(const testing::TestParamInfo<EachCodec::ParamType>& info) {
    return std::string(std::get<0>(info.param)->name) + "_" +
           std::to_string(std::get<1>(info.param)) + "ms";
}

TEST_P(EachCodec, CarriesAToneAtEveryPacketLength) {
    const auto [codec, ptime] = GetParam();
    const auto encoder = codec->make_encoder({});
    const auto decoder = codec->make_decoder("");
    const auto samples = samples_in(std::chrono::milliseconds(ptime));
    kit::Tone tone(1000, 8000);
    std::vector<Sample> sound;
    for (int packet = 0; packet < 1200 / ptime; ++packet) {
        Bytes payload;
        encoder->encode(tone.next(samples), payload);
        EXPECT_LE(payload.size(), 1275u);
        const auto before = sound.size();
        decoder->decode(payload, sound);
        ASSERT_EQ(sound.size() - before, samples);
    }
    const auto settled = std::span<const Sample>(sound).subspan(sound.size() / 2);
    EXPECT_NEAR(kit::tone_peak(settled, 1000), 8000, 900);
    EXPECT_LT(kit::tone_peak(settled, 1530), 300);
}

TEST_P(EachCodec, ConcealsSoAsNotToClickAndFades) {
    const auto [codec, ptime] = GetParam();
    const auto encoder = codec->make_encoder({});
    const auto decoder = codec->make_decoder("");
    const auto samples = samples_in(std::chrono::milliseconds(ptime));
    kit::Tone tone(400, 8000);
    std::vector<Sample> sound;
    for (int packet = 0; packet < 10; ++packet) {
        Bytes payload;
        encoder->encode(tone.next(samples), payload);
        sound.clear();
        decoder->decode(payload, sound);
    }
    sound.clear();
    decoder->conceal(samples, {}, sound);
    EXPECT_EQ(sound.size(), samples);
    EXPECT_GT(kit::tone_peak(sound, 400), 1000) << "the first lost packet is made up";
    for (int i = 0; i < 600 / ptime; ++i) {
        sound.clear();
        decoder->conceal(samples, {}, sound);
    }
    EXPECT_LT(kit::tone_peak(sound, 400), 1000) << "but not for ever";
}

TEST_P(EachCodec, SurvivesAnyPayload) {
    const auto [codec, ptime] = GetParam();
    const auto decoder = codec->make_decoder("");
    Random random(5);
    std::vector<Sample> sound;
    for (int i = 0; i < 300; ++i) {
        Bytes payload(random.below(400));
        for (auto& octet : payload) octet = static_cast<std::uint8_t>(random.u16());
        sound.clear();
        decoder->decode(payload, sound);
        EXPECT_LE(sound.size(), 48000u);
    }
}

INSTANTIATE_TEST_SUITE_P(All, EachCodec,
                         testing::Combine(testing::ValuesIn(codecs().begin(), codecs().end()),
                                          testing::Values(10, 20, 30, 40, 60)),
                         label);

/// G.711: what comes back differs by less than the step of its segment, and silence stays silent.
TEST(Codecs, SilenceStaysSilent) {
    for (const auto* codec : codecs()) {
        const auto encoder = codec->make_encoder({});
        const auto decoder = codec->make_decoder("");
        std::vector<Sample> sound;
        for (int i = 0; i < 10; ++i) {
            Bytes payload;
            encoder->encode(std::vector<Sample>(960), payload);
            sound.clear();
            decoder->decode(payload, sound);
        }
        for (const auto sample : sound) EXPECT_LE(std::abs(sample), 16) << codec->name;
    }
}

TEST(Codecs, OpusFollowsTheFmtpOfThePeer) {
    const auto* opus = find_codec("OPUS", 48000);
    ASSERT_TRUE(opus);
    const auto class_of = [&](std::string_view fmtp, Path path = Path::good) {
        return opus->encoding_class({fmtp, path});
    };
    EXPECT_NE(class_of(""), class_of("maxaveragebitrate=16000"));
    EXPECT_EQ(class_of(""), class_of("useinbandfec=1")) << "nothing gets lost";
    EXPECT_NE(class_of("useinbandfec=1"), class_of("useinbandfec=1", Path::lossy));
    EXPECT_EQ(class_of("", Path::lossy), class_of("")) << "it does not want it";
    EXPECT_NE(class_of("", Path::narrow), class_of("", Path::lossy));
    EXPECT_EQ(class_of("stereo=1"), class_of(""));
    std::size_t sizes[2] = {0, 0};
    const char* fmtps[2] = {"maxaveragebitrate=12000", "maxaveragebitrate=60000"};
    for (int which = 0; which < 2; ++which) {
        const auto encoder = opus->make_encoder({fmtps[which]});
        Random random(1);
        for (int i = 0; i < 100; ++i) {
            std::vector<Sample> noise(960);
            for (auto& sample : noise) sample = static_cast<Sample>(random.between(-5000, 5000));
            Bytes payload;
            encoder->encode(noise, payload);
            sizes[which] += payload.size();
        }
    }
    EXPECT_GT(sizes[1], 3 * sizes[0]);
}

TEST(Codecs, OpusRepairsALossByFec) {
    const auto* opus = find_codec("opus", 48000);
    const auto encoder = opus->make_encoder(
        {"useinbandfec=1;maxaveragebitrate=24000;maxplaybackrate=16000", Path::lossy});
    const auto with = opus->make_decoder(""), without = opus->make_decoder("");
    kit::Tone low(200, 6000), high(700, 6000);
    std::vector<Bytes> packets;
    for (int i = 0; i < 60; ++i) {
        auto sound = (i / 5) % 2 ? low.next(960) : high.next(960);
        packets.emplace_back();
        encoder->encode(sound, packets.back());
    }
    double repaired = 0, guessed = 0;
    std::vector<Sample> out;
    for (std::size_t i = 0; i + 1 < packets.size(); ++i) {
        const bool lost = i >= 10 && i % 5 == 0; // The first packet of another tone.
        const double expected = (i / 5) % 2 ? 200 : 700;
        for (auto* decoder : {with.get(), without.get()}) {
            out.clear();
            if (lost)
                decoder->conceal(960, decoder == with.get() ? ByteView(packets[i + 1]) : ByteView{},
                                 out);
            else decoder->decode(packets[i], out);
            if (lost) (decoder == with.get() ? repaired : guessed) += kit::tone_peak(out, expected);
        }
    }
    EXPECT_GT(repaired, 1.3 * guessed);
}

} // namespace
} // namespace lyceum::mixer
