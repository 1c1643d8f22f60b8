// SPDX-License-Identifier: Apache-2.0
#include "rtp/jitter_buffer.hpp"

#include <algorithm>

namespace lyceum::rtp {

JitterBuffer::Insert JitterBuffer::insert(std::uint64_t sequence, const Header& header,
                                          ByteView payload, TimePoint now, AudioLevel level) {
    if (playing_ && sequence < next_sequence_) {
        observe(header.timestamp, now); // What came too late must make the delay longer.
        ++counters_.late;
        return Insert::late;
    }
    if (packets_.contains(sequence)) {
        ++counters_.duplicate;
        return Insert::duplicate;
    }
    const bool overflow = packets_.size() >= options_.packets_max;
    if (overflow) {
        ++counters_.overflow;
        clear(); // A burst like this is of no use; start over with the newest.
    }
    observe(header.timestamp, now);
    Packet packet{header.timestamp, header.payload_type, {payload.begin(), payload.end()}, level};
    if (packets_.empty() && !playing_) start_at_ = now + target_;
    packets_.emplace(sequence, std::move(packet));
    return overflow ? Insert::overflow : Insert::stored;
}

void JitterBuffer::recover(std::uint64_t sequence, const Header& header, ByteView payload,
                           TimePoint now) {
    if (!is_missing(sequence)) return;
    observe(header.timestamp, now);
    if (sequence < next_sequence_ || packets_.size() >= options_.packets_max) return;
    packets_.emplace(
        sequence, Packet{header.timestamp, header.payload_type, {payload.begin(), payload.end()}});
    ++counters_.recovered;
}

void JitterBuffer::handle_repair(std::uint64_t sequence, std::uint32_t timestamp, TimePoint now) {
    if (is_missing(sequence)) observe(timestamp, now);
}

bool JitterBuffer::is_missing(std::uint64_t sequence) const {
    if (!playing_) return false;
    if (sequence >= next_sequence_) return !packets_.contains(sequence);
    const auto back = next_sequence_ - 1 - sequence;
    return back < 64 && (missed_ >> back & 1) != 0;
}

/// This number has had its turn; those before it that had none are missing.
void JitterBuffer::pass(std::uint64_t sequence, bool missing) {
    for (; next_sequence_ < sequence && sequence - next_sequence_ <= 64; ++next_sequence_)
        missed_ = missed_ << 1 | 1;
    next_sequence_ = sequence + 1;
    missed_ = missed_ << 1 | (missing ? 1 : 0);
}

JitterBuffer::Turn JitterBuffer::take(Duration frame, TimePoint now) {
    if (packets_.empty()) {
        if (!playing_) return Silence{};
        concealed_ += frame;
        if (concealed_ > options_.conceal_max) {
            playing_ = false; // The talk-spurt is over, or the sender has stopped.
            concealed_ = {};
            return Silence{};
        }
        // The next number may still come, and is then too late: its place has been filled.
        pass(next_sequence_, true);
        next_timestamp_ +=
            static_cast<std::uint32_t>(frame.count() * options_.clock_rate / 1'000'000);
        ++counters_.concealed;
        return Conceal{nullptr};
    }
    auto first = packets_.begin();
    if (!playing_) {
        if (now < start_at_) return Silence{};
        playing_ = true;
        missed_ = 0;
        next_sequence_ = first->first;
        next_timestamp_ = first->second.timestamp;
        concealed_ = {};
    }
    const auto ahead = static_cast<std::int32_t>(first->second.timestamp - next_timestamp_);
    const bool gap_in_time =
        ahead > 0 && Duration(std::int64_t{ahead} * 1'000'000 / options_.clock_rate) >= frame / 2;
    if (first->first > next_sequence_ && gap_in_time && concealed_ < options_.conceal_max) {
        pass(next_sequence_, true);
        next_timestamp_ +=
            static_cast<std::uint32_t>(frame.count() * options_.clock_rate / 1'000'000);
        concealed_ += frame;
        ++counters_.concealed;
        return Conceal{first->first == next_sequence_ ? &first->second : nullptr};
    }
    if (gap_in_time) {
        // No number is missing but time is: the sender was silent (DTX). Its packet waits for its
        // turn, unless the sender's clock has jumped.
        const auto due = TimePoint(Duration(base_)) + media_time(first->second.timestamp) + target_;
        if (now < due && due - now <= options_.delay_max) return Silence{};
    }
    Play turn{std::move(first->second)};
    const auto gap = first->first - last_played_.value_or(first->first - 1) - 1;
    if (gap <= gap_max) turn.missing = gap;
    last_played_ = first->first;
    pass(first->first, false);
    next_timestamp_ = turn.packet.timestamp +
                      static_cast<std::uint32_t>(frame.count() * options_.clock_rate / 1'000'000);
    packets_.erase(first);
    concealed_ = {};
    ++counters_.played;
    return turn;
}

void JitterBuffer::clear() {
    packets_.clear();
    last_played_.reset();
    playing_ = false;
    concealed_ = {};
}

Duration JitterBuffer::surplus(TimePoint now) const {
    if (!playing_ || !reference_) return {};
    // Played punctually, the next packet would be due at base + its media time + target.
    const auto due = TimePoint(Duration(base_)) + media_time(next_timestamp_) + target_;
    return now - due;
}

Duration JitterBuffer::media_time(std::uint32_t timestamp) const {
    const auto steps = static_cast<std::int32_t>(timestamp - reference_.value_or(timestamp));
    return Duration(std::int64_t{steps} * 1'000'000 / options_.clock_rate);
}

void JitterBuffer::observe(std::uint32_t timestamp, TimePoint now) {
    static constexpr Duration restart_after = 3s;
    const auto lateness = now - media_time(timestamp) - TimePoint(Duration(base_));
    if (!reference_ || now - last_observed_ > restart_after || lateness > restart_after ||
        std::chrono::abs(media_time(timestamp)) > 3600s) {
        // The first packet, or one after a long pause or a jump of the sender's clock.
        reference_ = timestamp;
        base_ = now.time_since_epoch().count();
    }
    const auto transit = (now - media_time(timestamp)).time_since_epoch().count();
    // The earliest packet sets the base, which creeps up by 0.5 ms a second to follow a slow
    // sender.
    base_ =
        std::min(transit, base_ + std::max<std::int64_t>(0, (now - last_observed_).count()) / 2000);
    last_observed_ = now;
    static constexpr float weight_max = 1e6, growth = 1.002f; // 350 packets, 7 s, halve the past.
    static constexpr int reckon_every = 16;
    static constexpr float few = 100;
    const Duration late(transit - base_);
    lateness_[std::min(static_cast<std::size_t>(late / bin), bins - 1)] += weight_;
    total_ += weight_;
    weight_ *= growth;
    if (weight_ > weight_max) {
        for (auto& weight : lateness_) weight /= weight_;
        total_ /= weight_;
        weight_ = 1;
    }
    // A punctual packet can only let the target sink, and that has time, but for the first ones.
    if (late >= target_ || total_ < few || ++observed_ >= reckon_every) update_target();
}

/// The smallest delay that at most 1 % of the packets exceed.
void JitterBuffer::update_target() {
    observed_ = 0;
    float above = 0;
    std::size_t at = bins - 1;
    while (at > 0 && above + lateness_[at] <= 0.01f * total_) above += lateness_[at--];
    target_ =
        std::clamp(static_cast<std::int64_t>(at + 1) * bin, options_.delay_min, options_.delay_max);
}

} // namespace lyceum::rtp
