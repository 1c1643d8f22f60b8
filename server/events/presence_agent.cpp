// SPDX-License-Identifier: Apache-2.0
#include "server/events/presence_agent.hpp"

#include "base/text.hpp"
#include "server/routing/preferences.hpp"
#include "sip/message/values.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace lyceum::events {

using sip::Header;
using sip::Method;
using sip::Refusal;

namespace {

constexpr std::string_view event_list = "eventlist", brought_list = "recipient-list-subscribe";
constexpr std::array<std::string_view, 2> extensions{event_list, brought_list};
/// What is told of devices (RFC 5196, in its order), and the features that say it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> capabilities{
    {{"audio", ";audio"},
     {"message", ";methods=\"MESSAGE\""},
     {"text", ";text"},
     {"video", ";video"}}};
constexpr std::string_view list_prefix = "list:"; // Of a resource: no name has a colon.
constexpr std::array<std::string_view, 2> packages_with_rules{"presence", "dialog"};

} // namespace

PresenceAgent::PresenceAgent(Options options, sip::UserAgent& agent, const routing::Router& router,
                             identity::Identity& identity, routing::Router::Location location,
                             records::CallRecords& records, Calendar& calendar,
                             const sip::LocalAddresses& local, Entropy& entropy, Log& log)
    : options_(std::move(options)), agent_(agent), router_(router), identity_(identity),
      location_(location), records_(records), entropy_(entropy), log_(log),
      notifier_(options_.notifier, agent, local, entropy, log),
      publications_(options_.publications, entropy, log), presentities_(publications_, *this),
      lists_(*this, entropy), watcher_info_(notifier_, *this, *this),
      registration_info_(router, std::move(location)),
      dialog_info_(
          records, *this,
          [this](auto resource, auto watcher) { return may_take_calls(resource, watcher); }),
      timetable_(calendar) {
    notifier_.set_lists(lists_);
    notifier_.add({"presence", {std::string(presence::pidf_type)}, &presentities_});
    add_for_owners({"presence.winfo", {std::string(presence::watcher_info_type)}, &watcher_info_});
    notifier_.add({"dialog", {std::string(dialog_info_type)}, &dialog_info_});
    add_for_owners({"reg", {std::string(registration_info_type)}, &registration_info_});
}

void PresenceAgent::add_for_owners(sip::EventPackage package) {
    for_owners_.insert(package.name);
    notifier_.add(std::move(package));
}

void PresenceAgent::restore(std::vector<sip::Subscription> subscriptions,
                            std::vector<presence::Publication> publications, TimePoint now) {
    publications_.restore(std::move(publications), now);
    notifier_.restore(std::move(subscriptions), now);
    drain(now);
}

// ── Requests ─────────────────────────────────────────────────────────────────────────────────────

bool PresenceAgent::handle_stranger(const sip::UserAgent::Output& shown, TimePoint now) {
    look_at_clock(now);
    if (notifier_.handle_stranger(shown, now)) {
        drain(now);
        return true;
    }
    const auto* received = std::get_if<sip::RequestReceived>(&shown);
    if (!received) return false;
    const auto method = received->request.method();
    if (method == Method::subscribe) return handle_subscribe(*received, now);
    if (method != Method::publish) return false;
    if (const auto refusal = publish(*received, now)) refuse(*received, *refusal, now);
    drain(now);
    return true;
}

bool PresenceAgent::handle_subscribe(const sip::RequestReceived& received, TimePoint now) {
    const auto& request = received.request;
    const auto event = sip::EventName::parse(request.header(Header::event).value_or(""));
    if (!event || !notifier_.package(event->package)) return false;
    const bool inside = !sip::tag_of(request, Header::to).empty();
    if (inside ? router_.passes_by(request) : !router_.is_ours(request)) return false;
    if (inside && request.has(Header::route) && !notifier_.find(request)) return false;
    const auto refusal = inside ? refresh(received, now) : subscribe(received, now);
    if (refusal) refuse(received, *refusal, now);
    drain(now);
    return true;
}

