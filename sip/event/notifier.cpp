// SPDX-License-Identifier: Apache-2.0
#include "sip/event/notifier.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace lyceum::sip {
namespace {

/// NOTIFYs between two SUBSCRIBEs are not written to disk, so after a restart their numbers go on
/// far behind all that may have been used; from there, once that is on disk.
constexpr std::uint32_t cseq_leap = 1u << 20;
constexpr std::uint32_t cseq_max = 1u << 31;
constexpr std::string_view list_extension = "eventlist"; // RFC 4662 §4.1.
/// Octets: what is longer is written more slowly.
constexpr std::size_t room_for_headers = 900;
/// A watcher who came by UDP may have nothing else: who is behind a NAT cannot be reached by TCP,
/// and would not even refuse it.
const TransactionLayer::Sending how_sent{.as_addressed = true, .status_only = true};
/// After a restart, so much time between the NOTIFYs that tell everybody.
constexpr Duration restored_spacing = 500us;

std::string_view name_of(Notifier::Reason reason) {
    switch (reason) {
    case Notifier::Reason::deactivated: return "deactivated";
    case Notifier::Reason::rejected: return "rejected";
    case Notifier::Reason::timeout: return "timeout";
    case Notifier::Reason::noresource: return "noresource";
    }
    return {};
}

/// The time between two events that come so often a second: "0.5" is two seconds. Zero: no limit.
Duration interval_of(std::string_view rate) {
    const auto per_second = parse_number<double>(rate);
    if (!per_second || *per_second < 0.0001 || *per_second > 1000) return {};
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / *per_second));
}

/// Our tag says which subscription it is of, and proves that its bearer was told so.
std::string tag_for(SubscriptionId id, Entropy& entropy) {
    return std::to_string(id.value) + "-" + entropy.hex(8);
}

/// The first of the formats that the watcher takes; none: he takes none of them.
std::optional<std::string> format_for(const Message& request, const EventPackage& package) {
    if (!request.has(Header::accept)) return package.types.front();
    const auto accepted = request.values(Header::accept);
    for (const auto& type : package.types)
        for (auto value : accepted) {
            const auto wanted = trim(cut(value, ';'));
            const bool any =
                wanted == "*/*" ||
                (wanted.ends_with("/*") && istarts_with(type, wanted.substr(0, wanted.size() - 1)));
            if (any || iequals(wanted, type)) return type;
        }
    return std::nullopt;
}

std::string_view event_id_of(const Message& request) {
    const auto event = EventName::parse(request.header(Header::event).value_or(""));
    return event ? event->params.find("id").value_or("") : std::string_view{};
}

} // namespace

Notifier::Notifier(Options options, UserAgent& agent, const LocalAddresses& local, Entropy& entropy,
                   Log& log)
    : options_(std::move(options)), agent_(agent), local_(local), entropy_(entropy), log_(log) {}

void Notifier::add(EventPackage package) { packages_.push_back(std::move(package)); }

const EventPackage* Notifier::package(std::string_view name) const {
    for (const auto& each : packages_)
        if (each.name == name) return &each;
    return nullptr;
}

std::string Notifier::package_names() const {
    std::string out;
    for (const auto& each : packages_) out.append(out.empty() ? "" : ", ").append(each.name);
    return out;
}

void Notifier::restore(std::vector<Subscription> subscriptions, TimePoint now) {
    auto turn = now;
    for (auto& each : subscriptions) {
        const auto* package = this->package(each.package);
        auto parts = each.dialog.parts();
        last_id_ = std::max(last_id_, each.id.value);
        if (!package || (each.list && !lists_) || each.expires <= wall(now) ||
            parts.local_cseq >= cseq_max - cseq_leap) {
            outputs_.push_back(Forget{each.id});
            continue;
        }
        parts.local_cseq += cseq_leap;
        each.dialog = Dialog(parts);
        auto& entry = enter(std::move(each), *package);
        entry.changed = true;
        entry.not_before = turn += restored_spacing;
        save(entry, {entry.subscription.id, {}, {}, false, false});
    }
    if (!entries_.empty()) log_.info("notifier.restored", {{"subscriptions", entries_.size()}});
}

