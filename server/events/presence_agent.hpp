// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "presence/presentities.hpp"
#include "presence/resource_list.hpp"
#include "presence/rules.hpp"
#include "presence/watcher_info.hpp"
#include "presence/xcap_documents.hpp"
#include "server/events/dialog_info.hpp"
#include "server/events/idleness.hpp"
#include "server/events/policy.hpp"
#include "server/events/registration_info.hpp"
#include "server/events/timetable.hpp"
#include "server/identity/identity.hpp"
#include "server/routing/router.hpp"
#include "sip/event/notifier.hpp"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lyceum::events {

/// The presence agent of our domains (RFC 3856 §3), and the notifier of the other packages that
/// members and rooms have: says who may subscribe to what, takes what devices publish, and adds
/// what the server knows by itself. Beside the user agent, whose transactions it shares.
///
///     SUBSCRIBE ──▶ who is it? whose name is that? may he? ──▶ sip::Notifier ──▶ NOTIFY
///     PUBLISH ────▶ is it his own? ──▶ presence::Publications ──▶ Presentities ──▶ Notifier
///
/// A group may be subscribed to by who is in it, and by administrators; a SUBSCRIBE may bring a
/// list of its own (RFC 5367).
///
/// Everybody here has to show his password. An owner's rules say what becomes of a watcher; without
/// any, the policy does. Packages that are not ours are for the devices.
class PresenceAgent final : private presence::Surroundings, private presence::ListContents {
public:
    struct Options {
        std::string server_name = "Lyceum";
        Policy policy = Policy::all;
        sip::Notifier::Options notifier{};
        presence::Publications::Options publications{};
        /// Whether a room has a role for this member.
        std::function<bool(std::string_view room, std::string_view member)> has_role =
            [](std::string_view, std::string_view) { return false; };
    };

    using Output = std::variant<sip::Notifier::Save, sip::Notifier::Forget,
                                presence::Publications::Save, sip::Locate>;

    PresenceAgent(Options options, sip::UserAgent& agent, const routing::Router& router,
                  identity::Identity& identity, routing::Router::Location location,
                  records::CallRecords& records, Calendar& calendar,
                  const sip::LocalAddresses& local, Entropy& entropy, Log& log);
    PresenceAgent(const PresenceAgent&) = delete; // Its parts know each other.
    PresenceAgent& operator=(const PresenceAgent&) = delete;

    /// At the start: a package that members may watch; and one of which only the owner sees
    /// anything.
    void add(sip::EventPackage package) { notifier_.add(std::move(package)); }
    void add_for_owners(sip::EventPackage package);
    /// What was on disk at the start.
    void restore(std::vector<sip::Subscription> subscriptions,
                 std::vector<presence::Publication> publications, TimePoint now);

    /// Takes what the user agent put out if it is about events of ours. False: it is not.
    bool handle_stranger(const sip::UserAgent::Output& shown, TimePoint now);
    /// A member is reached elsewhere than before.
    void handle_registration(std::string_view user, TimePoint now);
    /// The state of a package that was added has changed.
    void change(std::string_view package, std::string_view resource, TimePoint now);
    /// What this owner allows whom, in place of the policy; empty: the policy again. A document
    /// that is none changes nothing, and is logged.
    void set_rules(const std::string& owner, std::string_view document, TimePoint now);
    /// What he says of himself until he says otherwise (RFC 4827); empty: nothing.
    void set_hard_state(const std::string& owner, std::string_view document, TimePoint now);
    /// The lists that he has given URIs (RFC 4826 §4); for him alone.
    void set_services(const std::string& owner, std::vector<presence::xcap::Service> services,
                      TimePoint now);
    /// The router's groups are others now.
    void handle_groups(TimePoint now);
    /// What is set for members has changed.
    void handle_members(TimePoint now);
    /// What is on each week.
    void set_lessons(std::vector<Lesson> lessons, TimePoint now);
    [[nodiscard]] const Timetable& timetable() const { return timetable_; }
    /// These may be on the phone now, or not any more; or be rooms in session, or empty.
    void handle_talks(const std::set<std::string>& changed, TimePoint now);
    void handle_located(sip::LocateId id, std::vector<sip::Endpoint> targets, TimePoint now);
    void handle_saved(sip::Notifier::SaveId id, bool done, TimePoint now);
    void handle_saved(presence::Publications::SaveId id, bool done, TimePoint now);
    void handle_timeout(TimePoint now);