std::optional<Refusal> PresenceAgent::refresh(const sip::RequestReceived& received, TimePoint now) {
    const auto& request = received.request;
    const auto* known = notifier_.find(request);
    if (!known) return Refusal{481};
    const auto sender = identity_.sender(request, received.from, router_.domains(), now);
    if (!sender) return sender.error();
    if (*sender != known->watcher) return Refusal{403, "Subscription Is Another's"};
    notifier_.refresh(known->id, received, now);
    return std::nullopt;
}

std::optional<Refusal> PresenceAgent::subscribe(const sip::RequestReceived& received,
                                                TimePoint now) {
    const auto& request = received.request;
    auto sender = identity_.sender(request, received.from, router_.domains(), now);
    if (!sender) return sender.error();
    if (auto refusal = Refusal::of_extensions(request, extensions)) return refusal;
    const auto named = router_.named(request.request_uri());
    if (!named || request.lists(Header::require, brought_list))
        return subscribe_to_list(received, std::move(*sender), now);
    const auto package = sip::EventName::parse(*request.header(Header::event))->package;
    if (for_owners_.contains(package) && !may_act_for(*sender, named->name))
        return Refusal{403, "For the Owner Alone"};
    const auto granted = grant(named->name, *sender);
    if (granted.handling == presence::Handling::block) return Refusal{403, "Not Allowed"};
    const bool pending = granted.handling == presence::Handling::confirm;
    notifier_.subscribe(received, {named->name, std::move(*sender), pending}, now);
    return std::nullopt;
}

/// One that it brings, or a group of ours.
std::optional<Refusal> PresenceAgent::subscribe_to_list(const sip::RequestReceived& received,
                                                        std::string watcher, TimePoint now) {
    const auto& request = received.request;
    const auto package = sip::EventName::parse(*request.header(Header::event))->package;
    sip::Notifier::Asked asked{std::string(list_prefix), std::move(watcher)};
    if (request.lists(Header::require, brought_list)) {
        const auto body = sip::find_body(request, "application", "resource-lists+xml");
        if (!body)
            return Refusal{415, {}, {{Header::accept, std::string(presence::resource_lists_type)}}};
        auto uris = presence::uris_listed(*body);
        if (!uris) return Refusal{400, "Bad List: " + uris.error().what};
        if (uris->empty()) return Refusal{400, "Empty List"};
        asked.list = std::move(*uris);
    } else {
        const auto group = sip::Uri::parse(request.request_uri())->user_name();
        if (!router_.groups().members(group) && !own_lists_.contains(group)) return Refusal{404};
        if (!may_list(group, asked.watcher)) return Refusal{403, "For Those in the Group"};
        asked.resource += group;
        asked.list.emplace();
    }
    if (for_owners_.contains(package)) return Refusal{403, "For the Owner Alone"};
    // Without it, he would not understand what he is told (RFC 4662 §4.3).
    if (!request.lists(Header::supported, event_list) &&
        !request.lists(Header::require, event_list))
        return Refusal{421, {}, {{Header::require, std::string(event_list)}}};
    notifier_.subscribe(received, std::move(asked), now);
    return std::nullopt;
}

bool PresenceAgent::may_list(std::string_view group, std::string_view watcher) {
    const auto* members = router_.groups().members(group);
    if (members) return members->contains(watcher) || identity_.is_administrator(watcher);
    const auto own = own_lists_.find(group);
    return own != own_lists_.end() && own->second.owner == watcher;
}

std::optional<Refusal> PresenceAgent::publish(const sip::RequestReceived& received, TimePoint now) {
    const auto& request = received.request;
    const auto event = sip::EventName::parse(request.header(Header::event).value_or(""));
    if (!event || event->package != "presence")
        return Refusal{489, {}, {{Header::allow_events, "presence"}}};
    const auto sender = identity_.sender(request, received.from, router_.domains(), now);
    if (!sender) return sender.error();
    const auto named = router_.named(request.request_uri());
    if (!named || named->is_room) return Refusal{404};
    if (!may_act_for(*sender, named->name)) return Refusal{403, "Members Publish Their Own State"};
    note_input(named->name, now);
    publications_.handle_publish(received, named->name, now);
    return std::nullopt;
}

bool PresenceAgent::may_act_for(std::string_view user, std::string_view resource) {
    return user == resource || identity_.is_administrator(user);
}