// ── A SUBSCRIBE ──────────────────────────────────────────────────────────────────────────────────

/// What it asks for, within what we give (RFC 6665 §4.2.1.1).
Result<Notifier::Terms, Refusal> Notifier::terms_of(const Message& request,
                                                    const EventPackage& package) const {
    const auto event = EventName::parse(*request.header(Header::event));
    Terms terms{package.expires_standard,
                {},
                std::max(package.spacing, interval_of(event->params.find("max-rate").value_or(""))),
                interval_of(event->params.find("min-rate").value_or(""))};
    if (const auto asked = request.header(Header::expires)) {
        const auto seconds = parse_delta_seconds(*asked);
        if (!seconds) return Refusal{400, "Bad Expires"};
        terms.lifetime = std::chrono::seconds(*seconds);
        if (*seconds > 0 && terms.lifetime < options_.expires_min)
            return Refusal::too_brief(options_.expires_min);
    }
    terms.lifetime = std::min(terms.lifetime, options_.expires_max);
    auto type = format_for(request, package);
    if (!type) {
        std::string types;
        for (const auto& each : package.types) types.append(types.empty() ? "" : ", ").append(each);
        return Refusal{406, {}, {{Header::accept, types}}};
    }
    terms.type = std::move(*type);
    return terms;
}

void Notifier::subscribe(const RequestReceived& received, Asked asked, TimePoint now) {
    const auto& request = received.request;
    const auto event = EventName::parse(*request.header(Header::event));
    const auto& package = *this->package(event->package);
    auto terms = terms_of(request, package);
    if (!terms) return refuse(received, terms.error(), now);
    if (entries_.size() >= options_.subscriptions_max)
        return refuse(received, Refusal::busy(60s), now);
    const auto known = of_watcher_.find(asked.watcher);
    if (known != of_watcher_.end() && known->second >= options_.of_watcher_max)
        return refuse(received, {403, "Too Many Subscriptions"}, now);
    const SubscriptionId id{++last_id_};
    auto dialog = Dialog::uas(request, tag_for(id, entropy_));
    if (!dialog) return refuse(received, {400, dialog.error().what}, now);
    Subscription fresh{id,
                       package.name,
                       std::move(asked.resource),
                       std::move(asked.watcher),
                       std::string(event_id_of(request)),
                       std::move(terms->type),
                       asked.pending,
                       terms->spacing,
                       terms->at_least,
                       std::move(*dialog),
                       received.from,
                       wall(now) + terms->lifetime,
                       std::move(asked.list)};
    auto& entry = enter(std::move(fresh), package);
    if (terms->lifetime == Duration{}) {
        // A look, and no more (§4.4.3).
        entry.saved = true;
        agent_.respond(received.transaction, accept(request, entry, 200, now), now);
        tell(entry, "terminated;reason=timeout", now);
        return end(id, "fetched");
    }
    log_.info("subscription.begins", {{"package", entry.subscription.package},
                                      {"resource", Redacted{entry.subscription.resource}},
                                      {"watcher", Redacted{entry.subscription.watcher}}});
    outputs_.push_back(Watched{entry.subscription.package, entry.subscription.resource});
    const bool quiet = has_seen(request, entry);
    auto response = accept(request, entry, quiet ? 204 : 200, now);
    save(entry, {id, received.transaction, std::move(response), true, quiet});
}

const Subscription* Notifier::find(const Message& subscribe) const {
    const auto tag = tag_of(subscribe, Header::to);
    const auto number = parse_number<std::uint64_t>(tag.substr(0, tag.find('-')));
    const auto found = number ? entries_.find(SubscriptionId{*number}) : entries_.end();
    if (found == entries_.end()) return nullptr;
    const auto& subscription = found->second.subscription;
    const auto event = EventName::parse(subscribe.header(Header::event).value_or(""));
    const bool same = event && event->package == subscription.package &&
                      event->params.find("id").value_or("") == subscription.event_id &&
                      subscription.dialog.key() == DialogKey::of_request(subscribe);
    return same ? &subscription : nullptr;
}

