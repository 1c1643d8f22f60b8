// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "mixer/codec.hpp"
#include "mixer/mix.hpp"
#include "rtp/jitter_buffer.hpp"
#include "rtp/packet.hpp"
#include "rtp/quality.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace lyceum::mixer {

/// One payload type of a leg.
struct LegFormat {
    std::uint8_t payload_type = 0;
    const Codec* codec = nullptr;
    std::string fmtp; ///< Of the peer.
};

/// What became of the packets that were to be played.
struct PlayoutCounters {
    std::uint64_t decoded = 0, known_silent = 0; ///< Packets played, by what it took.
    std::uint64_t repaired = 0; ///< Lost packets made from the one behind (FEC), not made up.
    std::uint64_t rescaled = 0; ///< Periods left out or said twice, to change the delay.
};

/// Turns the packets of one source into an even stream of sound, a tick at a time: jitter buffer,
/// decoder, what is made up for lost packets, and the delay, which is brought to where the network
/// needs it in silence or, a period of the voice at a time, in speech.
///
/// Knows nothing of addresses, keys and RTCP: that is MediaLeg's. Holds at most ten ticks of
/// decoded sound beside what the jitter buffer holds.
class Playout {
public:
    explicit Playout(std::uint32_t clock_rate)
        : clock_rate_(clock_rate), jitter_({.clock_rate = clock_rate}) {}

    /// What may come from now on; another clock begins anew.
    void update(std::vector<LegFormat> formats, std::uint32_t clock_rate);
    /// Another source takes the place of the last one, with numbers and a clock of its own.
    void restart();
    /// None: no format has this number.
    [[nodiscard]] const LegFormat* format_of(std::uint8_t payload_type) const;

    /// A packet of one of the formats. `sequence` is extended (rtp::Reception::handle).
    /// `level` is what its sender says of its loudness, or 0.
    void handle_packet(std::uint64_t sequence, const rtp::PacketView& packet, TimePoint now,
                       rtp::AudioLevel level = 0);
    /// A packet of RED (RFC 2198); false: it is malformed.
    bool handle_redundant(std::uint64_t sequence, const rtp::PacketView& packet, TimePoint now);

    /// The sound of the next tick, which is as long as the frame; false if there is nothing to hear
    /// (the frame is not touched). Packets of silence are not decoded while the leg is not
    /// `speaking`.
    bool pull(Frame& frame, bool speaking, TimePoint now);

    /// By how much later than the jitter allows the next packet will be wanted, at the last `pull`;
    /// negative when that is too early to be safe.
    [[nodiscard]] Duration spare() const { return spare_; }
    /// From the arrival of a packet that came as early as any to its being played.
    [[nodiscard]] Duration delay() const {
        return std::max(Duration{}, jitter_.target() + spare_ + leftover_);
    }
    /// Fills in what it knows: loss, bursts, delay, what was made up, and what that is worth on a
    /// way of this round trip.
    void describe(rtp::Quality& quality, Duration round_trip) const;
    [[nodiscard]] const PlayoutCounters& counters() const { return counters_; }
    [[nodiscard]] const rtp::JitterBuffer::Counters& jitter_counters() const {
        return jitter_.counters();
    }

private:
    [[nodiscard]] std::int64_t in_timestamps(Duration time) const;
    void decode(const rtp::JitterBuffer::Packet& packet);
    [[nodiscard]] std::size_t silent_samples(const Codec& codec,
                                             const rtp::JitterBuffer::Packet& packet) const;
    bool pull_turn(TimePoint now);
    void end_silence();
    void steer(TimePoint now);
    void scale();
    [[nodiscard]] bool leftover_is_idle() const;

    std::vector<LegFormat> formats_;
    std::uint32_t clock_rate_;
    rtp::JitterBuffer jitter_;
    const Codec* decoding_ = nullptr;
    std::unique_ptr<Decoder> decoder_;
    std::vector<Sample> sound_; ///< Decoded and not played yet…
    std::size_t silence_ = 0;   ///< …then so many samples of silence, which take no room.
    std::size_t tick_ = tick_samples;
    Duration spare_{};
    Duration leftover_{}; ///< Of a tick, decoded already: it waits, but the next packet is wanted.
    Duration packet_length_ = 20ms;
    bool quiet_ = true; ///< The last packet held next to no sound: time may be cut or added here.
    bool speaking_ = true;
    int stretched_ = 0;
    int patience_ticks_ = 0; ///< Until the sound may be made shorter or longer again.
    int waiting_ticks_ = 0;  ///< Sound has waited for longer than it has to, for so long.
    PlayoutCounters counters_;
    rtp::BurstMeter bursts_;
};

} // namespace lyceum::mixer