/// Those of a group answer for each other; what is parked in a room is for who has a role there.
bool PresenceAgent::may_take_calls(std::string_view resource, std::string_view watcher) {
    if (may_act_for(watcher, resource) || router_.groups().share(resource, watcher)) return true;
    const auto named = router_.named(router_.uri_of(resource));
    return named && named->is_room && options_.has_role(resource, watcher);
}

void PresenceAgent::refuse(const sip::RequestReceived& received, const Refusal& refusal,
                           TimePoint now) {
    if (refusal.status != 401)
        log_.info("event.refused", {{"method", received.request.method_name()},
                                    {"status", refusal.status},
                                    {"why", refusal.reason}});
    const auto tag = entropy_.hex(8);
    agent_.respond(received.transaction, refusal.reply(received.request, options_.server_name, tag),
                   now);
}

// ── What is known ────────────────────────────────────────────────────────────────────────────────

/// A member is there with his devices, a room when somebody is in it.
presence::Facts PresenceAgent::facts(std::string_view resource) {
    presence::Facts out;
    const bool in_session = records_.in_room(resource) > 0;
    const auto& devices = location_(resource);
    out.reachable = in_session || !devices.empty();
    // A room is spoken in; a member can what one of his devices can (RFC 3840 §10).
    if (in_session) out.capabilities = {"audio", "isfocus"};
    for (const auto& capability : capabilities)
        if (std::any_of(devices.begin(), devices.end(), [&](const registrar::Binding& each) {
                return routing::matches(capability.second, each.features, true);
            }))
            out.capabilities.emplace_back(capability.first);
    // Who waits for the teacher watches the room.
    if (in_session)
        out.notes.emplace_back(records_.has_host(resource) ? "in session, with the host"
                                                           : "in session");
    const auto add = [&out](const char* activity) {
        auto& known = out.activities;
        if (std::find(known.begin(), known.end(), activity) == known.end())
            known.push_back(activity);
    };
    for (const auto& talk : records_.talks(resource)) {
        if (!talk.confirmed || talk.room == resource) continue;
        add(talk.room.empty() ? "on-the-phone" : "meeting");
        if (!talk.room.empty()) out.notes.push_back("in " + talk.room);
    }
    if (router_.do_not_disturb(resource)) {
        add("busy");
        out.notes.emplace_back("do not disturb");
    }
    if (const auto since = idle_.since(resource, now_);
        since && out.activities.empty() && out.reachable && !in_session)
        out.idle_since = options_.notifier.wall_at_zero + since->time_since_epoch();
    for (const auto& [lesson, from, until] :
         timetable_.rest_of_day(resource, router_.groups(), wall_now_)) {
        if (from > wall_now_) {
            out.coming.push_back({from, until, lesson->title});
            continue;
        }
        const bool own = iequals(lesson->room, resource);
        if (!own) add("meeting");
        out.notes.push_back((own ? "" : "in class: ") + lesson->title + ", until " +
                            time_text(lesson->until));
    }
    return out;
}

/// Whoever it is about: what has not changed is not told.
void PresenceAgent::look_at_everybody(TimePoint now) {
    for (const auto& resource : notifier_.watched("presence"))
        if (!resource.starts_with(list_prefix)) tell_watchers(resource, now);
}

void PresenceAgent::look_at_timetable(TimePoint now) {
    look_at_everybody(now);
    const auto next = timetable_.changes_after(wall_now_);
    lesson_change_ = next ? std::optional(now + (*next - wall_now_)) : std::nullopt;
}

void PresenceAgent::handle_members(TimePoint now) {
    look_at_clock(now);
    look_at_everybody(now);
    drain(now);
}

/// Clients say it in namespaces of their own, since RPID has no such activity.
bool PresenceAgent::wants_quiet(std::string_view member) const {
    for (const auto* each : publications_.of(member))
        for (const auto& person : each->persons)
            for (const auto& part : person.children) {
                if (!part.is(presence::rpid_ns, "activities")) continue;
                for (const auto& activity : part.children)
                    if (activity.name == "do-not-disturb" || activity.name == "dnd") return true;
            }
    return false;
}

void PresenceAgent::set_lessons(std::vector<Lesson> lessons, TimePoint now) {
    look_at_clock(now);
    timetable_.set(std::move(lessons));
    look_at_timetable(now);
    drain(now);
}

