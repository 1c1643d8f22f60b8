// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "rtp/packet.hpp"
#include "rtp/rtcp.hpp"

#include <cstdint>

namespace lyceum::rtp {

/// What was received from one synchronisation source: extended sequence number, loss and jitter, as
/// RFC 3550 appendices A.1, A.3 and A.8 reckon them. Counts only; keeps no packet.
class Reception {
public:
    explicit Reception(std::uint32_t ssrc) : ssrc_(ssrc) {}

    /// Returns the sequence number extended to 64 bits. A jump of 3000 or more, twice in order, is
    /// a sender that started anew (A.1) and starts the counts anew.
    std::uint64_t handle(const Header& header, std::uint32_t clock_rate, TimePoint now);
    void handle_sender_report(const SenderInfo& sender, TimePoint now);

    /// The block for our next report; fractions count from the last call.
    ReportBlock report(TimePoint now);

    [[nodiscard]] std::uint32_t ssrc() const { return ssrc_; }
    [[nodiscard]] std::uint64_t received() const { return received_; }
    [[nodiscard]] std::int64_t lost() const;
    [[nodiscard]] double jitter() const { return jitter_; } ///< In timestamp units.

private:
    void start(std::uint16_t sequence);

    static constexpr std::uint16_t dropout_max = 3000;

    std::uint32_t ssrc_;
    bool started_ = false;
    std::uint64_t highest_ = 0, base_ = 0;
    std::uint32_t bad_sequence_ = 0x10000; ///< The one after the last jump; none.
    std::uint64_t received_ = 0, received_before_ = 0, expected_before_ = 0;
    std::int64_t transit_ = 0;
    double jitter_ = 0; ///< In timestamp units.
    std::uint32_t last_sr_ = 0;
    TimePoint last_sr_at_{};
};

} // namespace lyceum::rtp
