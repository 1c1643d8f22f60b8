// SPDX-License-Identifier: Apache-2.0
#include "rtp/reception.hpp"

#include <algorithm>

namespace lyceum::rtp {

std::uint64_t Reception::handle(const Header& header, std::uint32_t clock_rate, TimePoint now) {
    if (!started_) start(header.sequence);
    const auto forward = static_cast<std::uint16_t>(header.sequence - highest_);
    std::uint64_t extended = 0;
    if (forward < dropout_max) {
        extended = highest_ = highest_ + forward;
    } else if (forward > 0x10000 - 100) {
        extended = highest_ + forward - 0x10000; // Late or twice.
    } else if (header.sequence == bad_sequence_) {
        start(header.sequence);
        extended = highest_;
    } else {
        bad_sequence_ = static_cast<std::uint16_t>(header.sequence + 1);
        return highest_ + forward;
    }
    ++received_;
    const auto arrival =
        now.time_since_epoch().count() * static_cast<std::int64_t>(clock_rate) / 1'000'000;
    const auto transit = arrival - static_cast<std::int64_t>(header.timestamp);
    if (received_ > 1) {
        // Timestamps wrap; only their difference on the 32-bit circle counts.
        const auto step = static_cast<std::int32_t>(static_cast<std::uint32_t>(transit - transit_));
        jitter_ += (std::abs(static_cast<double>(step)) - jitter_) / 16.0;
    }
    transit_ = transit;
    return extended;
}

void Reception::start(std::uint16_t sequence) {
    started_ = true;
    // One cycle up, so that a packet from before the first has a number of its own.
    highest_ = base_ = highest_ - (highest_ & 0xffff) + 0x10000 + sequence;
    received_ = received_before_ = expected_before_ = 0;
    bad_sequence_ = 0x10000;
    jitter_ = 0;
}

std::int64_t Reception::lost() const {
    if (!started_) return 0;
    return static_cast<std::int64_t>(highest_ - base_ + 1) - static_cast<std::int64_t>(received_);
}

void Reception::handle_sender_report(const SenderInfo& sender, TimePoint now) {
    last_sr_ = static_cast<std::uint32_t>(sender.ntp >> 16);
    last_sr_at_ = now;
}

ReportBlock Reception::report(TimePoint now) {
    ReportBlock out;
    out.ssrc = ssrc_;
    out.highest_sequence = static_cast<std::uint32_t>(highest_);
    out.jitter = static_cast<std::uint32_t>(jitter_);
    out.cumulative_lost =
        static_cast<std::int32_t>(std::clamp<std::int64_t>(lost(), -0x800000, 0x7fffff));
    const auto expected = started_ ? highest_ - base_ + 1 : 0;
    const auto expected_now = static_cast<std::int64_t>(expected - expected_before_);
    const auto lost_now = expected_now - static_cast<std::int64_t>(received_ - received_before_);
    if (expected_now > 0 && lost_now > 0)
        out.fraction_lost =
            static_cast<std::uint8_t>(std::min<std::int64_t>(255, (lost_now << 8) / expected_now));
    expected_before_ = expected;
    received_before_ = received_;
    if (last_sr_ != 0) {
        out.last_sr = last_sr_;
        out.delay_since_last_sr =
            static_cast<std::uint32_t>((now - last_sr_at_).count() * 65536 / 1'000'000);
    }
    return out;
}

} // namespace lyceum::rtp