void Notifier::refresh(SubscriptionId id, const RequestReceived& received, TimePoint now) {
    auto& entry = entries_.at(id);
    auto& subscription = entry.subscription;
    const auto& request = received.request;
    if (!subscription.dialog.handle_cseq(cseq_of(request)))
        return refuse(received, {500, "Out of Order"}, now);
    const auto terms = terms_of(request, *entry.group->package);
    if (!terms) return refuse(received, terms.error(), now);
    subscription.dialog.refresh_target(request);
    subscription.source = received.from;
    subscription.expires = wall(now) + terms->lifetime;
    entry.expires = now + terms->lifetime;
    if (terms->lifetime == Duration{}) {
        agent_.respond(received.transaction, accept(request, entry, 200, now), now);
        return terminate(id, Reason::timeout, now);
    }
    subscription.type = terms->type;
    subscription.spacing = terms->spacing;
    subscription.at_least = terms->at_least;
    open_view(entry); // Each is followed by all there is (RFC 4662 §5.2, RFC 4575 §4.3).
    arm(entry);
    const bool quiet = has_seen(request, entry);
    auto response = accept(request, entry, quiet ? 204 : 200, now);
    save(entry, {id, received.transaction, std::move(response), false, quiet});
}

/// Whether the watcher knows the state already, and says so (RFC 5839 §5.3.2).
bool Notifier::has_seen(const Message& request, const Entry& entry) const {
    const auto known = request.header("Suppress-If-Match");
    if (!known || entry.view) return false;
    const auto& it = entry.subscription;
    const auto state = entry.group->package->source->state(it.resource, it.watcher, it.type);
    return *known == "*" || (state && *known == state->tag);
}

Message Notifier::accept(const Message& request, const Entry& entry, int status,
                         TimePoint now) const {
    const auto& subscription = entry.subscription;
    auto writer = MessageWriter::reply(request, status, status == 204 ? "No Notification" : "",
                                       subscription.dialog.key().local_tag);
    writer.copy(request, Header::record_route);
    const auto uri = Uri::parse(request.request_uri());
    writer.header(Header::contact, "<" + own_uri(uri->user, local_, subscription.source) + ">");
    const auto left = std::chrono::ceil<std::chrono::seconds>(subscription.expires - wall(now));
    writer.header(Header::expires, std::to_string(left.count()));
    if (subscription.list) writer.header(Header::require, list_extension);
    writer.header(Header::server, options_.server_name);
    return writer.finish();
}

void Notifier::refuse(const RequestReceived& received, const Refusal& refusal, TimePoint now) {
    log_.info("subscription.refused", {{"status", refusal.status}, {"why", refusal.reason}});
    const auto tag = entropy_.hex(8);
    agent_.respond(received.transaction, refusal.reply(received.request, options_.server_name, tag),
                   now);
}

// ── The table of subscriptions ───────────────────────────────────────────────────────────────────

Notifier::Group& Notifier::group_of(const EventPackage& package, std::string_view resource) {
    auto [place, fresh] = groups_.try_emplace({package.name, std::string(resource)});
    if (fresh) {
        place->second.package = &package;
        place->second.resource = resource;
    }
    return place->second;
}

Notifier::Entry& Notifier::enter(Subscription subscription, const EventPackage& package) {
    auto& group = group_of(package, subscription.resource);
    const auto id = subscription.id;
    group.watchers.push_back(id);
    ++of_watcher_[subscription.watcher];
    const auto expires =
        std::chrono::duration_cast<Duration>(subscription.expires - options_.wall_at_zero);
    Entry entry{std::move(subscription), &group, TimePoint(expires)};
    auto& placed = entries_.emplace(id, std::move(entry)).first->second;
    open_view(placed);
    arm(placed);
    return placed;
}

/// A list's watcher is among those of everything in it.
void Notifier::open_view(Entry& entry) {
    for (auto* each : std::exchange(entry.listed, {})) leave(each, entry.subscription.id);
    const auto& package = *entry.group->package;
    const auto& it = entry.subscription;
    entry.view = it.list ? lists_->open(it, *package.source)
                         : package.source->follow(it.resource, it.watcher, it.type);
    entry.told_all = false;
    if (!entry.view) return;
    for (const auto& resource : entry.view->resources()) {
        auto& group = group_of(package, resource);
        group.watchers.push_back(entry.subscription.id);
        entry.listed.push_back(&group);
    }
}

