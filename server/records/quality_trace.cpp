// SPDX-License-Identifier: Apache-2.0
#include "server/records/quality_trace.hpp"

#include <algorithm>
#include <cmath>

namespace lyceum::records {
namespace {

/// Each two neighbours become one.
void halve(std::vector<Heard::Stretch>& course) {
    for (std::size_t i = 0; i + 1 < course.size(); i += 2) {
        const auto &first = course[i], &second = course[i + 1];
        course[i / 2] = {second.second, first.packets + second.packets, first.lost + second.lost,
                         std::max(first.jitter_ms, second.jitter_ms),
                         std::max(first.level_db, second.level_db)};
    }
    course.resize(course.size() / 2);
}

} // namespace

std::string text_of(const SocketAddress& address) {
    return address.ip.is_unspecified() ? std::string() : address.to_string();
}

int Heard::Stretch::loss_permille() const {
    const auto all = packets + lost;
    return all == 0 ? 0 : static_cast<int>(lost * 1000 / all);
}

/// Counts may fall: a packet that was late is not lost any more, and a sender may start anew.
Heard::Stretch QualityTrace::handle_report(std::uint64_t id, const rtp::StreamReport& report,
                                           TimePoint now) {
    auto& leg = legs_.try_emplace(id, Leg{now}).first->second;
    const auto since = [](std::uint64_t count, std::uint64_t before) {
        return count > before ? count - before : 0;
    };
    const Heard::Stretch stretch{static_cast<int>((now - leg.since) / 1s),
                                 since(report.packets, leg.packets), since(report.lost, leg.lost),
                                 static_cast<int>(report.jitter / 1ms), report.peak_db};
    packets_ += stretch.packets;
    lost_ += stretch.lost;
    leg.packets = report.packets;
    leg.lost = report.lost;
    if (leg.course.size() == stretches_max) halve(leg.course);
    leg.course.push_back(stretch);
    return stretch;
}

Heard QualityTrace::take(std::uint64_t id, const rtp::StreamReport& last,
                         const rtp::Quality& quality) {
    auto leg = legs_.extract(id);
    return {static_cast<int>(std::lround(quality.mos * 10)),
            static_cast<int>(std::lround(quality.loss * 1000)),
            static_cast<int>(quality.jitter / 1ms),
            quality.level_db,
            last.packets,
            text_of(last.announced),
            text_of(last.source),
            std::string(last.codec),
            last.encrypted,
            leg ? std::move(leg.mapped().course) : std::vector<Heard::Stretch>()};
}

} // namespace lyceum::records