presence::Grant PresenceAgent::grant(std::string_view owner, std::string_view watcher) const {
    const auto own = rules_.find(owner);
    return granted(options_.policy, own == rules_.end() ? nullptr : &own->second, owner, watcher,
                   router_, wall_now_);
}

presence::View PresenceAgent::view(std::string_view resource, std::string_view watcher) {
    return grant(resource, watcher).view;
}

void PresenceAgent::set_rules(const std::string& owner, std::string_view document, TimePoint now) {
    look_at_clock(now);
    if (document.empty()) {
        rules_.erase(owner);
    } else if (auto rules = presence::Rules::parse(document)) {
        rules_.insert_or_assign(owner, std::move(*rules));
    } else {
        log_.error("rules.bad", {{"owner", Redacted{owner}}, {"why", rules.error().what}});
        return;
    }
    review(owner, now);
    drain(now);
}

void PresenceAgent::set_hard_state(const std::string& owner, std::string_view document,
                                   TimePoint now) {
    look_at_clock(now);
    if (document.empty()) {
        publications_.set_hard_state(owner, {});
    } else if (auto parsed = presence::Document::parse(document)) {
        publications_.set_hard_state(owner, std::move(*parsed));
    } else {
        log_.error("hard-state.bad", {{"owner", Redacted{owner}}, {"why", parsed.error().what}});
    }
    drain(now);
}

std::vector<presence::ListContents::Item>
PresenceAgent::items(const sip::Subscription& subscription) {
    std::vector<Item> out;
    const auto name = std::string_view(subscription.resource).substr(list_prefix.size());
    if (const auto* members = router_.groups().members(name)) {
        for (const auto& each : *members) out.push_back({uri_of(each), each});
        return out;
    }
    const auto own = own_lists_.find(name);
    for (const auto& uri : own == own_lists_.end() ? *subscription.list : own->second.members) {
        const auto named = router_.named(uri);
        out.push_back({uri, named ? named->name : std::string()});
    }
    return out;
}

presence::Handling PresenceAgent::handling(std::string_view resource, std::string_view watcher) {
    return grant(resource, watcher).handling;
}

void PresenceAgent::set_services(const std::string& owner,
                                 std::vector<presence::xcap::Service> services, TimePoint now) {
    look_at_clock(now);
    std::map<std::string, OwnList, std::less<>> fresh;
    for (auto& [uri, members] : services)
        if (const auto parsed = sip::Uri::parse(uri))
            fresh.emplace(parsed->user_name(), OwnList{owner, std::move(members)});
    std::set<std::string> changed;
    for (const auto& [name, list] : own_lists_)
        if (list.owner == owner && !fresh.contains(name)) changed.insert(name);
    for (const auto& [name, list] : fresh)
        if (const auto known = own_lists_.find(name);
            known == own_lists_.end() || known->second != list)
            changed.insert(name);
    std::erase_if(own_lists_, [&](const auto& each) { return each.second.owner == owner; });
    own_lists_.merge(fresh);
    for (const auto& name : changed)
        for (const auto package : packages_with_rules)
            relist(package, std::string(list_prefix) + name, now);
    drain(now);
}

/// Those in a list see it as it is now; who has no business there any more, not at all.
void PresenceAgent::relist(std::string_view package, const std::string& resource, TimePoint now) {
    const auto name = std::string_view(resource).substr(list_prefix.size());
    for (const auto* each : notifier_.watchers(package, resource))
        if (!may_list(name, each->watcher))
            notifier_.terminate(each->id, sip::Notifier::Reason::rejected, now);
    notifier_.relist(package, resource, now);
}

/// Who is in a group, and so who may see whom, if that is the policy.
void PresenceAgent::handle_groups(TimePoint now) {
    look_at_clock(now);
    for (const auto package : packages_with_rules)
        for (const auto& resource : notifier_.watched(package)) {
            if (!resource.starts_with(list_prefix)) {
                if (options_.policy == Policy::groups) review(resource, now);
                continue;
            }
            if (resource != list_prefix) relist(package, resource, now);
        }
    timetable_.forget_day();
    look_at_timetable(now);
    drain(now);
}

