// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/core.hpp"
#include "base/deadline_queue.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "sip/dialog/user_agent.hpp"
#include "sip/event/event_list.hpp"
#include "sip/event/package.hpp"
#include "sip/event/subscription.hpp"
#include "sip/message/writer.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace lyceum::sip {

/// The notifier of RFC 6665 §4.2, for every event package: all subscriptions, their dialogs, and
/// the NOTIFYs in them. Beside the user agent whose transactions it shares.
///
/// To each watcher there is one NOTIFY under way, and the newest state comes last: what changes
/// meanwhile is sent once, as it is then. Changes take turns, so that a resource with very many
/// watchers does not hold up the others. A SUBSCRIBE is answered 200 when the subscription is on
/// disk.
///
/// A subscription may be to a list of resources (RFC 4662). It is told of each of them that
/// changes, in one NOTIFY of all that have. A package may have its resources told in parts (RFC
/// 4575).
///
/// It does not know who a watcher is or what he may see: its owner says so, and a package's source
/// renders what he does see.
class Notifier {
public:
    struct Options {
        std::string server_name = "Lyceum";
        WallTime wall_at_zero{}; ///< What the wall clock says when the monotonic one says 0.
        Duration expires_min = std::chrono::seconds(60), expires_max = std::chrono::seconds(7200);
        std::size_t subscriptions_max = 200'000; ///< Beyond: 503 with Retry-After.
        std::size_t of_watcher_max = 2'000;      ///< Beyond: 403.
        std::size_t turn_max = 16;               ///< NOTIFYs, before others have their turn…
        std::size_t of_resource_max = 8;         ///< …and of one resource.
    };
    /// Why a subscription ends: the reason that its last NOTIFY says (§4.1.3).
    enum class Reason { deactivated, rejected, timeout, noresource };

    /// \name Outputs
    ///@{
    using SaveId = StrongId<struct SubscriptionSaveTag>;
    struct Save { ///< Put it on disk, in the place of what is there, and tell `handle_saved`.
        SaveId id;
        Subscription subscription;
    };
    struct Forget { ///< It is over.
        SubscriptionId subscription;
    };
    struct Watched { ///< Who watches this resource has changed.
        std::string package, resource;
    };
    ///@}
    using Output = std::variant<Save, Forget, Watched, Locate>;

    Notifier(Options options, UserAgent& agent, const LocalAddresses& local, Entropy& entropy,
             Log& log);

    /// At the start: what there is to subscribe to.
    void add(EventPackage package);
    void set_lists(EventLists& lists) { lists_ = &lists; }
    [[nodiscard]] const EventPackage* package(std::string_view name) const;
    /// "presence, dialog": for 489 (§4.2.1.1).
    [[nodiscard]] std::string package_names() const;

    /// What was on disk. Each watcher is told anew.
    void restore(std::vector<Subscription> subscriptions, TimePoint now);

    /// What somebody asks for who may, and that there is.
    struct Asked {
        std::string resource, watcher;
        bool pending = false;
        std::optional<std::vector<std::string>> list{}; ///< As in Subscription.
    };
    /// A SUBSCRIBE outside of any dialog. Its Event names one of the packages.
    void subscribe(const RequestReceived& received, Asked asked, TimePoint now);
    /// One inside of a dialog; `find` has found the subscription.
    void refresh(SubscriptionId id, const RequestReceived& received, TimePoint now);
    [[nodiscard]] const Subscription* find(const Message& subscribe) const;

    /// Takes what the user agent put out if it is about a NOTIFY of ours. False: it is not.
    bool handle_stranger(const UserAgent::Output& shown, TimePoint now);
    void handle_located(LocateId id, std::vector<Endpoint> targets, TimePoint now);
    void handle_saved(SaveId id, bool done, TimePoint now);
    void handle_timeout(TimePoint now);

    /// \name Commands
    ///@{
    /// The state has changed: whoever watches is told.
    void change(std::string_view package, std::string_view resource, TimePoint now);
    /// There is something else in this list.
    void relist(std::string_view package, std::string_view resource, TimePoint now);
    /// The owner has decided about a watcher who waits.
    void activate(SubscriptionId id, TimePoint now);
    void terminate(SubscriptionId id, Reason reason, TimePoint now);
    ///@}

