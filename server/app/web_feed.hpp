// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/database_thread.hpp"
#include "server/app/web_service.hpp"
#include "server/focus/focus.hpp"
#include "server/net/media_plane.hpp"
#include "server/net/sip_transport.hpp"
#include "server/records/quality_trace.hpp"

#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace lyceum::app {

/// What goes on where the calls are, told to the web: rooms, levels, quality, counters. On the
/// thread of the calls.
class WebFeed {
public:
    using Counters = std::map<std::string, std::int64_t>;
    /// What is counted elsewhere, each second anew.
    using Count = std::function<void(Counters&)>;

    WebFeed(boost::asio::io_context& io, const focus::Focus& focus, records::QualityTrace& quality,
            WebService& web, Count count)
        : focus_(focus), quality_(quality), web_(web), count_(std::move(count)), rooms_timer_(io),
          counters_timer_(io) {}

    void start() { show_counters(); }
    /// What changes in a room together is shown together, a moment later.
    void show_soon(const std::string& room);
    void show_levels(const std::vector<std::pair<mixer::LegId, int>>& heard);
    void handle_reports(const mixer::ConferenceMedia::Reports& reports);

private:
    void show_rooms();
    void show_counters();

    const focus::Focus& focus_;
    records::QualityTrace& quality_;
    WebService& web_;
    Count count_;
    std::uint64_t ticks_ = 0, late_ticks_ = 0; ///< Of all conferences there have been.
    boost::asio::steady_timer rooms_timer_, counters_timer_;
    std::set<std::string> rooms_;
};

/// What the sockets have done, by transport.
void count(const net::SipTransport& transport, WebFeed::Counters& into);

} // namespace lyceum::app
