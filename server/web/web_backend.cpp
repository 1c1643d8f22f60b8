// SPDX-License-Identifier: Apache-2.0
#include "server/web/web_backend.hpp"

#include "base/text.hpp"
#include "server/records/capture.hpp"
#include "server/records/quality_trace.hpp"
#include "server/web/phone_setup.hpp"
#include "webadmin/secrets.hpp"

#include <limits>

namespace lyceum::web {
namespace {

using focus::Action;
using Kind = Action::Kind;

std::string_view name_of(focus::Participant::State state) {
    switch (state) {
    case focus::Participant::State::at_the_door: return "door";
    case focus::Participant::State::in_lobby: return "lobby";
    case focus::Participant::State::inside: return "inside";
    }
    return {};
}

std::optional<Action::Whom> whom_named(std::string_view name) {
    using Whom = Action::Whom;
    if (name == "himself") return Whom::himself;
    if (name == "one") return Whom::one;
    if (name == "everybody") return Whom::everybody;
    if (name == "all-but-hosts") return Whom::all_but_hosts;
    if (name == "group") return Whom::group;
    return std::nullopt;
}

Object shown(const focus::Participant& participant, WallTime wall_at_zero) {
    return {{"id", std::to_string(participant.leg.value)},
            {"uri", participant.uri},
            {"name", participant.display},
            {"member", participant.member},
            {"state", name_of(participant.state)},
            {"role", focus::name_of(participant.role)},
            {"muted", participant.muted},
            {"deaf", participant.deaf},
            {"floor", participant.has_floor},
            {"hand", participant.hand},
            {"group", participant.group},
            {"dialled_in", participant.dialled_in},
            {"joined", time_text(wall_at_zero + participant.joined.time_since_epoch())}};
}

} // namespace

Object shown(const HeardNow& heard) {
    const auto& [leg, report, of_late] = heard;
    return {{"packets", report.packets},
            {"loss_permille", of_late.loss_permille()},
            {"jitter_ms", of_late.jitter_ms},
            {"level_db", of_late.level_db},
            {"codec", report.codec},
            {"encrypted", report.encrypted},
            {"announced", records::text_of(report.announced)},
            {"source", records::text_of(report.source)}};
}

webadmin::Live::Room shown_room(const RoomNow& room, WallTime wall_at_zero) {
    webadmin::Live::Room out;
    const auto began = room.participants.empty() ? TimePoint{} : room.participants.front().joined;
    out.shown = {{"room", room.name},
                 {"began", time_text(wall_at_zero + began.time_since_epoch())},
                 {"locked", room.locked},
                 {"lecture", room.lecture}};
    for (const auto& each : room.participants)
        out.participants.emplace(each.leg.value, shown(each, wall_at_zero));
    return out;
}

Result<Action, Problem> action_of(const webadmin::Deed& deed) {
    Action out{};
    bool known = false;
    for (int i = 0; i < static_cast<int>(Kind::count_); ++i)
        if (focus::name_of(static_cast<Kind>(i)) == deed.action) {
            out.kind = static_cast<Kind>(i);
            known = true;
        }
    if (!known) return Problem{422, "there is no such action", "action"};
    const auto whom = whom_named(deed.whom);
    if (!whom) return Problem{422, "expected one, everybody, all-but-hosts or group", "whom"};
    out.whom = *whom;
    if (out.whom == Action::Whom::one) {
        const auto leg = parse_number<std::uint64_t>(deed.participant);
        if (!leg) return Problem{422, "expected the id of a participant", "participant"};
        out.target = mixer::LegId{*leg};
    }
    out.amount = static_cast<int>(deed.amount);
    out.text = deed.text;
    out.group = deed.group;
    return out;
}

Problem problem_of(focus::Denial denial) {
    const std::string why(focus::name_of(denial));
    switch (denial) {
    case focus::Denial::not_allowed: return {403, why};
    case focus::Denial::nobody_there: return {404, why, "participant"};
    case focus::Denial::bad_value: return {422, why, "text"};
    case focus::Denial::waits:
    case focus::Denial::nobody_waits:
    case focus::Denial::pointless:
    case focus::Denial::full: return {409, why};
    }
    return {409, why};
}

WebBackend::WebBackend(Tables& tables, Ways ways, Entropy& entropy, const Clock& now,
                       WallTime wall_at_zero, Log& log, Reach reach)
    : tables_(tables), ways_(std::move(ways)), entropy_(entropy), log_(log),
      reach_(std::move(reach)), wall_at_zero_(wall_at_zero) {
    for (int i = 0; i < static_cast<int>(Kind::count_); ++i)
        actions_.append(actions_.empty() ? "" : "|").append(focus::name_of(static_cast<Kind>(i)));
    collections_ = {users(tables),
                    groups(tables),
                    rooms(tables),
                    settings(tables),
                    sounds(tables),
                    lessons(tables),
                    aliases(tables),
                    routes(tables),
                    trunks(tables),
                    bans(tables),
                    registrations(tables),
                    subscriptions(tables),
                    messages(tables),
                    calls(tables),
                    audit(tables),
                    accounts(tables, entropy, now),
                    tokens(tables, entropy, now)};
}

void WebBackend::act(webadmin::Deed deed, Done done) {
    auto action = action_of(deed);
    if (!action) return done(action.error());
    const focus::Actor by{focus::By::web, {}, deed.by, true};
    reach_.act(std::move(deed.room), std::move(*action), by,
               [done = std::move(done)](std::optional<focus::Denial> denial) {
                   done(denial ? std::optional(problem_of(*denial)) : std::nullopt);
               });
}

bool WebBackend::leads(const std::string& member, const std::string& room) {
    return leads_room(tables_.store, member, room);
}

std::vector<std::string> WebBackend::explain(const std::string& dialled) {
    return reach_.explain(dialled);
}

std::optional<std::string> WebBackend::offer_setup(const std::string& user, WallTime until) {
    const auto row = tables_.store.user_row(user);
    if (!row) return std::nullopt;
    auto secret = entropy_.hex(16);
    tables_.accounts.put_setup(webadmin::sha256_hex(secret), row->name, until);
    return secret;
}

std::optional<std::string> WebBackend::setup_for(const std::string& secret, const std::string& host,
                                                 bool encrypted, WallTime now) {
    const auto user = tables_.accounts.take_setup(webadmin::sha256_hex(secret), now);
    const auto credentials = user ? tables_.store.credentials(*user) : std::nullopt;
    if (!credentials) return std::nullopt;
    const auto port = counters_.find(encrypted ? "sips_port" : "sip_port");
    const auto where = port == counters_.end() ? "" : ":" + std::to_string(port->second);
    return linphone_document({*user, ways_.domain, tables_.store.realm(),
                              ways_.md5 ? "MD5" : "SHA-256",
                              ways_.md5 ? credentials->ha1_md5 : credentials->ha1_sha256,
                              "sip:" + host + where + ";transport=" + (encrypted ? "tls" : "tcp")});
}

void WebBackend::glance_at(std::vector<std::string> names, Glances done) {
    reach_.glance_at(std::move(names), [done = std::move(done)](const Reach::Glances& glances) {
        std::vector<Object> out;
        for (const auto& [name, glance] : glances)
            out.push_back({{"name", name},
                           {"available", glance.available},
                           {"activities", array_of(glance.activities)},
                           {"notes", array_of(glance.notes)}});
        done(std::move(out));
    });
}

void WebBackend::told(const std::string& subscription, Told done) {
    const auto id = parse_number<std::uint64_t>(subscription);
    if (!id) return done(std::nullopt);
    reach_.told(sip::SubscriptionId{*id}, [this, done = std::move(done)](const Reach::Told& told) {
        if (!told) return done(std::nullopt);
        const bool ever = told->at != TimePoint{};
        done(Object{{"body", told->body},
                    {"at", ever ? time_text(wall_at_zero_ + told->at.time_since_epoch()) : ""},
                    {"newest", told->newest}});
    });
}

void WebBackend::find_messages(const std::string& call,
                               const std::function<void(std::optional<Reach::Seen>)>& done) {
    const auto id = parse_number<std::int64_t>(call);
    const auto records = id && *id < std::numeric_limits<std::int64_t>::max()
                             ? tables_.records.calls({*id + 1, 1, {}})
                             : std::vector<store::Numbered<records::CallRecord>>();
    if (records.empty() || records.front().id != *id) return done(std::nullopt);
    reach_.messages_of(records.front().value.call_id, done);
}

void WebBackend::messages_of(const std::string& call, Messages done) {
    find_messages(call, [done = std::move(done)](const std::optional<Reach::Seen>& seen) {
        if (!seen) return done(std::nullopt);
        std::vector<Object> out;
        for (const auto& each : *seen)
            out.push_back({{"at", time_text(each.at)},
                           {"after_ms", (each.at - seen->front().at) / 1ms},
                           {"received", each.received},
                           {"transport", sip::name_of(each.peer.transport)},
                           {"peer", each.peer.address.to_string()},
                           {"text", each.text}});
        done(std::move(out));
    });
}

void WebBackend::capture_of(const std::string& call, Capture done) {
    find_messages(call, [done = std::move(done)](const std::optional<Reach::Seen>& seen) {
        if (!seen) return done(std::nullopt);
        std::vector<records::Captured> messages;
        for (const auto& each : *seen) messages.push_back(records::captured(each));
        const auto file = records::pcap_of(messages);
        done(std::string(file.begin(), file.end()));
    });
}

/// What was done stays done, also when it cannot be noted any more.
void WebBackend::note(const webadmin::Note& note) {
    try {
        tables_.records.add({.at = note.at,
                             .who = note.who,
                             .way = std::string(focus::name_of(focus::By::web)),
                             .action = note.what,
                             .whom = note.whom,
                             .refused = note.refused});
    } catch (const sql::Error& error) {
        log_.error("audit.not-written", {{"what", note.what}, {"why", error.what()}});
    }
}

} // namespace lyceum::web
