// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "rtp/quality.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lyceum::rtp {

/// RFC 3550 §6.4.1.
struct ReportBlock {
    std::uint32_t ssrc = 0;
    std::uint8_t fraction_lost = 0;   ///< In 256ths, since the last report.
    std::int32_t cumulative_lost = 0; ///< 24 bits, signed.
    std::uint32_t highest_sequence = 0;
    std::uint32_t jitter = 0;  ///< In timestamp units.
    std::uint32_t last_sr = 0; ///< Middle 32 bits of the NTP time of the last SR; 0: none.
    std::uint32_t delay_since_last_sr = 0; ///< In 65536ths of a second.

    bool operator==(const ReportBlock&) const = default;
};

struct SenderInfo {
    std::uint64_t ntp = 0;
    std::uint32_t rtp_timestamp = 0;
    std::uint32_t packets = 0, octets = 0;

    bool operator==(const SenderInfo&) const = default;
};

/// The VoIP metrics block of RFC 3611 §4.7, in its own units: shares in 256ths, times in ms.
struct VoipMetrics {
    std::uint32_t ssrc = 0; ///< Of the source that was heard.
    std::uint8_t loss = 0, discard = 0, burst_density = 0, gap_density = 0;
    std::uint16_t burst_ms = 0, gap_ms = 0, round_trip_ms = 0, end_system_ms = 0;
    std::int8_t signal_level_dbm0 = 127; ///< 127: unknown.
    std::uint8_t r_factor = 127, mos_tenths = 127;
    std::uint16_t playout_ms = 0; ///< Of the jitter buffer, now.

    bool operator==(const VoipMetrics&) const = default;
};
VoipMetrics voip_metrics(std::uint32_t ssrc, const Quality& quality);

/// What a compound packet (§6.1) says, of what we use: SR or RR, the CNAME, an extended report, and
/// BYE.
struct Rtcp {
    std::uint32_t ssrc = 0;
    std::optional<SenderInfo> sender; ///< An SR has it, an RR does not.
    std::vector<ReportBlock> reports;
    std::string cname;
    std::optional<VoipMetrics> voip;
    std::vector<std::uint32_t> bye;

    bool operator==(const Rtcp&) const = default;
};

/// Fails unless the compound starts with SR or RR and all its lengths fit (appendix A.2). Packet
/// types that we do not know are skipped.
Result<Rtcp, Fault> parse_rtcp(ByteView datagram);

/// SR or RR, SDES with CNAME, XR and BYE if there is one to say. Goes out in every compound (§6.1).
Bytes write_rtcp(const Rtcp& rtcp);

/// The 64-bit NTP time of a wall clock (§4).
std::uint64_t ntp_time(WallTime time);

std::uint64_t ntp_later(std::uint64_t ntp, Duration by);

/// Round trip from a report block about what we send, at the NTP time when it arrived (§6.4.1,
/// figure 2).
std::optional<Duration> round_trip(const ReportBlock& report, std::uint64_t arrival_ntp);

} // namespace lyceum::rtp
