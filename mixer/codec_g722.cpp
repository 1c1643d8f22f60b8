// SPDX-License-Identifier: Apache-2.0
/// G.722 at 64 kbit/s: 16 kHz sound whose RTP clock says 8000 (RFC 3551 §4.5.2).
#include "mixer/codec.hpp"
#include "mixer/resampler.hpp"

#define SPANDSP_EXPOSE_INTERNAL_STRUCTURES
#include <spandsp.h>

namespace lyceum::mixer {
namespace {

constexpr int bits_per_second = 64000;

class G722Encoder final : public Encoder {
public:
    G722Encoder() : state_(g722_encode_init(nullptr, bits_per_second, 0)) {}
    ~G722Encoder() override { g722_encode_free(state_); }
    G722Encoder(const G722Encoder&) = delete;
    G722Encoder& operator=(const G722Encoder&) = delete;

    void encode(SampleView sound, Bytes& payload) override {
        wide_.clear();
        down_.run(sound, wide_);
        const auto start = payload.size();
        payload.resize(start + wide_.size() / 2);
        g722_encode(state_, payload.data() + start, wide_.data(), static_cast<int>(wide_.size()));
    }

private:
    g722_encode_state_t* state_;
    Resampler down_{sample_rate, 16000};
    std::vector<Sample> wide_;
};

class G722Decoder final : public Decoder {
public:
    G722Decoder() : state_(g722_decode_init(nullptr, bits_per_second, 0)) {}
    ~G722Decoder() override { g722_decode_free(state_); }
    G722Decoder(const G722Decoder&) = delete;
    G722Decoder& operator=(const G722Decoder&) = delete;

    void decode(ByteView payload, std::vector<Sample>& sound) override {
        wide_.resize(payload.size() * 2);
        const int count =
            g722_decode(state_, wide_.data(), payload.data(), static_cast<int>(payload.size()));
        const auto start = sound.size();
        up_.run(SampleView(wide_).first(static_cast<std::size_t>(count)), sound);
        repeat_.remember(SampleView(sound).subspan(start));
    }
    void conceal(std::size_t samples, ByteView, std::vector<Sample>& sound) override {
        repeat_.conceal(samples, sound);
    }

private:
    g722_decode_state_t* state_;
    Resampler up_{16000, sample_rate};
    FadingRepeat repeat_;
    std::vector<Sample> wide_;
};

} // namespace

extern const Codec g722;
const Codec g722{
    "G722",
    8000,
    1,
    9,
    "",
    [](const Receiver&) -> std::unique_ptr<Encoder> { return std::make_unique<G722Encoder>(); },
    [](std::string_view) -> std::unique_ptr<Decoder> { return std::make_unique<G722Decoder>(); },
    [](const Receiver&) { return std::string(); },
    [](ByteView) { return std::size_t{0}; },
    [](ByteView) { return false; }};

} // namespace lyceum::mixer
