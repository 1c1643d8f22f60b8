// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "mixer/mix.hpp"

#include <array>
#include <cstddef>
#include <optional>

namespace lyceum::mixer {

/// Hears howling in the sound of a leg: a loudspeaker that feeds its own microphone settles on one
/// pitch and stays. A loud, pure tone from 300 Hz up that keeps its pitch for two seconds counts,
/// so a tone that somebody plays counts, too.
class HowlDetector {
public:
    /// The pitch in hertz, once for each howl.
    std::optional<int> handle_sound(const Frame& frame, int level_db);
    void handle_silence() { samples_ = 0; }

private:
    std::size_t lag_ = 0;     ///< Of the period, at 8 kHz.
    std::size_t samples_ = 0; ///< For so long, up to now.
};

/// Hears the room's own sound come back from a leg: its loudness follows what the leg was sent, a
/// constant time later. Compares the loudness of ticks, so it does not mind codecs and rooms, and
/// tells nothing of a steady tone. Echo that is fainter than −30 dB against the room is let be.
class EchoDetector {
public:
    explicit EchoDetector(Duration tick) : tick_(tick) {}

    /// What the leg was sent in a tick, and what came from it; once a tick. How much later the
    /// sound came back, once for each echo.
    std::optional<Duration> handle_tick(int sent_db, int received_db);

private:
    static constexpr std::size_t window = 200; ///< Ticks: 4 s of the usual ones.
    static constexpr std::size_t lag_max = 25; ///< 500 ms of them.
    static constexpr int every = 25;           ///< Ticks between two looks.

    [[nodiscard]] double likeness(std::size_t lag) const;

    Duration tick_;
    std::array<signed char, window + lag_max> sent_{}, received_{};
    std::size_t next_ = 0, seen_ = 0;
    int loud_ticks_ = 0, until_look_ = every;
    bool told_ = false;
};

} // namespace lyceum::mixer
