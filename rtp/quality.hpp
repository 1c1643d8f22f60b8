// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace lyceum::rtp {

/// How well one source was heard, over all of its packets so far.
struct Quality {
    double loss = 0, discard = 0; ///< Shares of the packets that should have come; late: discarded.
    double burst_density = 0, gap_density = 0; ///< Share that is missing in bursts, and in gaps.
    Duration burst{}, gap{};                   ///< Their mean lengths.
    Duration jitter{};                         ///< RFC 3550 §6.4.1.
    Duration playout_delay{};
    std::optional<Duration> round_trip; ///< By the peer's reports.
    Duration concealed{};               ///< Sound that had to be made up.
    int level_db = -127;                ///< Of speech, mean; −127: none was heard.
    double r_factor = 0;                ///< 0 to 100 (ITU-T G.107).
    double mos = 0;                     ///< 1 to 4.5, reckoned from the R factor.
};

/// How a source is heard just now, and what somebody has to know who looks for what is wrong there.
struct StreamReport {
    SocketAddress announced; ///< Where the peer wants its packets…
    SocketAddress source;    ///< …and where its own come from; unspecified: none has come.
    std::string_view codec;  ///< Of what the peer is sent, by its name in SDP.
    bool encrypted = false;
    std::uint64_t packets = 0; ///< That have come, since it is there…
    std::uint64_t lost = 0;    ///< …and that have not.
    Duration jitter{};         ///< RFC 3550 §6.4.1.
    int peak_db = -127;        ///< The loudest since the report before; −127: silence.
};

/// Tells bursts of missing packets from gaps, where few or none are missing, as RFC 3611 §4.7.2 and
/// appendix A define them with a Gmin of 16: a burst begins and ends with a missing packet, and in
/// it no 16 in a row are there.
class BurstMeter {
public:
    static constexpr unsigned gap_min = 16;

    /// The next packet in order was played, or was missing.
    void handle_packet(bool missing);

    [[nodiscard]] std::uint64_t packets() const { return gap_.packets + burst_.packets + run_; }
    [[nodiscard]] std::uint64_t missing() const { return gap_.missing + burst_.missing; }
    /// Fills in densities and mean lengths.
    void describe(Quality& quality, Duration packet_length) const;

private:
    struct Stretch {
        std::uint64_t packets = 0, missing = 0, count = 0;
    };
    Stretch gap_, burst_;
    std::uint64_t run_ = 0; ///< Packets in a row that are there, since the last missing one.
    bool in_burst_ = false, seen_missing_ = false;
};

/// The R factor for a path of this one-way delay and this loss (ITU-T G.107 with the defaults of
/// its table 3 and an impairment of 0 for the codec; packet-loss robustness 25.1, that of G.711
/// with concealment; random loss).
double r_factor(Duration one_way, double missing);
double mos_of(double r_factor);

} // namespace lyceum::rtp
