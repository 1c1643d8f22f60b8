// SPDX-License-Identifier: Apache-2.0
/// Opus over RTP, RFC 7587. Decoded to mono whatever the sender does; encoded in mono but for those
/// who have something to hear left and right and ask for it.
#include "mixer/codec.hpp"

#include "base/assert.hpp"
#include "base/text.hpp"

#include <opus/opus.h>

#include <algorithm>
#include <array>

namespace lyceum::mixer {
namespace {

constexpr int bitrate_standard = 64000; // That of G.711: no line that carries calls is too thin.
constexpr int bitrate_stereo = 96000;
constexpr int bitrate_lossy = 32000;  // SILK takes no more, its second copies included.
constexpr int bitrate_narrow = 16000; // Still wideband.
constexpr int complexity = 5;         // Above, time is spent on what nobody hears at this rate.
constexpr std::size_t payload_bytes_max = 1275;
constexpr std::size_t packet_samples_max = 5760; // 120 ms

std::optional<std::string_view> param(std::string_view fmtp, std::string_view name) {
    while (!fmtp.empty()) {
        auto value = cut(fmtp, ';');
        if (iequals(trim(cut(value, '=')), name)) return trim(value);
    }
    return std::nullopt;
}

/// What the peer's receiver asks for (RFC 7587 §6.1), within what makes sense for one voice mix.
struct Wishes {
    int channels = 1;
    int bitrate = bitrate_standard;
    bool fec = false; ///< A second copy of each frame in the next packet; only SILK has that.
    int bandwidth = OPUS_BANDWIDTH_FULLBAND;

    explicit Wishes(const Receiver& peer) {
        const auto fmtp = peer.fmtp;
        const auto has = [&](std::string_view name) {
            return param(fmtp, name) == std::optional<std::string_view>("1");
        };
        channels = peer.stereo && has("stereo") ? 2 : 1;
        if (channels == 2) bitrate = bitrate_stereo;
        if (const auto most = parse_number<int>(param(fmtp, "maxaveragebitrate").value_or("")))
            bitrate = std::clamp(*most, 6000, bitrate);
        fec = peer.path != Path::good && has("useinbandfec");
        if (fec) bitrate = std::min(bitrate, bitrate_lossy);
        if (peer.path == Path::narrow) bitrate = std::min(bitrate, bitrate_narrow);
        const auto rate = parse_number<int>(param(fmtp, "maxplaybackrate").value_or(""));
        if (rate && *rate <= 8000) bandwidth = OPUS_BANDWIDTH_NARROWBAND;
        else if (rate && *rate <= 16000) bandwidth = OPUS_BANDWIDTH_WIDEBAND;
        else if (rate && *rate <= 24000) bandwidth = OPUS_BANDWIDTH_SUPERWIDEBAND;
    }

    /// CELT takes a third of SILK's time and is the truer of the two where bits are not scarce;
    /// SILK is for narrow receivers and for second copies.
    [[nodiscard]] int application() const {
        const bool silk = fec || bitrate < 24000 || bandwidth <= OPUS_BANDWIDTH_WIDEBAND;
        return silk ? OPUS_APPLICATION_VOIP : OPUS_APPLICATION_AUDIO;
    }
};

class OpusEncoding final : public Encoder {
public:
    explicit OpusEncoding(const Wishes& wishes) : channels_(wishes.channels) {
        int error = OPUS_OK;
        state_ = opus_encoder_create(sample_rate, channels_, wishes.application(), &error);
        LYCEUM_ASSERT(error == OPUS_OK);
        opus_encoder_ctl(state_, OPUS_SET_BITRATE(wishes.bitrate));
        opus_encoder_ctl(state_, OPUS_SET_COMPLEXITY(complexity));
        opus_encoder_ctl(state_, OPUS_SET_INBAND_FEC(wishes.fec ? 1 : 0));
        opus_encoder_ctl(state_, OPUS_SET_PACKET_LOSS_PERC(wishes.fec ? 10 : 0));
        opus_encoder_ctl(state_, OPUS_SET_MAX_BANDWIDTH(wishes.bandwidth));
    }
    ~OpusEncoding() override { opus_encoder_destroy(state_); }
    OpusEncoding(const OpusEncoding&) = delete;
    OpusEncoding& operator=(const OpusEncoding&) = delete;

    [[nodiscard]] unsigned channels() const override { return static_cast<unsigned>(channels_); }

    void encode(SampleView sound, Bytes& payload) override {
        const auto start = payload.size();
        payload.resize(start + payload_bytes_max);
        const auto size = encode_frame(sound, std::span(payload).subspan(start));
        payload.resize(start + size);
        if (easing_ > 0 && --easing_ == 0)
            opus_encoder_ctl(state_, OPUS_SET_PREDICTION_DISABLED(0));
    }