/// Those who watch him already: who is allowed now, who is not any more, who sees something else.
void PresenceAgent::review(const std::string& owner, TimePoint now) {
    using presence::Handling;
    for (const auto package : packages_with_rules) {
        for (const auto* each : notifier_.watchers(package, owner)) {
            if (each->list) continue; // Of which he is a part: that says what becomes of it.
            const auto id = each->id;
            const auto handling = grant(owner, each->watcher).handling;
            if (handling == Handling::block)
                notifier_.terminate(id, sip::Notifier::Reason::rejected, now);
            else if (handling == Handling::confirm && !each->pending) // He may ask again, and wait.
                notifier_.terminate(id, sip::Notifier::Reason::deactivated, now);
            else if (handling != Handling::confirm) notifier_.activate(id, now);
        }
        notifier_.change(package, owner, now);
    }
    const auto own = rules_.find(owner);
    const auto next = own == rules_.end() ? std::nullopt : own->second.changes_after(wall_now_);
    rules_change_.set(owner, next ? std::optional(now + (*next - wall_now_)) : std::nullopt);
}

std::string PresenceAgent::uri_of(std::string_view resource) { return router_.uri_of(resource); }

void PresenceAgent::handle_registration(std::string_view user, TimePoint now) {
    look_at_clock(now);
    note_input(user, now);
    notifier_.change("reg", user, now);
    tell_watchers(user, now);
    drain(now);
}

void PresenceAgent::change(std::string_view package, std::string_view resource, TimePoint now) {
    notifier_.change(package, resource, now);
    drain(now);
}

void PresenceAgent::handle_talks(const std::set<std::string>& changed, TimePoint now) {
    look_at_clock(now);
    for (const auto& name : changed) {
        note_input(name, now);
        notifier_.change("dialog", name, now);
        tell_watchers(name, now);
    }
    drain(now);
}

/// Rooms, and who is nowhere, are not idle.
void PresenceAgent::note_input(std::string_view member, TimePoint now) {
    if (!location_(member).empty()) idle_.handle_input(member, now);
}

void PresenceAgent::tell_watchers(std::string_view resource, TimePoint now) {
    if (presentities_.change(resource)) notifier_.change("presence", resource, now);
}

// ── The parts ────────────────────────────────────────────────────────────────────────────────────

void PresenceAgent::handle_located(sip::LocateId id, std::vector<sip::Endpoint> targets,
                                   TimePoint now) {
    notifier_.handle_located(id, std::move(targets), now);
    drain(now);
}

void PresenceAgent::handle_saved(sip::Notifier::SaveId id, bool done, TimePoint now) {
    notifier_.handle_saved(id, done, now);
    drain(now);
}

void PresenceAgent::handle_saved(presence::Publications::SaveId id, bool done, TimePoint now) {
    publications_.handle_saved(id, done);
    drain(now);
}

void PresenceAgent::handle_timeout(TimePoint now) {
    look_at_clock(now);
    while (const auto owner = rules_change_.expired(now)) review(*owner, now);
    if (lesson_change_ && *lesson_change_ <= now) look_at_timetable(now);
    while (const auto member = idle_.expired(now)) tell_watchers(*member, now);
    publications_.handle_timeout(now);
    notifier_.handle_timeout(now);
    drain(now);
}

void PresenceAgent::drain(TimePoint now) {
    while (auto output = publications_.poll()) {
        if (const auto* answer = std::get_if<presence::Publications::Answer>(&*output)) {
            agent_.respond(answer->transaction, answer->response, now);
        } else if (auto* save = std::get_if<presence::Publications::Save>(&*output)) {
            outputs_.emplace_back(std::move(*save));
        } else {
            tell_watchers(std::get<presence::Publications::Changed>(*output).resource, now);
        }
    }
    while (auto output = notifier_.poll()) {
        if (auto* save = std::get_if<sip::Notifier::Save>(&*output))
            outputs_.emplace_back(std::move(*save));
        else if (const auto* forget = std::get_if<sip::Notifier::Forget>(&*output))
            outputs_.emplace_back(*forget);
        else if (auto* wanted = std::get_if<sip::Locate>(&*output))
            outputs_.emplace_back(std::move(*wanted));
        else if (const auto& watched = std::get<sip::Notifier::Watched>(*output);
                 watched.package == "presence")
            notifier_.change("presence.winfo", watched.resource, now);
    }
}

std::optional<PresenceAgent::Output> PresenceAgent::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
}

} // namespace lyceum::events
