// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "mixer/mix.hpp"

#include <deque>
#include <initializer_list>
#include <memory>
#include <vector>

/// Sound that comes from no leg: prompts, tones, announcements.
namespace lyceum::mixer {

class SoundSource {
public:
    virtual ~SoundSource() = default;
    /// Fills the frame with what comes next, the last one with silence at its end. False: it is
    /// over, and the frame is silent.
    virtual bool read(Frame& frame) = 0;
};

/// Played once, by one; shared only so that it can travel in a command.
using Sound = std::shared_ptr<SoundSource>;

/// Several tones one after the other, without clicks between them; 0 hertz is a pause.
struct Note {
    double hertz;
    int length_ms;
};
Sound tones(std::initializer_list<Note> notes);

/// An Opus file (RFC 7845) in memory that outlives the sound, decoded as it is played. A fault if
/// it is none, or lasts longer than an hour.
Result<Sound, Fault> opus_file(ByteView file);
/// The same of memory that lives as long as the sound does.
Result<Sound, Fault> opus_file(std::shared_ptr<const Bytes> file);

/// Mono samples at 48 kHz.
Sound samples(std::vector<Sample> samples);

/// What is to be played, one after the other. Holds `sounds_max`: who presses keys faster than he
/// can be answered loses the oldest answers.
class SoundQueue {
public:
    static constexpr std::size_t sounds_max = 32;

    void push(Sound sound);
    void clear() { sounds_.clear(); }
    [[nodiscard]] bool empty() const { return sounds_.empty(); }
    /// The next tick of it, silent if there is none.
    void read(Frame& frame);

private:
    std::deque<Sound> sounds_;
};

} // namespace lyceum::mixer
