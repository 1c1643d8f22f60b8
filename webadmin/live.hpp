// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/strong_id.hpp"
#include "webadmin/json.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lyceum::webadmin {

struct WatcherTag;
using WatcherId = StrongId<WatcherTag>;

/// What goes on now: a mirror of the rooms in session, and what changes in it as a stream of
/// numbered events. Who watches gets a snapshot and then the changes; who comes back soon after a
/// break gets what he has missed. Holds no more than the last `events_max` changes.
///
/// An event is a JSON object with "seq", "type" and what has changed:
///   snapshot     epoch, conferences (each with its participants), counters
///   conference   room, conference: it began or is locked, opened, …
///   participant  room, participant: came or changed
///   left         room, participant: the id
///   ended        room
/// Levels, quality and counters have no number, since the next ones replace them.
class Live {
public:
    static constexpr std::size_t events_max = 10'000;

    struct Room {
        Object shown;                                 ///< Without the participants.
        std::map<std::uint64_t, Object> participants; ///< By leg: in the order in which they came.
        std::map<std::uint64_t, Object> quality{};    ///< How they are heard, as said last.

        bool operator==(const Room&) const = default;
    };
    using Rooms = std::map<std::string, Room, std::less<>>;
    /// What a watcher may see.
    using MaySee = std::function<bool(const std::string& room)>;

    /// Of what the server was when it started: numbers of another epoch mean nothing.
    explicit Live(std::string epoch) : epoch_(std::move(epoch)) {}

    /// None: it has ended.
    void set_room(const std::string& name, std::optional<Room> room);
    /// How loud who speaks there is, in dBov; empty: nobody does.
    void set_levels(const std::string& name,
                    const std::vector<std::pair<std::uint64_t, int>>& levels);
    /// How everybody there is heard.
    void set_quality(const std::string& name, std::map<std::uint64_t, Object> quality);
    void set_counters(const std::map<std::string, std::int64_t>& counters);

    /// From the event after this one on, if it is known; else from a snapshot.
    void attach(WatcherId watcher, MaySee may_see, std::string_view epoch,
                std::optional<std::uint64_t> after);
    void detach(WatcherId watcher) { watchers_.erase(watcher); }

    struct Output {
        WatcherId to;
        std::string text;
    };
    std::optional<Output> poll();

    [[nodiscard]] const Rooms& rooms() const { return rooms_; }
    [[nodiscard]] std::size_t watcher_count() const { return watchers_.size(); }
    /// Its fields, and its participants in a list, each with its quality.
    static Object whole(const Room& room);

private:
    struct Event {
        std::uint64_t number;
        std::string room, text;
    };

    void put(Object event, const std::string& room);
    void show(const std::string& room, const std::string& text);

    std::string epoch_;
    Rooms rooms_;
    Object counters_;
    std::uint64_t last_ = 0;
    std::deque<Event> events_;
    std::map<WatcherId, MaySee> watchers_;
    std::deque<Output> outputs_;
};

} // namespace lyceum::webadmin