void Notifier::leave(Group* group, SubscriptionId id) {
    std::erase(group->watchers, id);
    if (!group->watchers.empty()) return;
    if (group->in_ring) std::erase(ring_, group);
    groups_.erase({group->package->name, std::string(group->resource)});
}

void Notifier::save(const Entry& entry, Waiting waiting) {
    const SaveId id{++last_save_};
    waiting_.emplace(id, std::move(waiting));
    outputs_.push_back(Save{id, entry.subscription});
}

void Notifier::handle_saved(SaveId id, bool done, TimePoint now) {
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return;
    auto waiting = std::move(found->second);
    waiting_.erase(found);
    const auto known = entries_.find(waiting.subscription);
    if (!waiting.transaction) { // It was there before we were.
        if (known == entries_.end()) return;
        known->second.saved = true;
        return mark(known->second, now);
    }
    if (!done) {
        const auto refusal = Refusal::not_kept("Subscription Not Kept");
        agent_.respond(waiting.transaction,
                       refusal.reply(waiting.response, options_.server_name, {}), now);
        if (waiting.fresh && known != entries_.end()) end(waiting.subscription, "not kept");
        return;
    }
    agent_.respond(waiting.transaction, waiting.response, now);
    if (known == entries_.end()) return;
    known->second.saved = true;
    // Each SUBSCRIBE is followed by a NOTIFY, whatever the pace (RFC 6446 §4.2).
    known->second.not_before = {};
    if (!waiting.quiet) mark(known->second, now);
}

void Notifier::end(SubscriptionId id, std::string_view why) {
    const auto found = entries_.find(id);
    const auto& subscription = found->second.subscription;
    auto* group = found->second.group;
    log_.info("subscription.ends", {{"package", subscription.package},
                                    {"resource", Redacted{subscription.resource}},
                                    {"watcher", Redacted{subscription.watcher}},
                                    {"why", why}});
    outputs_.push_back(Forget{id});
    outputs_.push_back(Watched{subscription.package, subscription.resource});
    deadlines_.remove(id);
    if (const auto count = of_watcher_.find(subscription.watcher); --count->second == 0)
        of_watcher_.erase(count);
    for (auto* each : found->second.listed) leave(each, id);
    leave(group, id);
    entries_.erase(found);
}

void Notifier::arm(const Entry& entry) {
    auto next = entry.expires;
    const bool idle = entry.saved && !entry.in_flight && !entry.due;
    if (idle && entry.changed) next = std::min(next, entry.not_before);
    if (idle && entry.subscription.at_least > Duration{})
        next = std::min(next, entry.told + entry.subscription.at_least);
    deadlines_.set(entry.subscription.id, next);
}

std::vector<const Subscription*> Notifier::watchers(std::string_view package,
                                                    std::string_view resource) const {
    std::vector<const Subscription*> out;
    const auto group = groups_.find({std::string(package), std::string(resource)});
    if (group == groups_.end()) return out;
    for (const auto id : group->second.watchers) out.push_back(&entries_.at(id).subscription);
    return out;
}

std::vector<std::string> Notifier::watched(std::string_view package) const {
    std::vector<std::string> out;
    for (const auto& [key, group] : groups_)
        if (key.first == package) out.push_back(key.second);
    return out;
}

std::optional<Notifier::Told> Notifier::told(SubscriptionId id) const {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return std::nullopt;
    const auto& [subscription, entry] = *found;
    const auto& it = entry.subscription;
    const bool in_parts = entry.view && !it.list && entry.told_all;
    const auto state = in_parts
                           ? entry.group->package->source->state(it.resource, it.watcher, it.type)
                           : entry.last;
    return Told{state ? state->text : "", entry.told, !entry.changed && !entry.in_flight};
}

// ── NOTIFYs ──────────────────────────────────────────────────────────────────────────────────────

void Notifier::change(std::string_view package, std::string_view resource, TimePoint now) {
    if (const auto* known = this->package(package)) known->source->forget(resource);
    const auto group = groups_.find({std::string(package), std::string(resource)});
    if (group == groups_.end()) return;
    for (const auto id : group->second.watchers) mark(entries_.at(id), now);
}

