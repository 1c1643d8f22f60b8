// SPDX-License-Identifier: Apache-2.0
#include "server/events/conference_info.hpp"

#include "base/text.hpp"
#include "presence/date_time.hpp"
#include "presence/versioned.hpp"

#include <algorithm>
#include <utility>

namespace lyceum::events {

using focus::Participant;
using presence::xml::Element;

namespace {

const std::string ns = "urn:ietf:params:xml:ns:conference-info";

void add(Element& to, const char* name, std::string text) {
    to.children.push_back({ns, name, {}, std::move(text)});
}

/// Seen from the participant, as RFC 4575 §5.7.5 asks.
const char* direction_of(const Participant& who) {
    if (who.sends) return who.receives ? "sendrecv" : "recvonly";
    return who.receives ? "sendonly" : "inactive";
}

/// §5.7.3.
const char* status_of(const Participant& who) {
    if (!who.is_inside()) return "pending";
    return who.muted ? "muted-via-focus" : "connected";
}

Element endpoint_of(const Participant& who, WallTime joined) {
    Element endpoint{ns, "endpoint"}, info{ns, "joining-info"}, media{ns, "media"};
    endpoint.set("entity", who.uri + ";leg=" + std::to_string(who.leg.value));
    add(endpoint, "status", status_of(who));
    add(endpoint, "joining-method", who.dialled_in ? "dialed-in" : "dialed-out");
    add(info, "when", presence::date_time_text(joined));
    endpoint.children.push_back(std::move(info));
    media.set("id", "1");
    add(media, "type", "audio");
    add(media, "label", std::string(focus::audio_label));
    add(media, "src-id", std::to_string(static_cast<std::uint32_t>(who.leg.value)));
    add(media, "status", who.is_inside() ? direction_of(who) : "inactive");
    endpoint.children.push_back(std::move(media));
    return endpoint;
}

Element gone(const std::string& uri) {
    Element user{ns, "user"};
    user.set("entity", uri);
    user.set("state", "deleted");
    return user;
}

} // namespace

/// What one watcher has been told of a room.
class ConferenceInfo::View final : public sip::EventView {
public:
    View(const ConferenceInfo& info, std::shared_ptr<Known> known, std::string room,
         std::string_view watcher)
        : info_(info), known_(std::move(known)), room_(std::move(room)), watcher_(watcher) {}

