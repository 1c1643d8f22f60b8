// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::mixer {

/// Sound inside the mixer: 48 kHz, mono, 16 bit.
using Sample = std::int16_t;
inline constexpr unsigned sample_rate = 48000;
/// The usual tick, and the longest.
inline constexpr std::chrono::milliseconds tick_length{20};
inline constexpr std::size_t tick_samples = 960;
using SampleView = std::span<const Sample>;

constexpr std::size_t samples_in(std::chrono::milliseconds length) {
    return static_cast<std::size_t>(length.count()) * (sample_rate / 1000);
}

/// Turns sound into the payloads of one stream. Keeps the state of the codec between calls.
class Encoder {
public:
    virtual ~Encoder() = default;
    /// Of the sound that it takes: 1, or 2 whose samples take turns, left first.
    [[nodiscard]] virtual unsigned channels() const { return 1; }
    /// Appends the payload for one packet's sound (10 to 60 ms).
    virtual void encode(SampleView sound, Bytes& payload) = 0;
    /// A listener of another encoder goes over to this one: make the next packets easy to join.
    virtual void ease_joining() {}
};

/// Turns the payloads of one stream into sound. A broken payload gives silence, never a fault.
class Decoder {
public:
    virtual ~Decoder() = default;
    /// Appends the sound of one packet.
    virtual void decode(ByteView payload, std::vector<Sample>& sound) = 0;
    /// Appends `samples` in place of a lost packet; `next`, if not empty, is the payload after it.
    virtual void conceal(std::size_t samples, ByteView next, std::vector<Sample>& sound) = 0;
};

/// How the way to a receiver is, by its reports: a few classes, so that many share an encoder.
enum class Path {
    good,
    lossy,  ///< Packets get lost: each should carry what makes up for another.
    narrow, ///< So many get lost that there is not room for them: send less.
};

/// For whom an encoder works.
struct Receiver {
    std::string_view fmtp; ///< What it wants (SDP).
    Path path = Path::good;
    bool stereo = false; ///< There is something to hear left and right, if it can.
};

/// One codec, as SDP names it, and how to make its two halves. One file each; the list is
/// codecs.cpp.
struct Codec {
    std::string_view name;
    std::uint32_t clock_rate; ///< Of RTP timestamps.
    unsigned channels;        ///< As SDP says it.
    std::uint8_t payload_type;
    std::string_view fmtp; ///< What our receiver wants.
    std::unique_ptr<Encoder> (*make_encoder)(const Receiver& peer);
    /// Takes the peer's fmtp: what its sender does.
    std::unique_ptr<Decoder> (*make_decoder)(std::string_view peer_fmtp);
    /// What of a receiver changes how it is encoded for: those with the same share an encoder.
    std::string (*encoding_class)(const Receiver& peer);
    /// How many samples of silence the payload holds, where that can be told without decoding it;
    /// 0: there may be sound in it.
    std::size_t (*silent_samples)(ByteView payload);
    /// Whether the payload holds a second copy of the one before (FEC).
    bool (*repeats_previous)(ByteView payload);
    bool may_rest = false; ///< Its receivers know that silence goes on while nothing comes (DTX).
    std::string_view stereo_fmtp{}; ///< Said beside `fmtp` where we have stereo to send.
};

/// In the order of our preference.
std::span<const Codec* const> codecs();
const Codec* find_codec(std::string_view name, std::uint32_t clock_rate);

} // namespace lyceum::mixer
