// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "rtp/quality.hpp"
#include "server/records/heard.hpp"

#include <cstddef>
#include <cstdint>
#include <map>

namespace lyceum::records {

/// How legs that go on are heard over time: their reports become stretches of a few seconds. Of a
/// leg that lasts, neighbours are made one, so that no leg takes more than `stretches_max`.
class QualityTrace {
public:
    static constexpr std::size_t stretches_max = 120;

    /// The stretch since the report before.
    Heard::Stretch handle_report(std::uint64_t leg, const rtp::StreamReport& report, TimePoint now);
    /// It is over, and that was its last report: how it was.
    Heard take(std::uint64_t leg, const rtp::StreamReport& last, const rtp::Quality& quality);
    [[nodiscard]] std::size_t size() const { return legs_.size(); }
    /// Of all legs there have been.
    [[nodiscard]] std::uint64_t packets() const { return packets_; }
    [[nodiscard]] std::uint64_t lost() const { return lost_; }

private:
    struct Leg {
        TimePoint since; ///< Its first report.
        std::uint64_t packets = 0, lost = 0;
        std::vector<Heard::Stretch> course;
    };
    std::map<std::uint64_t, Leg> legs_;
    std::uint64_t packets_ = 0, lost_ = 0;
};

/// As it is shown; empty: it is not known.
std::string text_of(const SocketAddress& address);

} // namespace lyceum::records
