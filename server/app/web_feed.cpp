// SPDX-License-Identifier: Apache-2.0
#include "server/app/web_feed.hpp"

#include "base/text.hpp"
#include "server/net/clock.hpp"

#include <utility>

namespace lyceum::app {
namespace {

constexpr auto shown_after = 50ms; // To those who watch a room.
constexpr auto counters_shown_every = 1s;

std::int64_t number(auto count) { return static_cast<std::int64_t>(count); }

} // namespace

void WebFeed::show_soon(const std::string& room) {
    if (rooms_.empty()) {
        rooms_timer_.expires_after(shown_after);
        rooms_timer_.async_wait([this](boost::system::error_code error) {
            if (!error) show_rooms();
        });
    }
    rooms_.insert(room);
}

void WebFeed::show_rooms() {
    for (const auto& name : std::exchange(rooms_, {})) {
        const auto* room = focus_.conference(name);
        if (!room) web_.show_room(name, std::nullopt);
        else
            web_.show_room(name, web::RoomNow{room->room().name, room->is_locked(),
                                              room->is_lecture(), room->participants()});
    }
}

void WebFeed::show_levels(const std::vector<std::pair<mixer::LegId, int>>& heard) {
    std::map<std::string, std::vector<std::pair<std::uint64_t, int>>> by_room;
    for (const auto& [leg, level] : heard)
        if (auto room = focus_.room_with(leg); !room.empty())
            by_room[std::move(room)].emplace_back(leg.value, level);
    for (auto& [room, levels] : by_room) web_.show_levels(room, std::move(levels));
}

void WebFeed::handle_reports(const mixer::ConferenceMedia::Reports& reports) {
    ticks_ += reports.ticks;
    late_ticks_ += reports.late_ticks;
    const auto now = net::monotonic_now();
    std::map<std::string, std::vector<web::HeardNow>> by_room;
    for (const auto& [leg, report] : reports.legs) {
        auto stretch = quality_.handle_report(leg.value, report, now);
        if (auto room = focus_.room_with(leg); !room.empty())
            by_room[std::move(room)].push_back({leg.value, report, stretch});
    }
    for (auto& [room, heard] : by_room) web_.show_quality(room, std::move(heard));
}

void WebFeed::show_counters() {
    Counters counters{{"conferences", number(focus_.conference_count())},
                      {"participants", number(focus_.leg_count())},
                      {"media_ticks_total", number(ticks_)},
                      {"media_late_ticks_total", number(late_ticks_)},
                      {"media_packets_received_total", number(quality_.packets())},
                      {"media_packets_lost_total", number(quality_.lost())}};
    count_(counters);
    web_.show_counters(std::move(counters));
    counters_timer_.expires_after(counters_shown_every);
    counters_timer_.async_wait([this](boost::system::error_code error) {
        if (!error) show_counters();
    });
}

void count(const net::SipTransport& transport, WebFeed::Counters& into) {
    using sip::Transport;
    for (const auto each :
         {Transport::udp, Transport::tcp, Transport::tls, Transport::ws, Transport::wss}) {
        const auto label = "{transport=\"" + to_lower(sip::name_of(each)) + "\"}";
        const auto& counted = transport.counters(each);
        into["sip_received_total" + label] = number(counted.received);
        into["sip_sent_total" + label] = number(counted.sent);
        into["sip_unparsable_total" + label] = number(counted.unparsable);
        into["sip_send_failed_total" + label] = number(counted.send_failed);
        into["sip_refused_connections_total" + label] = number(counted.refused_connections);
    }
    into["sip_connections"] = number(transport.connection_count());
    into["sip_port"] = transport.port();
    into["sips_port"] = transport.tls_port();
}

} // namespace lyceum::app
