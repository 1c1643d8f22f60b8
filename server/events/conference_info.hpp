// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/focus/roster.hpp"
#include "sip/event/package.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::events {

inline constexpr std::string_view conference_info_type = "application/conference-info+xml";

/// The package `conference` (RFC 4575): who is in a room, what he is there and whether he is heard.
/// Always all of it. Who may not see what goes on in the room (see PresenceAgent), and is not in it
/// himself, is told how many there are and no more.
class ConferenceInfo final : public sip::EventSource {
public:
    /// Nobody sees more than so many of a room; how many there are is said all the same.
    static constexpr std::size_t shown_max = 200;
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

    sip::EventState state(std::string_view resource, std::string_view watcher,
                          std::string_view type) override;
    void forget(std::string_view room) override { rendered_.erase(std::string(room)); }

private:
    struct Rendered {
        sip::EventState all, count;
    };

    [[nodiscard]] sip::EventState render(std::string_view room, bool all) const;

    Roster roster_;
    MaySee may_see_;
    UriOf uri_of_;
    WallTime wall_at_zero_;
    std::map<std::string, Rendered> rendered_; ///< Since the last change.
};

} // namespace lyceum::events
