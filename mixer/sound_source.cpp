// SPDX-License-Identifier: Apache-2.0
#include "mixer/sound_source.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace lyceum::mixer {
namespace {

class Samples final : public SoundSource {
public:
    explicit Samples(std::vector<Sample> samples) : samples_(std::move(samples)) {}

    bool read(Frame& frame) override {
        frame.fill(0);
        if (at_ == samples_.size()) return false;
        const auto count = std::min(frame.size(), samples_.size() - at_);
        std::copy_n(samples_.begin() + static_cast<std::ptrdiff_t>(at_), count, frame.begin());
        at_ += count;
        return true;
    }

private:
    std::vector<Sample> samples_;
    std::size_t at_ = 0;
};

} // namespace

Sound samples(std::vector<Sample> samples) { return std::make_shared<Samples>(std::move(samples)); }

Sound tones(std::initializer_list<Note> notes) {
    static constexpr double amplitude = 4000; // −18 dBFS: as loud as somebody who speaks.
    static constexpr std::size_t edge = sample_rate / 200;
    std::vector<Sample> out;
    for (const auto& note : notes) {
        const auto length = static_cast<std::size_t>(note.length_ms) * sample_rate / 1000;
        for (std::size_t i = 0; i < length; ++i) {
            const auto from_edge = static_cast<double>(std::min({i, length - 1 - i, edge})) / edge;
            const auto phase = 2 * std::numbers::pi * note.hertz * static_cast<double>(i);
            out.push_back(
                static_cast<Sample>(amplitude * from_edge * std::sin(phase / sample_rate)));
        }
    }
    return samples(std::move(out));
}

void SoundQueue::push(Sound sound) {
    sounds_.push_back(std::move(sound));
    if (sounds_.size() > sounds_max) sounds_.pop_front();
}

void SoundQueue::read(Frame& frame) {
    frame.fill(0);
    while (!sounds_.empty() && !sounds_.front()->read(frame)) sounds_.pop_front();
}

} // namespace lyceum::mixer
