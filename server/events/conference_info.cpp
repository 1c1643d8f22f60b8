// SPDX-License-Identifier: Apache-2.0
#include "server/events/conference_info.hpp"

#include "base/text.hpp"
#include "presence/date_time.hpp"
#include "presence/versioned.hpp"

namespace lyceum::events {

using presence::xml::Element;

namespace {

const std::string ns = "urn:ietf:params:xml:ns:conference-info";

void add(Element& to, const char* name, std::string text) {
    to.children.push_back({ns, name, {}, std::move(text)});
}

/// Seen from the participant, as RFC 4575 §5.7.5 asks.
const char* direction_of(const focus::Participant& who) {
    if (who.sends) return who.receives ? "sendrecv" : "recvonly";
    return who.receives ? "sendonly" : "inactive";
}

/// §5.7.3.
const char* status_of(const focus::Participant& who) {
    if (!who.is_inside()) return "pending";
    return who.muted ? "muted-via-focus" : "connected";
}

Element user_of(const focus::Participant& who, WallTime joined) {
    Element user{ns, "user"}, roles{ns, "roles"}, endpoint{ns, "endpoint"},
        info{ns, "joining-info"};
    const auto id = std::to_string(who.leg.value);
    user.set("entity", who.uri);
    user.set("state", "full");
    if (!who.display.empty()) add(user, "display-text", who.display);
    add(roles, "entry", who.is_host() ? "host" : "participant");
    user.children.push_back(std::move(roles));
    endpoint.set("entity", who.uri + ";leg=" + id);
    add(endpoint, "status", status_of(who));
    add(endpoint, "joining-method", who.dialled_in ? "dialed-in" : "dialed-out");
    add(info, "when", presence::date_time_text(joined));
    endpoint.children.push_back(std::move(info));
    Element media{ns, "media"};
    media.set("id", "1");
    add(media, "type", "audio");
    add(media, "status", who.is_inside() ? direction_of(who) : "inactive");
    endpoint.children.push_back(std::move(media));
    user.children.push_back(std::move(endpoint));
    return user;
}

} // namespace

sip::EventState ConferenceInfo::state(std::string_view resource, std::string_view watcher,
                                      std::string_view) {
    const auto room = to_lower(resource);
    auto& known = rendered_[room];
    const bool all = may_see_(room, watcher);
    auto& state = all ? known.all : known.count;
    if (!state) state = render(room, all);
    return state;
}

sip::EventState ConferenceInfo::render(std::string_view room, bool all) const {
    const auto [roster, locked] = roster_(room);
    Element root{ns, "conference-info"}, description{ns, "conference-description"},
        state{ns, "conference-state"}, users{ns, "users"};
    root.set("entity", uri_of_(room));
    root.set("state", "full");
    add(description, "display-text", std::string(room));
    add(state, "user-count", std::to_string(roster.size()));
    add(state, "active", roster.empty() ? "false" : "true");
    add(state, "locked", locked ? "true" : "false");
    for (const auto& each : roster) {
        if (!all || users.children.size() == shown_max) break;
        users.children.push_back(user_of(each, wall_at_zero_ + each.joined.time_since_epoch()));
    }
    users.set("state", "full");
    root.children = {std::move(description), std::move(state), std::move(users)};
    return presence::versioned(std::move(root));
}

} // namespace lyceum::events
