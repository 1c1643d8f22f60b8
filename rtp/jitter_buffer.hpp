// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "rtp/audio_levels.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <variant>

namespace lyceum::rtp {

/// Holds the packets of one source until it is their turn, so that speech comes out even although
/// it came in uneven. Adaptive: the delay follows the packets' lateness against the earliest of the
/// last seconds, at the quantile that would make one packet in a hundred late. Puts packets in
/// order, drops what comes twice or too late, waits out the start of a talk-spurt, follows clock
/// drift.
///
/// Knows nothing of codecs. Timestamps are in units of `clock_rate`; at most `packets_max` are held
/// and the delay never exceeds `delay_max`.
class JitterBuffer {
public:
    struct Options {
        std::uint32_t clock_rate = 48000;
        Duration delay_min = 5ms;
        Duration delay_max = 400ms;
        std::size_t packets_max = 100;
        Duration conceal_max = 120ms; ///< Longer gaps are silence, and a new talk-spurt ends them.
    };
    struct Packet {
        std::uint32_t timestamp = 0;
        std::uint8_t payload_type = 0;
        Bytes payload;
        AudioLevel level = 0; ///< As its sender says; 0 if he does not.
    };

    /// \name What `take` says is to be played next
    ///@{
    struct Play { ///< This packet.
        Packet packet;
        /// Numbers between the one played before and this one: they did not come in time. A pause
        /// of the sender leaves none out; a sender that starts anew is not held to have lost any.
        std::uint64_t missing = 0;
    };
    struct Conceal { ///< A packet is lost; `next`, if it is there already, may hold FEC for it.
        const Packet* next;
    };
    struct Silence {}; ///< Nothing is being said.
    ///@}
    using Turn = std::variant<Play, Conceal, Silence>;

    enum class Insert { stored, duplicate, late, overflow };
    struct Counters {
        std::uint64_t played = 0, concealed = 0, late = 0, duplicate = 0, overflow = 0;
        std::uint64_t recovered = 0; ///< Lost, and said again in time by another packet.
    };

    explicit JitterBuffer(Options options) : options_(options) {}

    /// `sequence` is extended (Reception::handle).
    Insert insert(std::uint64_t sequence, const Header& header, ByteView payload, TimePoint now,
                  AudioLevel level = 0);
    /// A packet that a later one says again (RED): taken if it is missing and its turn is to come.
    /// To the delay it is a packet that came so late, and so it grows where that often helps.
    void recover(std::uint64_t sequence, const Header& header, ByteView payload, TimePoint now);
    /// A packet that can be made from a later one (FEC), which is here.
    void handle_repair(std::uint64_t sequence, std::uint32_t timestamp, TimePoint now);
    /// The next in turn. `frame` is the length of one packet's sound: what one concealment makes up
    /// for.
    Turn take(Duration frame, TimePoint now);
    void clear();

    /// The delay aimed at, from arrival of a punctual packet to its turn.
    [[nodiscard]] Duration target() const { return target_; }
    /// By how much more than the target is waiting: positive when frames should be left out,
    /// negative when they should be stretched. For the owner, who knows where silence is.
    [[nodiscard]] Duration surplus(TimePoint now) const;
    [[nodiscard]] std::size_t size() const { return packets_.size(); }
    [[nodiscard]] const Counters& counters() const { return counters_; }

private:
    static constexpr std::size_t bins = 160;
    static constexpr Duration bin = 2500us;
    static constexpr std::uint64_t gap_max = 3000; ///< As RFC 3550 A.1: beyond, it is a new start.

    [[nodiscard]] bool is_missing(std::uint64_t sequence) const;
    void pass(std::uint64_t sequence, bool missing);
    Duration media_time(std::uint32_t timestamp) const;
    void observe(std::uint32_t timestamp, TimePoint now);
    void update_target();

    Options options_;
    std::map<std::uint64_t, Packet> packets_;
    bool playing_ = false;
    TimePoint start_at_{}; ///< When a waiting talk-spurt may start.
    std::uint64_t next_sequence_ = 0;
    std::uint32_t next_timestamp_ = 0;
    std::uint64_t missed_ = 0; ///< Which of the 64 numbers before the next; lowest bit: the last.
    std::optional<std::uint64_t> last_played_;
    Duration concealed_{}; ///< In the gap that is open.
    Duration target_ = 20ms;
    Counters counters_;

    std::optional<std::uint32_t> reference_; ///< Timestamps are reckoned from here.
    std::int64_t base_ = 0;                  ///< Least transit seen, microseconds; creeps up.
    /// How often a packet was so late. What is new weighs more and more, so that old ones fade.
    std::array<float, bins> lateness_{};
    float weight_ = 1, total_ = 0;
    int observed_ = 0; ///< Since the target was last reckoned.
    TimePoint last_observed_{};
};

} // namespace lyceum::rtp
