// SPDX-License-Identifier: Apache-2.0
#include "mixer/playout.hpp"

#include "mixer/time_scale.hpp"
#include "rtp/redundancy.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace lyceum::mixer {
namespace {

constexpr int quiet_peak = 200;             // −44 dBFS: cutting here is not heard.
constexpr rtp::AudioLevel said_silent = 70; // Far below what counts as speech, also when amplified.
constexpr Duration short_of{};              // With less to spare, packets come too late.
constexpr std::size_t sound_samples_max = 4 * tick_samples;

bool is_quiet(SampleView sound) {
    return std::all_of(sound.begin(), sound.end(),
                       [](Sample sample) { return std::abs(int{sample}) < quiet_peak; });
}

Duration duration_of(std::size_t samples) {
    return Duration(static_cast<std::int64_t>(samples) * 1'000'000 / sample_rate);
}

} // namespace

void Playout::update(std::vector<LegFormat> formats, std::uint32_t clock_rate) {
    formats_ = std::move(formats);
    if (std::exchange(clock_rate_, clock_rate) != clock_rate)
        jitter_ = rtp::JitterBuffer({.clock_rate = clock_rate});
}

void Playout::restart() {
    jitter_.clear();
    decoder_.reset();
}

const LegFormat* Playout::format_of(std::uint8_t payload_type) const {
    for (const auto& format : formats_)
        if (format.payload_type == payload_type) return &format;
    return nullptr;
}

std::int64_t Playout::in_timestamps(Duration time) const {
    return time.count() * std::int64_t{clock_rate_} / 1'000'000;
}

void Playout::handle_packet(std::uint64_t sequence, const rtp::PacketView& packet, TimePoint now,
                            rtp::AudioLevel level) {
    const auto& header = packet.header;
    const auto* format = format_of(header.payload_type);
    if (!format || packet.payload.empty()) return;
    jitter_.insert(sequence, header, packet.payload, now, level);
    if (!format->codec->repeats_previous(packet.payload)) return;
    const auto age = static_cast<std::uint32_t>(in_timestamps(packet_length_));
    jitter_.handle_repair(sequence - 1, header.timestamp - age, now);
}

/// The blocks before the last are earlier packets; which, their age says.
bool Playout::handle_redundant(std::uint64_t sequence, const rtp::PacketView& packet,
                               TimePoint now) {
    const auto redundant = rtp::parse_redundant(packet.payload);
    if (!redundant) return false;
    const auto packet_age = std::max<std::int64_t>(1, in_timestamps(packet_length_));
    auto header = packet.header;
    for (std::size_t i = 0; i < redundant->count; ++i) {
        const auto& block = redundant->blocks[i];
        if (block.payload.empty() || !format_of(block.payload_type)) continue;
        header.payload_type = block.payload_type;
        header.timestamp = packet.header.timestamp - block.age;
        if (&block == &redundant->own()) {
            jitter_.insert(sequence, header, block.payload, now);
            continue;
        }
        const auto back = static_cast<std::uint64_t>((block.age + packet_age / 2) / packet_age);
        if (back > 0) jitter_.recover(sequence - back, header, block.payload, now);
    }
    return true;
}

bool Playout::pull(Frame& frame, bool speaking, TimePoint now) {
    speaking_ = speaking;
    tick_ = frame.size();
    steer(now);
    if (stretched_ > 0) {
        --stretched_; // One tick more of silence, where there is silence.
        return false;
    }
    const auto fill = [&] {
        while (sound_.size() + silence_ < tick_)
            if (!pull_turn(now)) break;
    };
    fill();
    scale();
    fill();
    const auto count = std::min(sound_.size(), tick_);
    silence_ -= std::min(silence_, tick_ - count);
    if (count == 0) return false;
    const auto end = sound_.begin() + static_cast<std::ptrdiff_t>(count);
    std::fill(std::copy(sound_.begin(), end, frame.begin()), frame.end(), Sample{0});
    sound_.erase(sound_.begin(), end);
    return true;
}

/// Brings the delay back to its target where nobody hears it: in silence.
void Playout::steer(TimePoint now) {
    static constexpr Duration tolerated = 15ms, too_much = 80ms;
    if (quiet_ && leftover_is_idle()) {
        const auto idle = (sound_.size() + silence_) % tick_;
        const auto unsaid = std::min(silence_, idle);
        silence_ -= unsaid;
        sound_.resize(sound_.size() - (idle - unsaid));
    }
    const auto decoded = sound_.size() + silence_;
    leftover_ = duration_of(decoded % tick_);
    spare_ = jitter_.surplus(now) + duration_of(decoded) - leftover_;
    if (spare_ < short_of && quiet_ && jitter_.size() <= 1) stretched_ = 1;
    const bool audible = !quiet_ && spare_ < too_much;
    if (spare_ < std::max(tolerated, packet_length_) || audible) return;
    if (jitter_.size() <= 1 || silence_ > 0) return;
    const auto kept = sound_.size();
    if (pull_turn(now) && (quiet_ || spare_ > too_much)) {
        sound_.resize(std::min(kept, sound_.size()));
        silence_ = 0;
    }
}