void Notifier::relist(std::string_view package, std::string_view resource, TimePoint now) {
    const auto group = groups_.find({std::string(package), std::string(resource)});
    if (group == groups_.end()) return;
    for (const auto id : group->second.watchers) {
        auto& entry = entries_.at(id);
        open_view(entry);
        mark(entry, now);
    }
}

void Notifier::activate(SubscriptionId id, TimePoint now) {
    const auto found = entries_.find(id);
    if (found == entries_.end() || !found->second.subscription.pending) return;
    auto& entry = found->second;
    entry.subscription.pending = false;
    // Nobody waits for this: the change is on disk with the next batch.
    outputs_.push_back(Save{SaveId{++last_save_}, entry.subscription});
    outputs_.push_back(Watched{entry.subscription.package, entry.subscription.resource});
    mark(entry, now);
}

void Notifier::terminate(SubscriptionId id, Reason reason, TimePoint now) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return;
    tell(found->second, "terminated;reason=" + std::string(name_of(reason)), now);
    end(id, name_of(reason));
}

/// There is something to tell. When: see `arm` and `take_turn`.
void Notifier::mark(Entry& entry, TimePoint now) {
    entry.changed = true;
    if (!entry.saved || entry.in_flight || entry.due) return;
    if (now < entry.not_before) return arm(entry);
    entry.due = true;
    entry.group->due.push_back(entry.subscription.id);
    if (entry.group->in_ring) return;
    entry.group->in_ring = true;
    ring_.push_back(entry.group);
}

void Notifier::handle_timeout(TimePoint now) {
    while (const auto id = deadlines_.expired(now)) {
        auto& entry = entries_.at(*id);
        if (entry.expires <= now) terminate(*id, Reason::timeout, now);
        else mark(entry, now);
    }
    take_turn(now);
}

/// One after the other, a few of each resource.
void Notifier::take_turn(TimePoint now) {
    for (std::size_t left = options_.turn_max; left > 0 && !ring_.empty();) {
        auto& group = *ring_.front();
        ring_.pop_front();
        for (auto share = std::min(left, options_.of_resource_max); share > 0 && !group.due.empty();
             --share, --left) {
            const auto found = entries_.find(group.due.front());
            group.due.pop_front();
            if (found == entries_.end()) continue;
            auto& entry = found->second;
            entry.due = false;
            tell(entry, substate(entry, now), now);
            arm(entry);
        }
        group.in_ring = !group.due.empty();
        if (group.in_ring) ring_.push_back(&group);
    }
}

std::string Notifier::substate(const Entry& entry, TimePoint now) const {
    const auto left = std::chrono::ceil<std::chrono::seconds>(entry.expires - now);
    return (entry.subscription.pending ? "pending;expires=" : "active;expires=") +
           std::to_string(left.count());
}

void Notifier::tell(Entry& entry, std::string_view substate, TimePoint now) {
    if (entry.view) return tell_view(entry, substate, now);
    auto& it = entry.subscription;
    const bool shown = !it.pending;
    const auto state = shown ? entry.group->package->source->state(it.resource, it.watcher, it.type)
                             : EventState{};
    auto writer = notify(entry, substate, state ? state->text.size() : 0);
    if (state) writer.header("SIP-ETag", state->tag);
    entry.changed = false;
    entry.told = now;
    entry.not_before = now + it.spacing;
    entry.last = state;
    if (!state) return send(entry, writer.finish(), now);
    // Its NOTIFYs are numbered from 1, its documents from 0.
    if (state->version_at)
        return send(entry, writer.finish(it.type, state->numbered(it.dialog.local_cseq() - 1)),
                    now);
    send(entry, writer.finish(it.type, state->text), now);
}

MessageWriter Notifier::notify(Entry& entry, std::string_view substate, std::size_t body_bytes) {
    auto& it = entry.subscription;
    auto writer = it.dialog.request(Method::notify, room_for_headers + body_bytes);
    writer.header(Header::contact, {"<", own_uri({}, local_, it.source), ">"});
    writer.header(Header::event, {it.package, it.event_id.empty() ? "" : ";id=", it.event_id});
    return std::move(writer.header(Header::subscription_state, substate));
}

