// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/core.hpp"
#include "base/deadline_queue.hpp"
#include "base/strong_id.hpp"
#include "server/records/heard.hpp"
#include "sip/message/message.hpp"
#include "sip/transaction/endpoint.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace lyceum::records {

using RecordId = StrongId<struct RecordTag>;

/// One call that is over: who called whom, when, and why it ended.
struct CallRecord {
    std::string call_id;        ///< Of the caller's dialog, to be found in a trace.
    std::string caller, callee; ///< URIs: From, and what was dialled.
    std::string way;            ///< "room", "member", "trunk provider", "outward".
    WallTime started{};
    std::optional<WallTime> answered{};
    WallTime ended{};
    int status = 0; ///< The final response.
    std::string why;
    std::optional<Heard> heard{};
};

/// Keeps the calls that go on, and puts each out as a record once it is over. It makes no calls and
/// ends none: who does tells it. What an outsider began and nobody here was meant by is no call.
///
/// Calls of members pass the proxy, which keeps nothing of them; so it is by their BYE that an end
/// is noticed. One that nobody ends is put out as "lost" after `lasts_max`.
///
/// So it knows who is on the phone and which rooms are in session.
class CallRecords {
public:
    struct Options {
        WallTime wall_at_zero{};        ///< What the wall clock says when the monotonic one says 0.
        std::size_t open_max = 100'000; ///< Beyond, new ones are not recorded.
        Duration lasts_max = 12h;
        Duration quality_within = 2s; ///< After the end of a leg, what was heard of it is told.
        /// Which member calls, by this From and from there; empty: none that can be told.
        std::function<std::string(std::string_view from, const sip::Endpoint&)> whose{};
    };
    /// A call that goes on, as one of the two members in it sees it.
    struct Talk {
        RecordId id;
        bool initiator;
        bool confirmed;   ///< It has been answered.
        std::string room; ///< Or empty.
        /// The dialog, seen from his end, and the URI at the other; of a call that rings at several
        /// of his devices, the one that spoke last. A tag is empty as long as it is not known.
        std::string call_id{}, own_tag{}, other_tag{}, other{};
    };

    explicit CallRecords(Options options) : options_(options) {}

    /// None: too many go on.
    RecordId begin(const sip::Message& invite, const sip::Endpoint& from, std::string way,
                   TimePoint now);
    /// \name For a call that goes on; for none, and for one that is over, they do nothing.
    ///@{
    void set_way(RecordId id, std::string way);
    void set_room(RecordId id, std::string room);
    /// The caller is a host of the room.
    void set_host(RecordId id);
    /// A device of this member is called; and rings, in the dialog that has this tag.
    void ring(RecordId id, const std::string& member, std::string_view tag = {});
    /// By us, with this tag.
    void answer(RecordId id, TimePoint now, std::string_view tag = {});
    /// By this response of the called, a device of this member if it is not empty: a BYE between
    /// the two ends it.
    void answer(RecordId id, const sip::Message& success, const std::string& member, TimePoint now);
    void end(RecordId id, int status, std::string why, TimePoint now);
    /// The end of a leg of ours, of which there will be `handle_heard`.
    void end_leg(RecordId id, std::uint64_t leg, std::string why, TimePoint now);
    void discard(RecordId id);
    ///@}
    void handle_bye(const sip::Message& bye, TimePoint now);
    void handle_heard(std::uint64_t leg, Heard heard);
    void handle_timeout(TimePoint now);
    /// The server stops: what still goes on ends here.
    void end_all(TimePoint now);

    std::optional<CallRecord> poll();
    [[nodiscard]] std::optional<TimePoint> deadline() const { return deadlines_.deadline(); }
    [[nodiscard]] std::size_t open_count() const { return open_.size(); }

    /// What the member is in now, in the order in which it began.
    [[nodiscard]] std::vector<Talk> talks(std::string_view member) const;
    /// Participants of a room.
    [[nodiscard]] std::size_t in_room(std::string_view room) const;
    /// Whether one of them is a host.
    [[nodiscard]] bool has_host(std::string_view room) const;
    /// Those of them who are members, and have been answered.
    [[nodiscard]] std::set<std::string, std::less<>> members_in(std::string_view room) const;
    /// The members and rooms for whom this is another answer than when this was asked last.
    [[nodiscard]] std::set<std::string> take_changed() { return std::exchange(changed_, {}); }

private:
    struct Open {
        CallRecord record;
        std::string caller_tag, dialog;   ///< The dialog only of a call that a BYE is to end.
        std::string callee_tag;           ///< Of who has answered.
        std::optional<std::uint64_t> leg; ///< Over, and waits to hear how it was.
        std::string room, initiator;
        bool host = false;   ///< Of the room.
        bool hidden = false; ///< Who calls is nobody to who is called (RFC 3323).
        /// Whose devices ring, or whose has answered, and their tags.
        std::map<std::string, std::string> called;
    };
    /// Of those who are in the room now.
    [[nodiscard]] std::vector<const Open*> legs_of(std::string_view room) const;
    void put_out(RecordId id);
    void tell(const Open& open);
    void forget_talk(const std::string& name, RecordId id);
    void leave(RecordId id, Open& open);
    [[nodiscard]] WallTime wall(TimePoint now) const {
        return options_.wall_at_zero + now.time_since_epoch();
    }

    Options options_;
    std::uint64_t last_id_ = 0;
    std::unordered_map<RecordId, Open> open_;
    std::unordered_map<std::string, RecordId> dialogs_;
    std::unordered_map<std::uint64_t, RecordId> legs_;
    DeadlineQueue<RecordId> deadlines_;
    std::map<std::string, std::set<RecordId>, std::less<>> talking_; ///< By member or room.
    std::set<std::string> changed_;
    std::deque<CallRecord> outputs_;
};

static_assert(SansIoCore<CallRecords>);

} // namespace lyceum::records
