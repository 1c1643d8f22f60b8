// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/log.hpp"
#include "presence/composition.hpp"
#include "server/focus/action.hpp"
#include "server/focus/roster.hpp"
#include "server/records/heard.hpp"
#include "server/records/message_trace.hpp"
#include "server/web/tables.hpp"
#include "sip/event/notifier.hpp"
#include "webadmin/live.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::web {

/// A room in session, as a value on its way from the thread of the calls.
struct RoomNow {
    std::string name; ///< As it is configured.
    bool locked = false, lecture = false;
    std::vector<focus::Participant> participants;
};
/// How one of them is heard, on the same way.
struct HeardNow {
    std::uint64_t leg;
    rtp::StreamReport report;
    records::Heard::Stretch of_late;
};
Object shown(const HeardNow& heard);

/// As it is shown. The wall clock of a time is that at zero and the time.
webadmin::Live::Room shown_room(const RoomNow& room, WallTime wall_at_zero);

/// What the API asks for, by the names of the focus; none: there is no such action or participant.
Result<focus::Action, Problem> action_of(const webadmin::Deed& deed);
Problem problem_of(focus::Denial denial);

/// The server as the dashboard sees it. On the thread of the web.
class WebBackend final : public webadmin::Backend {
public:
    /// What is done where the calls are.
    struct Reach {
        std::function<void(std::string room, focus::Action action, focus::Actor by,
                           std::function<void(std::optional<focus::Denial>)> done)>
            act;
        std::function<std::vector<std::string>(const std::string& dialled)> explain;
        using Glances = std::vector<std::pair<std::string, presence::Glance>>;
        std::function<void(std::vector<std::string> names,
                           std::function<void(const Glances&)> done)>
            glance_at;
        using Seen = std::vector<records::MessageTrace::Seen>;
        std::function<void(std::string call_id, std::function<void(const Seen&)> done)> messages_of;
        using Told = std::optional<sip::Notifier::Told>;
        std::function<void(sip::SubscriptionId id, std::function<void(const Told&)> done)> told;
    };

    /// What telephones are told of us.
    struct Ways {
        std::string domain;
        bool md5 = true; ///< Whether passwords are asked for by it; else by SHA-256 alone.
    };

    WebBackend(Tables& tables, Ways ways, Entropy& entropy, const Clock& now, WallTime wall_at_zero,
               Log& log, Reach reach);

    const std::vector<Collection>& collections() override { return collections_; }
    std::string_view actions() override { return actions_; }
    void act(webadmin::Deed deed, Done done) override;
    bool leads(const std::string& member, const std::string& room) override;
    std::vector<std::string> explain(const std::string& dialled) override;
    std::optional<std::string> offer_setup(const std::string& user, WallTime until) override;
    std::optional<std::string> setup_for(const std::string& secret, const std::string& host,
                                         bool encrypted, WallTime now) override;
    const std::map<std::string, std::int64_t>& counters() override { return counters_; }
    void glance_at(std::vector<std::string> names, Glances done) override;
    void told(const std::string& subscription, Told done) override;
    void messages_of(const std::string& call, Messages done) override;
    void capture_of(const std::string& call, Capture done) override;
    void note(const webadmin::Note& note) override;

    void set_counters(std::map<std::string, std::int64_t> counters) {
        counters_ = std::move(counters);
    }

private:
    /// None: there is no such call.
    void find_messages(const std::string& call,
                       const std::function<void(std::optional<Reach::Seen>)>& done);

    Tables& tables_;
    Ways ways_;
    Entropy& entropy_;
    Log& log_;
    Reach reach_;
    WallTime wall_at_zero_;
    std::string actions_;
    std::vector<Collection> collections_;
    std::map<std::string, std::int64_t> counters_;
};

} // namespace lyceum::web