    std::optional<Telling> tell(bool all, std::uint32_t version) override {
        const bool sees = info_.may_see_(room_, watcher_);
        auto& known = info_.look_at(room_, *known_);
        all |= std::exchange(sees_, sees) != sees || std::max(told_, began_) < known.lost;
        if (!all && (sees ? known.last : known.state_changed) <= told_) return std::nullopt;
        if (all) began_ = known.last;
        const auto& body =
            sees ? info_.body(room_, known, all ? 0 : told_) : info_.count(room_, known, all);
        told_ = body.to;
        return Telling{std::string(conference_info_type), body.state->numbered(version), body.more};
    }

private:
    const ConferenceInfo& info_;
    std::shared_ptr<Known> known_;
    std::string room_, watcher_;
    bool sees_ = false;
    Number told_ = 0;
    /// The newest change when he was told all: who had left by then is no news to him.
    Number began_ = 0;
};

sip::EventState ConferenceInfo::state(std::string_view resource, std::string_view watcher,
                                      std::string_view) {
    const auto room = to_lower(resource);
    auto& known = look_at(room, *known_of(room));
    return may_see_(room, watcher) ? body(room, known, 0).state : count(room, known, true).state;
}

std::unique_ptr<sip::EventView> ConferenceInfo::follow(std::string_view resource,
                                                       std::string_view watcher, std::string_view) {
    auto room = to_lower(resource);
    auto& known = known_of(room);
    return std::make_unique<View>(*this, known, std::move(room), watcher);
}

std::shared_ptr<ConferenceInfo::Known>& ConferenceInfo::known_of(const std::string& room) {
    auto& known = rooms_[room];
    if (!known) known = std::make_shared<Known>();
    return known;
}

void ConferenceInfo::forget(std::string_view room) {
    const auto found = rooms_.find(room);
    if (found == rooms_.end()) return;
    if (found->second.use_count() == 1) rooms_.erase(found); // Nobody watches it.
    else found->second->stale = true;
}

// ── What has changed ─────────────────────────────────────────────────────────────────────────────

ConferenceInfo::Known& ConferenceInfo::look_at(const std::string& room, Known& known) const {
    if (std::exchange(known.stale, false)) compare(known, roster_(room));
    return known;
}

void ConferenceInfo::compare(Known& known, const Room& now) const {
    const auto before = known.last;
    std::map<std::string_view, std::vector<Participant>> users; // One may come by several phones.
    std::vector<std::string_view> in_order;
    for (const auto& each : now.roster) {
        auto& legs = users[each.uri];
        if (legs.empty()) in_order.push_back(each.uri);
        legs.push_back(each);
    }
    for (auto user = known.users.begin(); user != known.users.end();) {
        if (users.contains(user->first)) {
            ++user;
            continue;
        }
        known.changes.erase(user->second.changed);
        known.departed.push_back(++known.last);
        known.changes[known.last] = {gone(user->first), user->first.size(), true};
        user = known.users.erase(user);
    }
    for (const auto uri : in_order) {
        auto& user = known.users[std::string(uri)];
        auto& legs = users.at(uri);
        if (user.legs == legs) continue;
        user.legs = std::move(legs);
        auto shown = user_of(std::string(uri), user.legs);
        if (const auto last = known.changes.find(user.changed); last != known.changes.end()) {
            if (last->second.user == shown) continue; // Of what has changed, nothing is told.
            known.changes.erase(last);
        }
        user.changed = ++known.last;
        const auto bytes = presence::xml::write_bare(shown).size();
        known.changes[known.last] = {std::move(shown), bytes, false};
    }
    for (; known.departed.size() > departed_max; known.departed.pop_front()) {
        known.lost = known.departed.front();
        known.changes.erase(known.lost);
    }
    if (known.locked != now.locked || known.count != now.roster.size()) {
        known.locked = now.locked;
        known.count = now.roster.size();
        known.state_changed = ++known.last;
    }
    if (known.last == before) return;
    known.bodies.clear();
    known.count_all = known.count_part = {};
}

// ── What is told ─────────────────────────────────────────────────────────────────────────────────

/// Who knows nothing yet is not told who has left.
const ConferenceInfo::Body& ConferenceInfo::body(const std::string& room, Known& known,
                                                 Number from) const {
    auto& out = known.bodies[from];
    if (out.state) return out;
    auto root = document(room, known, from == 0);
    Element users{ns, "users"};
    users.set("state", from == 0 ? "full" : "partial");
    out.to = known.last;
    std::size_t bytes = 0;
    for (auto each = known.changes.upper_bound(from); each != known.changes.end(); ++each) {
        if (each->second.gone && from == 0) continue;
        if (bytes > users_bytes_max) {
            out.to = std::prev(each)->first;
            out.more = true;
            break;
        }
        users.children.push_back(each->second.user);
        bytes += each->second.bytes;
    }
    root.children.push_back(std::move(users));
    out.state = presence::versioned(std::move(root));
    return out;
}

const ConferenceInfo::Body& ConferenceInfo::count(const std::string& room, Known& known,
                                                  bool all) const {
    auto& out = all ? known.count_all : known.count_part;
    if (!out.state) out = {presence::versioned(document(room, known, all)), known.last};
    return out;
}

Element ConferenceInfo::document(const std::string& room, const Known& known, bool all) const {
    Element root{ns, "conference-info"};
    root.set("entity", uri_of_(room));
    root.set("state", all ? "full" : "partial");
    if (all) {
        Element description{ns, "conference-description"}, available{ns, "available-media"},
            entry{ns, "entry"};
        add(description, "display-text", room);
        entry.set("label", focus::audio_label);
        add(entry, "type", "audio");
        available.children.push_back(std::move(entry));
        description.children.push_back(std::move(available));
        root.children.push_back(std::move(description));
    }
    Element state{ns, "conference-state"};
    add(state, "user-count", std::to_string(known.count));
    add(state, "active", known.count == 0 ? "false" : "true");
    add(state, "locked", known.locked ? "true" : "false");
    root.children.push_back(std::move(state));
    return root;
}

Element ConferenceInfo::user_of(const std::string& uri,
                                const std::vector<Participant>& legs) const {
    Element user{ns, "user"}, roles{ns, "roles"};
    user.set("entity", uri);
    user.set("state", "full");
    const auto named = std::find_if(legs.begin(), legs.end(),
                                    [](const Participant& leg) { return !leg.display.empty(); });
    if (named != legs.end()) add(user, "display-text", named->display);
    const bool host =
        std::any_of(legs.begin(), legs.end(), [](const Participant& leg) { return leg.is_host(); });
    add(roles, "entry", host ? "host" : "participant");
    user.children.push_back(std::move(roles));
    for (const auto& leg : legs)
        user.children.push_back(endpoint_of(leg, wall_at_zero_ + leg.joined.time_since_epoch()));
    return user;
}

} // namespace lyceum::events