/// Of what has changed in what he sees; nothing, if it is as he knows it. The last NOTIFY says only
/// that it is the last, but to one who wanted no more than a look.
void Notifier::tell_view(Entry& entry, std::string_view substate, TimePoint now) {
    auto& it = entry.subscription;
    // He wants to hear now and then that nothing has changed (RFC 6446 §5): that is all there is.
    if (it.at_least > Duration{} && now - entry.told >= it.at_least) entry.told_all = false;
    entry.changed = false;
    entry.told = now;
    const bool looks = !entry.told_all && entry.expires <= now;
    if (it.pending || (substate.starts_with("terminated") && !looks))
        return send(entry, notify(entry, substate, 0).finish(), now);
    const auto telling = entry.view->tell(!entry.told_all, it.dialog.local_cseq());
    if (!telling) return;
    entry.told_all = true;
    entry.changed = telling->more;
    entry.not_before = now + it.spacing;
    auto writer = notify(entry, substate, telling->text.size());
    if (it.list) writer.header(Header::require, list_extension);
    send(entry, writer.finish(telling->type, telling->text), now);
}

/// As a call's requests do, it goes where the watcher's own come from, unless a route says
/// otherwise; and to his Contact, if that connection is gone.
void Notifier::send(Entry& entry, Message notify, TimePoint now) {
    ++notified_;
    entry.in_flight = true;
    const auto& subscription = entry.subscription;
    const auto id = subscription.id;
    std::vector<Endpoint> targets;
    if (subscription.dialog.route_set().empty()) targets.push_back(subscription.source);
    std::string hop;
    if (targets.empty() || is_reliable(targets.front().transport)) {
        hop = subscription.dialog.next_hop();
        if (const auto direct = endpoint_of(hop)) targets.push_back(*direct);
    }
    if (!targets.empty()) {
        sent_.emplace(agent_.request(std::move(notify), std::move(targets), how_sent, now), id);
        return;
    }
    const LocateId locate{++last_locate_};
    travelling_.emplace(locate, Travelling{id, std::move(notify)});
    outputs_.push_back(Locate{locate, hop});
}

void Notifier::handle_located(LocateId id, std::vector<Endpoint> targets, TimePoint now) {
    const auto found = travelling_.find(id);
    if (found == travelling_.end()) return;
    auto [subscription, notify] = std::move(found->second);
    travelling_.erase(found);
    if (!targets.empty())
        sent_.emplace(agent_.request(std::move(notify), std::move(targets), how_sent, now),
                      subscription);
    else if (entries_.contains(subscription)) end(subscription, "watcher's host unknown");
}

bool Notifier::handle_stranger(const UserAgent::Output& shown, TimePoint now) {
    const auto* response = std::get_if<ResponseReceived>(&shown);
    const auto* failed = std::get_if<RequestFailed>(&shown);
    if (!response && !failed) return false;
    const auto known = sent_.find(response ? response->transaction : failed->transaction);
    if (known == sent_.end()) return false;
    if (response && response->response.status() < 200) return true;
    const auto id = known->second;
    sent_.erase(known);
    if (!entries_.contains(id)) return true; // It was the last NOTIFY.
    if (response) handle_response(id, response->response, now);
    else end(id, failed->why == Effects::Failure::timeout ? "no answer" : "unreachable");
    return true;
}

/// A watcher who cannot be told is none any more, unless he says when to try again (§4.2.2).
void Notifier::handle_response(SubscriptionId id, const Message& response, TimePoint now) {
    auto& entry = entries_.at(id);
    entry.in_flight = false;
    if (response.status() >= 300) {
        const auto rest = parse_delta_seconds(response.header(Header::retry_after).value_or(""));
        if (!rest || response.status() == 481)
            return end(id,
                       std::to_string(response.status()) + " " + std::string(response.reason()));
        entry.not_before = now + std::chrono::seconds(*rest);
        entry.changed = true;
        entry.told_all = false; // What it said has not been taken in.
    }
    if (entry.changed) mark(entry, now);
    arm(entry);
}

std::optional<Notifier::Output> Notifier::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
}

} // namespace lyceum::sip
