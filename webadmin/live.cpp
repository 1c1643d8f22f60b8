// SPDX-License-Identifier: Apache-2.0
#include "webadmin/live.hpp"

namespace lyceum::webadmin {

Object Live::whole(const Room& room) {
    auto out = room.shown;
    json::array participants;
    for (const auto& [id, participant] : room.participants) {
        auto& each = participants.emplace_back(participant).as_object();
        const auto quality = room.quality.find(id);
        each["quality"] = quality == room.quality.end() ? Object() : quality->second;
    }
    out["participants"] = std::move(participants);
    return out;
}

void Live::set_room(const std::string& name, std::optional<Room> room) {
    const auto known = rooms_.find(name);
    if (!room) {
        if (known == rooms_.end()) return;
        rooms_.erase(known);
        return put({{"type", "ended"}, {"room", name}}, name);
    }
    auto& before = known == rooms_.end() ? rooms_[name] : known->second;
    if (before.shown != room->shown)
        put({{"type", "conference"}, {"room", name}, {"conference", room->shown}}, name);
    for (const auto& [id, participant] : before.participants)
        if (!room->participants.contains(id))
            put({{"type", "left"}, {"room", name}, {"participant", std::to_string(id)}}, name);
    for (const auto& [id, participant] : room->participants) {
        const auto was = before.participants.find(id);
        if (was != before.participants.end() && was->second == participant) continue;
        put({{"type", "participant"}, {"room", name}, {"participant", participant}}, name);
    }
    room->quality = std::move(before.quality);
    before = std::move(*room);
    std::erase_if(before.quality,
                  [&](const auto& each) { return !before.participants.contains(each.first); });
}

void Live::set_quality(const std::string& name, std::map<std::uint64_t, Object> quality) {
    const auto room = rooms_.find(name);
    if (room == rooms_.end()) return;
    Object shown;
    for (const auto& [id, each] : quality)
        if (room->second.participants.contains(id)) shown[std::to_string(id)] = each;
    room->second.quality = std::move(quality);
    if (watchers_.empty()) return;
    const Object event{{"type", "quality"}, {"room", name}, {"quality", std::move(shown)}};
    show(name, json::serialize(event));
}

void Live::set_levels(const std::string& name,
                      const std::vector<std::pair<std::uint64_t, int>>& levels) {
    if (watchers_.empty() || !rooms_.contains(name)) return;
    Object loud;
    for (const auto& [id, level] : levels) loud[std::to_string(id)] = level;
    const Object event{{"type", "levels"}, {"room", name}, {"levels", std::move(loud)}};
    show(name, json::serialize(event));
}

void Live::set_counters(const std::map<std::string, std::int64_t>& counters) {
    Object now;
    for (const auto& [name, value] : counters) now[name] = value;
    if (now == counters_) return;
    counters_ = std::move(now);
    if (watchers_.empty()) return;
    show({}, json::serialize(Object{{"type", "counters"}, {"counters", counters_}}));
}

void Live::put(Object event, const std::string& room) {
    event["seq"] = ++last_;
    events_.push_back({last_, room, json::serialize(event)});
    if (events_.size() > events_max) events_.pop_front();
    show(room, events_.back().text);
}

void Live::show(const std::string& room, const std::string& text) {
    for (const auto& [watcher, may_see] : watchers_)
        if (room.empty() || may_see(room)) outputs_.push_back({watcher, text});
}

void Live::attach(WatcherId watcher, MaySee may_see, std::string_view epoch,
                  std::optional<std::uint64_t> after) {
    const auto first = events_.empty() ? last_ + 1 : events_.front().number;
    if (epoch == epoch_ && after && *after <= last_ && *after + 1 >= first) {
        for (const auto& event : events_)
            if (event.number > *after && may_see(event.room))
                outputs_.push_back({watcher, event.text});
    } else {
        json::array conferences;
        for (const auto& [name, room] : rooms_)
            if (may_see(name)) conferences.push_back(whole(room));
        outputs_.push_back({watcher, json::serialize(Object{{"type", "snapshot"},
                                                            {"seq", last_},
                                                            {"epoch", epoch_},
                                                            {"conferences", std::move(conferences)},
                                                            {"counters", counters_}})});
    }
    watchers_[watcher] = std::move(may_see);
}

std::optional<Live::Output> Live::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto out = std::move(outputs_.front());
    outputs_.pop_front();
    return out;
}

} // namespace lyceum::webadmin