/// What is left over of a tick waits and makes nothing safer, unless packets that are no whole
/// number of ticks long leave it behind each time.
bool Playout::leftover_is_idle() const { return packet_length_ % duration_of(tick_) == Duration{}; }

/// Brings the delay to its target in the middle of speech, a period of the voice at a time and at
/// most a tenth of the time: faster when sound has waited for longer than it has to for a while,
/// slower before there is none left.
void Playout::scale() {
    static constexpr Duration waits = 25ms, waits_much = 50ms;
    static constexpr int waiting_ticks_max = 25, pause_ticks = 5;
    waiting_ticks_ = spare_ + leftover_ > waits ? waiting_ticks_ + 1 : 0;
    patience_ticks_ = std::max(0, patience_ticks_ - 1);
    if (patience_ticks_ > 0 || quiet_ || silence_ > 0 || sound_.empty()) return;
    const bool faster = spare_ > waits_much || waiting_ticks_ > waiting_ticks_max;
    const bool slower = spare_ < short_of;
    const auto leftover = static_cast<std::size_t>(leftover_.count() * sample_rate / 1'000'000);
    const bool trimmed = !faster && !slower && spare_ < waits && leftover_is_idle() &&
                         shorten(sound_, leftover) > 0; // As far as periods allow.
    if (trimmed || (faster && shorten(sound_) > 0) || (slower && lengthen(sound_) > 0)) {
        ++counters_.rescaled;
        patience_ticks_ = pause_ticks;
    }
}

/// Takes one turn from the jitter buffer; false for silence.
bool Playout::pull_turn(TimePoint now) {
    auto turn = jitter_.take(packet_length_, now);
    if (const auto* play = std::get_if<rtp::JitterBuffer::Play>(&turn)) {
        for (auto left = play->missing; left > 0; --left) bursts_.handle_packet(true);
        bursts_.handle_packet(false);
        decode(play->packet);
        return true;
    }
    const auto* conceal = std::get_if<rtp::JitterBuffer::Conceal>(&turn);
    if (!conceal || !decoder_) return false;
    const auto samples = static_cast<std::size_t>(packet_length_.count() * sample_rate / 1'000'000);
    end_silence();
    if (conceal->next) {
        const auto* format = format_of(conceal->next->payload_type);
        if (format && format->codec->repeats_previous(conceal->next->payload)) ++counters_.repaired;
    }
    decoder_->conceal(samples, conceal->next ? ByteView(conceal->next->payload) : ByteView{},
                      sound_);
    return true;
}

/// How much silence a packet is, as can be told without decoding it: by how it looks, or by what
/// its sender says. Who says that he is silent while he is not is not heard.
std::size_t Playout::silent_samples(const Codec& codec,
                                    const rtp::JitterBuffer::Packet& packet) const {
    if (const auto silent = codec.silent_samples(packet.payload); silent > 0) return silent;
    const bool said = packet.level >= said_silent && decoding_ == &codec;
    return said ? samples_in(std::chrono::duration_cast<std::chrono::milliseconds>(packet_length_))
                : 0;
}

void Playout::decode(const rtp::JitterBuffer::Packet& packet) {
    const auto* format = format_of(packet.payload_type);
    if (!format) return; // Agreed away while it waited.
    if (const auto silent = speaking_ ? 0 : silent_samples(*format->codec, packet); silent > 0) {
        ++counters_.known_silent;
        packet_length_ = duration_of(silent);
        silence_ += silent;
        quiet_ = true;
        return;
    }
    ++counters_.decoded;
    if (!decoder_ || decoding_ != format->codec) {
        decoding_ = format->codec;
        decoder_ = decoding_->make_decoder(format->fmtp);
    }
    end_silence();
    const auto start = sound_.size();
    decoder_->decode(packet.payload, sound_);
    sound_.resize(std::min(sound_.size(), start + 6 * tick_samples));
    const auto fresh = SampleView(sound_).subspan(start);
    if (!fresh.empty()) packet_length_ = duration_of(fresh.size());
    quiet_ = is_quiet(fresh);
    if (sound_.size() > 6 * tick_samples + sound_samples_max) sound_.resize(sound_samples_max);
}

/// Sound comes after the silence: from now on it takes room like sound.
void Playout::end_silence() { sound_.insert(sound_.end(), std::exchange(silence_, 0), Sample{0}); }

void Playout::describe(rtp::Quality& quality, Duration round_trip) const {
    bursts_.describe(quality, packet_length_);
    const auto share = [&](std::uint64_t part) {
        const auto whole = bursts_.packets();
        return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
    };
    // A packet that came too late had been made up for: it was missing in its turn.
    const auto late = std::min(jitter_.counters().late, bursts_.missing());
    quality.discard = share(late);
    quality.loss = share(bursts_.missing() - late);
    const auto made_up = bursts_.missing() - std::min(bursts_.missing(), counters_.repaired);
    quality.concealed = packet_length_ * static_cast<std::int64_t>(made_up);
    quality.playout_delay = delay();
    quality.r_factor =
        rtp::r_factor(round_trip / 2 + quality.playout_delay + packet_length_, share(made_up));
    quality.mos = rtp::mos_of(quality.r_factor);
}

} // namespace lyceum::mixer
