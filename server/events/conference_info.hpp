// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "presence/xml.hpp"
#include "server/focus/roster.hpp"
#include "sip/event/package.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::events {

inline constexpr std::string_view conference_info_type = "application/conference-info+xml";

/// The package `conference` (RFC 4575): who is in a room, what he is there and whether he is heard.
/// A watcher is told all of it, a body's worth at a time, and from then on who has changed, come or
/// gone. Who may not see what goes on in the room (see PresenceAgent), and is not in it himself, is
/// told how many there are and no more.
///
/// Each change of a user has a number; what a watcher has not been told is all behind the number
/// that he knows. So watchers who know the same share a body, and who was told nothing yet reads
/// the same list from its beginning.
class ConferenceInfo final : public sip::EventSource {
public:
    /// A body has the users that fit into so many octets, and one more; the others follow.
    static constexpr std::size_t users_bytes_max = 24 * 1024;
    /// So many who have left are remembered; who has missed more is told all anew.
    static constexpr std::size_t departed_max = 2'000;
    /// A room that fills tells its watchers once in this time (RFC 4575 §3.7).
    static constexpr Duration spacing = std::chrono::seconds(1);

    struct Room {
        std::vector<focus::Participant> roster; ///< Empty: it is not in session.
        bool locked = false;
    };
    using Roster = std::function<Room(std::string_view room)>;
    /// Whether this member may see who is in this room.
    using MaySee = std::function<bool(std::string_view room, std::string_view watcher)>;
    using UriOf = std::function<std::string(std::string_view room)>;

    ConferenceInfo(Roster roster, MaySee may_see, UriOf uri_of, WallTime wall_at_zero)
        : roster_(std::move(roster)), may_see_(std::move(may_see)), uri_of_(std::move(uri_of)),
          wall_at_zero_(wall_at_zero) {}

    /// All there is, or as much as fits: for a look at many rooms at once.
    sip::EventState state(std::string_view resource, std::string_view watcher,
                          std::string_view type) override;
    std::unique_ptr<sip::EventView> follow(std::string_view resource, std::string_view watcher,
                                           std::string_view type) override;
    void forget(std::string_view room) override;

private:
    class View;
    using Number = std::uint64_t; ///< Of a change; 0: before the first.
    struct User {
        std::vector<focus::Participant> legs;
        Number changed = 0;
    };
    struct Change { ///< The newest of a user, there or gone.
        presence::xml::Element user;
        std::size_t bytes = 0;
        bool gone = false;
    };
    struct Body {
        sip::EventState state;
        Number to = 0; ///< Who gets this one knows all up to here.
        bool more = false;
    };
    struct Known { ///< Of one room.
        bool stale = true;
        bool locked = false;
        std::size_t count = 0;
        Number last = 0, state_changed = 0;
        Number lost = 0; ///< Up to here, it is not remembered who has left.
        std::map<std::string, User, std::less<>> users;
        std::map<Number, Change> changes;
        std::deque<Number> departed;
        std::map<Number, Body> bodies; ///< By what their readers knew; since the last change.
        Body count_all, count_part;    ///< For who may not see more.
    };

    Known& look_at(const std::string& room, Known& known) const;
    void compare(Known& known, const Room& now) const;
    const Body& body(const std::string& room, Known& known, Number from) const;
    const Body& count(const std::string& room, Known& known, bool all) const;
    [[nodiscard]] presence::xml::Element document(const std::string& room, const Known& known,
                                                  bool all) const;
    [[nodiscard]] presence::xml::Element user_of(const std::string& uri,
                                                 const std::vector<focus::Participant>& legs) const;
    std::shared_ptr<Known>& known_of(const std::string& room);

    Roster roster_;
    MaySee may_see_;
    UriOf uri_of_;
    WallTime wall_at_zero_;
    std::map<std::string, std::shared_ptr<Known>, std::less<>> rooms_; ///< That are watched.
};

} // namespace lyceum::events