    /// Whether he may see what goes on there.
    [[nodiscard]] bool may_see(std::string_view resource, std::string_view watcher) const {
        return grant(resource, watcher).view.activities;
    }
    /// Whether one of his devices, or he without any, says that he is not to be disturbed.
    [[nodiscard]] bool wants_quiet(std::string_view member) const;
    [[nodiscard]] const sip::Notifier& notifier() const { return notifier_; }
    /// What there is to be seen of somebody, or of a room.
    [[nodiscard]] presence::Glance glance_at(std::string_view resource) {
        return presence::glance_at(publications_.of(resource), facts(resource));
    }
    [[nodiscard]] std::size_t publication_count() const { return publications_.size(); }

    std::optional<Output> poll();
    [[nodiscard]] std::optional<TimePoint> deadline() const {
        return earlier(
            earlier(notifier_.deadline(), publications_.deadline()),
            earlier(earlier(rules_change_.deadline(), lesson_change_), idle_.deadline()));
    }

private:
    presence::Facts facts(std::string_view resource) override;
    presence::View view(std::string_view resource, std::string_view watcher) override;
    std::string uri_of(std::string_view resource) override;
    std::vector<Item> items(const sip::Subscription& subscription) override;
    presence::Handling handling(std::string_view resource, std::string_view watcher) override;

    bool handle_subscribe(const sip::RequestReceived& received, TimePoint now);
    std::optional<sip::Refusal> refresh(const sip::RequestReceived& received, TimePoint now);
    std::optional<sip::Refusal> subscribe(const sip::RequestReceived& received, TimePoint now);
    std::optional<sip::Refusal> subscribe_to_list(const sip::RequestReceived& received,
                                                  std::string watcher, TimePoint now);
    void relist(std::string_view package, const std::string& resource, TimePoint now);
    [[nodiscard]] bool may_list(std::string_view group, std::string_view watcher);
    std::optional<sip::Refusal> publish(const sip::RequestReceived& received, TimePoint now);
    [[nodiscard]] bool may_act_for(std::string_view user, std::string_view resource);
    [[nodiscard]] bool may_take_calls(std::string_view resource, std::string_view watcher);
    void refuse(const sip::RequestReceived& received, const sip::Refusal& refusal, TimePoint now);
    [[nodiscard]] presence::Grant grant(std::string_view owner, std::string_view watcher) const;
    void review(const std::string& owner, TimePoint now);
    void look_at_everybody(TimePoint now);
    void look_at_timetable(TimePoint now);
    void note_input(std::string_view member, TimePoint now);
    void tell_watchers(std::string_view resource, TimePoint now);
    void drain(TimePoint now);
    void look_at_clock(TimePoint now) {
        now_ = now;
        wall_now_ = options_.notifier.wall_at_zero + now.time_since_epoch();
    }

    Options options_;
    sip::UserAgent& agent_;
    const routing::Router& router_;
    identity::Identity& identity_;
    routing::Router::Location location_;
    records::CallRecords& records_;
    Entropy& entropy_;
    Log& log_;
    sip::Notifier notifier_;
    std::set<std::string, std::less<>> for_owners_; ///< Packages.
    presence::Publications publications_;
    presence::Presentities presentities_;
    presence::ResourceLists lists_;
    presence::WatcherInfo watcher_info_;
    RegistrationInfo registration_info_;
    DialogInfo dialog_info_;
    std::map<std::string, presence::Rules, std::less<>> rules_; ///< By owner.
    struct OwnList {
        std::string owner;
        std::vector<std::string> members;

        bool operator==(const OwnList&) const = default;
    };
    std::map<std::string, OwnList, std::less<>> own_lists_; ///< By the name in their URI.
    DeadlineQueue<std::string> rules_change_; ///< When somebody's rules say something else.
    Timetable timetable_;
    std::optional<TimePoint> lesson_change_; ///< When one begins or ends.
    Idleness idle_;
    TimePoint now_{};
    WallTime wall_now_{}; ///< At the last input: for rules that hold for a time.
    std::deque<Output> outputs_;
};

static_assert(SansIoCore<PresenceAgent>);

} // namespace lyceum::events