    void ease_joining() override {
        easing_ = 2; // Measured: one disturbed frame instead of four.
        opus_encoder_ctl(state_, OPUS_SET_PREDICTION_DISABLED(1));
    }

private:
    std::size_t encode_frame(SampleView sound, std::span<std::uint8_t> out) {
        // Opus has no frame of 30 ms: three of 10 ms in one packet.
        const auto samples = sound.size() / channels();
        const bool thirty = samples == samples_in(std::chrono::milliseconds(30));
        if (!thirty) {
            const auto size = opus_encode(state_, sound.data(), static_cast<int>(samples),
                                          out.data(), static_cast<opus_int32>(out.size()));
            LYCEUM_ASSERT(size > 0);
            return static_cast<std::size_t>(size);
        }
        auto* joiner = opus_repacketizer_create();
        std::array<std::array<std::uint8_t, 400>, 3> frames{};
        for (std::size_t i = 0; i < 3; ++i) {
            const auto part = sound.subspan(i * 480 * channels(), 480 * channels());
            const auto size = opus_encode(state_, part.data(), 480, frames[i].data(), 400);
            LYCEUM_ASSERT(size > 0);
            // A change of mode in the middle cannot be joined: what was joined so far is the
            // packet.
            if (opus_repacketizer_cat(joiner, frames[i].data(), size) != OPUS_OK) break;
        }
        const auto size =
            opus_repacketizer_out(joiner, out.data(), static_cast<opus_int32>(out.size()));
        opus_repacketizer_destroy(joiner);
        LYCEUM_ASSERT(size > 0);
        return static_cast<std::size_t>(size);
    }

    OpusEncoder* state_ = nullptr;
    int channels_;
    int easing_ = 0;
};

class OpusDecoding final : public Decoder {
public:
    OpusDecoding() {
        int error = OPUS_OK;
        state_ = opus_decoder_create(sample_rate, 1, &error);
        LYCEUM_ASSERT(error == OPUS_OK);
    }
    ~OpusDecoding() override { opus_decoder_destroy(state_); }
    OpusDecoding(const OpusDecoding&) = delete;
    OpusDecoding& operator=(const OpusDecoding&) = delete;

    void decode(ByteView payload, std::vector<Sample>& sound) override {
        run(payload, packet_samples_max, false, sound);
    }
    void conceal(std::size_t samples, ByteView next, std::vector<Sample>& sound) override {
        // FEC of the next packet where it is there, else the decoder's own guess (RFC 6716 §2.1.7).
        run(next, samples, !next.empty(), sound);
    }

private:
    void run(ByteView payload, std::size_t samples, bool fec, std::vector<Sample>& sound) {
        const auto start = sound.size();
        sound.resize(start + samples);
        const int count = opus_decode(state_, payload.empty() ? nullptr : payload.data(),
                                      static_cast<opus_int32>(payload.size()), sound.data() + start,
                                      static_cast<int>(samples), fec ? 1 : 0);
        sound.resize(start + static_cast<std::size_t>(std::max(count, 0)));
        if (count < 0) sound.resize(start + std::min(samples, tick_samples), Sample{0});
    }

    OpusDecoder* state_ = nullptr;
};

/// DTX, or SILK whose voice activity flags are all down: configurations under 16 begin their frame
/// with one flag for each 20 ms of it (RFC 6716 §4.2.3); the first tells for packets of one frame.
std::size_t silent_samples(ByteView payload) {
    if (payload.empty()) return 0;
    const int samples = opus_packet_get_nb_samples(
        payload.data(), static_cast<opus_int32>(payload.size()), sample_rate);
    if (samples <= 0) return 0;
    const bool silk = payload[0] >> 3 < 16;
    const bool one_frame = (payload[0] & 3) == 0;
    const bool short_frame = samples <= 960;
    // CELT says digital silence in two octets, and nothing else in so few.
    const bool dtx = payload.size() <= (silk ? 2u : 3u);
    const bool voiceless = silk && one_frame && short_frame && !dtx && !(payload[1] & 0x80);
    return dtx || voiceless ? static_cast<std::size_t>(samples) : 0;
}

/// The LBRR flag of a SILK frame in mono stands behind its one voice activity flag (RFC 6716
/// §4.2.4); packets of one frame of up to 20 ms are looked at, which are most.
bool repeats_previous(ByteView payload) {
    if (payload.size() < 2) return false;
    const int configuration = payload[0] >> 3;
    const bool short_frame = configuration >= 12 || (configuration & 3) < 2;
    const bool one_frame = (payload[0] & 3) == 0, mono = (payload[0] & 4) == 0;
    return configuration < 16 && short_frame && one_frame && mono && (payload[1] & 0x40) != 0;
}

std::string encoding_class(const Receiver& peer) {
    const Wishes wishes(peer);
    return std::to_string(wishes.bitrate) + (wishes.fec ? "f" : "-") +
           std::to_string(wishes.bandwidth) + (wishes.channels == 2 ? "s" : "");
}

} // namespace

extern const Codec opus;
const Codec opus{
    "opus",
    48000,
    2,
    96,
    "useinbandfec=1",
    [](const Receiver& peer) -> std::unique_ptr<Encoder> {
        return std::make_unique<OpusEncoding>(Wishes(peer));
    },
    [](std::string_view) -> std::unique_ptr<Decoder> { return std::make_unique<OpusDecoding>(); },
    encoding_class,
    silent_samples,
    repeats_previous,
    true,
    "sprop-stereo=1"};

} // namespace lyceum::mixer