    /// Of one resource; in the order in which they came.
    [[nodiscard]] std::vector<const Subscription*> watchers(std::string_view package,
                                                            std::string_view resource) const;
    /// All that somebody watches.
    [[nodiscard]] std::vector<std::string> watched(std::string_view package) const;
    /// What a watcher knows, for who looks into it. None: there is no such subscription.
    struct Told {
        std::string body; ///< Of what is told in parts: all of it, as it is now. Empty: nothing.
        TimePoint at;     ///< Of the last NOTIFY.
        bool newest;      ///< Nothing has changed since.
    };
    [[nodiscard]] std::optional<Told> told(SubscriptionId id) const;
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    /// How many NOTIFYs have been sent.
    [[nodiscard]] std::uint64_t notified() const { return notified_; }

    std::optional<Output> poll();
    [[nodiscard]] std::optional<TimePoint> deadline() const {
        return ring_.empty() ? deadlines_.deadline() : std::optional(TimePoint{});
    }

private:
    struct Group;
    struct Entry {
        Subscription subscription;
        Group* group;
        TimePoint expires{};
        TimePoint not_before{}; ///< By its spacing, or because the watcher asked for a rest.
        TimePoint told{};       ///< When the last NOTIFY went out.
        bool saved = false;     ///< It is on disk, and has been answered.
        bool changed = false;   ///< The newest state has not been sent…
        bool due = false;       ///< …and it is its turn, soon.
        bool in_flight = false; ///< A NOTIFY waits for its answer.
        EventState last{};      ///< What it said.
        std::unique_ptr<EventView> view{}; ///< Of a list, or of what is told in parts.
        std::vector<Group*> listed{};      ///< Those of the resources in the list.
        bool told_all = false;             ///< Of its view, since it was opened.
    };
    struct Group { ///< Who watches one resource, by itself or in a list.
        const EventPackage* package;
        std::string resource;
        std::vector<SubscriptionId> watchers;
        std::deque<SubscriptionId> due; ///< Of these, who is to be told.
        bool in_ring = false;
    };
    struct Waiting { ///< For the subscription to be on disk.
        SubscriptionId subscription;
        TransactionId transaction;
        Message response;
        bool fresh, quiet; ///< Quiet: nobody is told (RFC 5839 §5.3.2).
    };
    struct Travelling {
        SubscriptionId subscription;
        Message notify;
    };
    struct Terms { ///< What a SUBSCRIBE asks for.
        Duration lifetime;
        std::string type;
        Duration spacing, at_least;
    };
    enum class After { goes_on, over };

    Result<Terms, Refusal> terms_of(const Message& request, const EventPackage& package) const;
    void open_view(Entry& entry);
    void leave(Group* group, SubscriptionId id);
    Group& group_of(const EventPackage& package, std::string_view resource);
    Entry& enter(Subscription subscription, const EventPackage& package);
    [[nodiscard]] Message accept(const Message& request, const Entry& entry, int status,
                                 TimePoint now) const;
    void refuse(const RequestReceived& received, const Refusal& refusal, TimePoint now);
    [[nodiscard]] bool has_seen(const Message& request, const Entry& entry) const;
    void save(const Entry& entry, Waiting waiting);
    void mark(Entry& entry, TimePoint now);
    void tell(Entry& entry, std::string_view substate, TimePoint now);
    void tell_view(Entry& entry, std::string_view substate, TimePoint now);
    MessageWriter notify(Entry& entry, std::string_view substate, std::size_t body_bytes);
    void send(Entry& entry, Message notify, TimePoint now);
    void handle_response(SubscriptionId id, const Message& response, TimePoint now);
    void end(SubscriptionId id, std::string_view why);
    void arm(const Entry& entry);
    void take_turn(TimePoint now);
    [[nodiscard]] std::string substate(const Entry& entry, TimePoint now) const;
    [[nodiscard]] WallTime wall(TimePoint now) const {
        return options_.wall_at_zero + now.time_since_epoch();
    }

    Options options_;
    UserAgent& agent_;
    const LocalAddresses& local_;
    Entropy& entropy_;
    Log& log_;
    std::deque<EventPackage> packages_;
    EventLists* lists_ = nullptr;
    std::map<std::pair<std::string, std::string>, Group> groups_;
    std::unordered_map<SubscriptionId, Entry> entries_;
    std::uint64_t notified_ = 0;
    std::unordered_map<std::string, std::size_t> of_watcher_;
    boost::unordered_flat_map<TransactionId, SubscriptionId, std::hash<TransactionId>> sent_;
    std::map<SaveId, Waiting> waiting_;
    std::map<LocateId, Travelling> travelling_;
    std::deque<Group*> ring_; ///< With somebody who is due.
    DeadlineQueue<SubscriptionId> deadlines_;
    std::uint64_t last_id_ = 0, last_save_ = 0, last_locate_ = 0;
    std::deque<Output> outputs_;
};

static_assert(SansIoCore<Notifier>);

} // namespace lyceum::sip
