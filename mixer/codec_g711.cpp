// SPDX-License-Identifier: Apache-2.0
/// G.711 µ-law and A-law: PCMU and PCMA of RFC 3551 §4.5.14.
#include "mixer/codec.hpp"
#include "mixer/resampler.hpp"

#include <array>
#include <bit>

namespace lyceum::mixer {
namespace {

constexpr Sample ulaw_to_linear(std::uint8_t code) {
    code = static_cast<std::uint8_t>(~code);
    const int exponent = (code >> 4) & 7, mantissa = code & 15;
    const int magnitude = ((mantissa << 3) + 0x84) << exponent;
    const int value = magnitude - 0x84;
    return static_cast<Sample>(code & 0x80 ? -value : value);
}

constexpr std::uint8_t linear_to_ulaw(Sample sample) {
    const int sign = sample < 0 ? 0x80 : 0;
    int magnitude = sample < 0 ? -int{sample} : int{sample};
    magnitude = (magnitude > 32635 ? 32635 : magnitude) + 0x84;
    const int exponent = std::bit_width(static_cast<unsigned>(magnitude) >> 8);
    const int mantissa = (magnitude >> (exponent + 3)) & 15;
    return static_cast<std::uint8_t>(~(sign | exponent << 4 | mantissa));
}

constexpr Sample alaw_to_linear(std::uint8_t code) {
    code ^= 0x55;
    const int exponent = (code >> 4) & 7, mantissa = code & 15;
    int value = (mantissa << 4) + 8;
    if (exponent > 0) value = (value + 0x100) << (exponent - 1);
    return static_cast<Sample>(code & 0x80 ? value : -value);
}

constexpr std::uint8_t linear_to_alaw(Sample sample) {
    const int sign = sample < 0 ? 0 : 0x80;
    const int magnitude = (sample < 0 ? -int{sample} - 1 : int{sample}) >> 4; // 0…2047
    const int exponent = magnitude < 16 ? 0 : std::bit_width(static_cast<unsigned>(magnitude)) - 4;
    const int mantissa = exponent < 2 ? magnitude & 15 : (magnitude >> (exponent - 1)) & 15;
    return static_cast<std::uint8_t>((sign | exponent << 4 | mantissa) ^ 0x55);
}

template <Sample (*Expand)(std::uint8_t)>
constexpr std::array<Sample, 256> expansion() {
    std::array<Sample, 256> table{};
    for (int i = 0; i < 256; ++i) table[i] = Expand(static_cast<std::uint8_t>(i));
    return table;
}

template <std::uint8_t (*Compress)(Sample)>
class G711Encoder final : public Encoder {
public:
    void encode(SampleView sound, Bytes& payload) override {
        narrow_.clear();
        down_.run(sound, narrow_);
        for (const auto sample : narrow_) payload.push_back(Compress(sample));
    }

private:
    Resampler down_{sample_rate, 8000};
    std::vector<Sample> narrow_;
};

template <Sample (*Expand)(std::uint8_t)>
class G711Decoder final : public Decoder {
public:
    void decode(ByteView payload, std::vector<Sample>& sound) override {
        static constexpr auto table = expansion<Expand>();
        narrow_.clear();
        for (const auto code : payload) narrow_.push_back(table[code]);
        const auto start = sound.size();
        up_.run(narrow_, sound);
        repeat_.remember(SampleView(sound).subspan(start));
    }
    void conceal(std::size_t samples, ByteView, std::vector<Sample>& sound) override {
        repeat_.conceal(samples, sound);
    }

private:
    Resampler up_{8000, sample_rate};
    FadingRepeat repeat_;
    std::vector<Sample> narrow_;
};

std::string no_class(const Receiver&) { return {}; }

/// No sample above −60 dBFS: a table look-up for each, and no resampling.
template <Sample (*Expand)(std::uint8_t)>
std::size_t silent_samples(ByteView payload) {
    static constexpr auto table = expansion<Expand>();
    for (const auto code : payload)
        if (table[code] > 33 || table[code] < -33) return 0;
    return payload.size() * (sample_rate / 8000);
}

template <Sample (*Expand)(std::uint8_t), std::uint8_t (*Compress)(Sample)>
constexpr Codec g711(std::string_view name, std::uint8_t payload_type) {
    return {name,
            8000,
            1,
            payload_type,
            "",
            [](const Receiver&) -> std::unique_ptr<Encoder> {
                return std::make_unique<G711Encoder<Compress>>();
            },
            [](std::string_view) -> std::unique_ptr<Decoder> {
                return std::make_unique<G711Decoder<Expand>>();
            },
            no_class,
            silent_samples<Expand>,
            [](ByteView) { return false; }};
}

} // namespace

extern const Codec pcmu;
extern const Codec pcma;
const Codec pcmu = g711<ulaw_to_linear, linear_to_ulaw>("PCMU", 0);
const Codec pcma = g711<alaw_to_linear, linear_to_alaw>("PCMA", 8);

} // namespace lyceum::mixer
