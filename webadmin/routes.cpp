// SPDX-License-Identifier: Apache-2.0
/// What the API does beside its collections: the table, and each of its routes.
#include "webadmin/api.hpp"

#include "webadmin/passkey.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace lyceum::webadmin {
namespace {

using Type = Field::Type;
using Use = Field::Use;

constexpr std::string_view capture_type = "application/vnd.tcpdump.pcap";

const std::vector<Field>& session_fields() {
    static const std::vector<Field> fields{
        {.name = "account", .use = Use::shown, .about = "Who is logged in"},
        {.name = "role",
         .use = Use::shown,
         .about = "What he may do",
         .values = "administrator|operator|teacher|reader"},
        {.name = "csrf",
         .use = Use::shown,
         .about = "To be sent as X-CSRF-Token with every change; empty for tokens"},
        {.name = "totp",
         .type = Type::flag,
         .use = Use::shown,
         .about = "Whether a code is asked for at log-in"}};
    return fields;
}

const std::vector<Field>& conference_fields() {
    static const std::vector<Field> fields{
        {.name = "room", .use = Use::shown, .about = "Its name"},
        {.name = "began", .use = Use::shown, .about = "When its first participant came"},
        {.name = "locked", .type = Type::flag, .use = Use::shown, .about = "Nobody gets in"},
        {.name = "lecture",
         .type = Type::flag,
         .use = Use::shown,
         .about = "Listeners hear hosts and whom they have called up"},
        {.name = "participants", .type = Type::texts, .use = Use::shown, .about = "Who is there"}};
    return fields;
}

const std::vector<Field>& message_fields() {
    static const std::vector<Field> fields{
        {.name = "at", .use = Use::shown},
        {.name = "after_ms", .type = Type::number, .use = Use::shown, .about = "The first of them"},
        {.name = "received", .type = Type::flag, .use = Use::shown, .about = "Else it was sent"},
        {.name = "transport", .use = Use::shown},
        {.name = "peer", .use = Use::shown, .about = "Address and port"},
        {.name = "text", .use = Use::shown, .about = "Without passwords, keys and digits"}};
    return fields;
}

Field octets_field(std::string_view name, std::string_view about) {
    return {.name = name, .use = Use::must_hide, .about = about, .most = 16'384};
}

/// Before a passkey is made or used.
const std::vector<Field>& offered_fields() {
    static const std::vector<Field> fields{
        {.name = "challenge", .use = Use::shown, .about = "To be signed, as UTF-8"},
        {.name = "host", .use = Use::shown, .about = "The id of the relying party"},
        {.name = "known",
         .type = Type::texts,
         .use = Use::shown,
         .about = "Passkeys that there are already"}};
    return fields;
}

Field password_field(std::string_view name, std::string_view about) {
    return {.name = name,
            .use = Use::must_hide,
            .about = about,
            .most = static_cast<std::int64_t>(Access::password_max)};
}

std::vector<Field> deed_fields(std::string_view actions) {
    return {
        {.name = "action", .use = Use::must, .about = "What is to be done", .values = actions},
        {.name = "whom", .about = "To whom", .values = "one|everybody|all-but-hosts|group|himself"},
        {.name = "participant", .about = "The id of whom it is about, if it is about one"},
        {.name = "group",
         .about = "If it is about a group; empty: about who is in none",
         .most = 500},
        {.name = "amount",
         .type = Type::number,
         .about = "Steps of 3 dB, of the volumes",
         .most = 10,
         .least = -10},
        {.name = "text",
         .about = "A role, a group, a room, a number to call, what is to be said, or a sound",
         .most = 500}};
}

} // namespace

void Api::add_session_routes() {
    const Field code{.name = "code", .about = "Of the authenticator", .most = 16};
    const auto password = password_field("password", "The new one: at least 8 characters");
    const auto add = [this](Route route) { routes_.push_back(std::move(route)); };
    const auto& shown = session_fields();
    add({"GET", "/session", Right::log_in, "Who is logged in", {}, shown, {}, &Api::show_session});
    add({"POST",
         "/session",
         Right::none,
         "Log in: the answer sets a cookie",
         {{.name = "account", .use = Use::must},
          password_field("password", "Of the dashboard, which is not that of telephones"),
          code},
         shown,
         {},
         &Api::log_in});
    add({"DELETE", "/session", Right::log_in, "Log out", {}, {}, {}, &Api::log_out});
    const Field link{.name = "link", .use = Use::must_hide, .about = "What stands behind #link="};
    add({"POST",
         "/session/link",
         Right::none,
         "Choose a password by a one-time link, and log in",
         {link, password},
         shown,
         {},
         &Api::use_link});
    add({"POST",
         "/session/password",
         Right::log_in,
         "Change the password; other sessions end",
         {password_field("old_password", "As it was"), password},
         shown,
         {},
         &Api::set_password});
    add({"POST",
         "/session/totp",
         Right::log_in,
         "A secret for an authenticator (RFC 6238)",
         {},
         {{.name = "secret", .use = Use::shown, .about = "In base32"},
          {.name = "uri", .use = Use::shown, .about = "otpauth://…, for a QR code"}},
         {},
         &Api::offer_totp});
    add({"PATCH",
         "/session/totp",
         Right::log_in,
         "Ask for codes from now on; proved by one",
         {code},
         shown,
         {},
         &Api::set_totp});
    add({"DELETE",
         "/session/totp",
         Right::log_in,
         "Ask for no codes",
         {},
         {},
         {},
         &Api::clear_totp});
}

void Api::add_other_routes() {
    const auto add = [this](Route route) { routes_.push_back(std::move(route)); };
    const auto& conference = conference_fields();
    const Field steps{.name = "steps", .type = Type::texts, .use = Use::shown};
    const Field counters{.name = "counters", .type = Type::object, .use = Use::shown};
    const Field version{.name = "openapi", .use = Use::shown};
    add({"GET",
         "/openapi.json",
         Right::none,
         "This description",
         {},
         {version},
         {},
         &Api::show_description});
    add({"GET",
         "/conferences",
         Right::own_rooms,
         "The rooms in session",
         {},
         conference,
         "items",
         &Api::list_conferences});
    add({"GET",
         "/conferences/{room}",
         Right::own_rooms,
         "A room in session, with who is there",
         {},
         conference,
         {},
         &Api::show_conference});
    add({"POST",
         "/conferences/{room}/actions",
         Right::own_rooms,
         "Something is done in a room in session, as a host would",
         deed_fields(backend_.actions()),
         {},
         {},
         &Api::act});
    add({"GET",
         "/plan",
         Right::read,
         "What happens when ?to= is dialled, step by step",
         {},
         {steps},
         {},
         &Api::explain});
    add({"GET",
         "/status",
         Right::read,
         "Counters of the server",
         {},
         {counters},
         {},
         &Api::show_status});
}

/// Who is there, and who is told so.
void Api::add_presence_routes() {
    const auto add = [this](Route route) { routes_.push_back(std::move(route)); };
    add({"GET",
         "/presence",
         Right::read,
         "Whether those of ?of=, between commas, are there, and what they do",
         {},
         {{.name = "name", .use = Use::shown},
          {.name = "available", .type = Type::flag, .use = Use::shown},
          {.name = "activities",
           .type = Type::texts,
           .use = Use::shown,
           .about = "on-the-phone, meeting, away, … (RFC 4480)"},
          {.name = "notes", .type = Type::texts, .use = Use::shown, .about = "For people"}},
         "items",
         &Api::glance});
    add({"GET",
         "/subscriptions/{id}/told",
         Right::act,
         "What a watcher knows",
         {},
         {{.name = "body", .use = Use::shown, .about = "Empty: he was told nothing yet"},
          {.name = "at", .use = Use::shown, .about = "When the last NOTIFY was sent"},
          {.name = "newest",
           .type = Type::flag,
           .use = Use::shown,
           .about = "Nothing has changed since"}},
         {},
         &Api::show_told});
}

void Api::add_passkey_routes() {
    const auto add = [this](Route route) { routes_.push_back(std::move(route)); };
    const auto octets = octets_field;
    const auto client_data = octets("client_data", "As the browser has put it together, in base64");
    const auto authenticator_data = octets("authenticator_data", "In base64");
    const auto& offered = offered_fields();
    const std::vector<Field> listed{{.name = "id", .use = Use::shown},
                                    {.name = "name", .use = Use::shown}};
    add({"POST",
         "/session/passkey-challenge",
         Right::none,
         "Before one logs in by a passkey",
         {},
         offered,
         {},
         &Api::offer_passkey});
    add({"POST",
         "/session/passkey",
         Right::none,
         "Log in by a passkey: the answer sets a cookie",
         {{.name = "id", .use = Use::must, .most = 1400},
          client_data,
          authenticator_data,
          octets("signature", "In base64")},
         session_fields(),
         {},
         &Api::use_passkey});
    add({"GET",
         "/session/passkeys",
         Right::log_in,
         "Passkeys of who is logged in",
         {},
         listed,
         "items",
         &Api::list_passkeys});
    add({"POST",
         "/session/passkeys/challenge",
         Right::log_in,
         "Before one makes a passkey",
         {},
         offered,
         {},
         &Api::offer_passkey});
    add({"POST",
         "/session/passkeys",
         Right::log_in,
         "A passkey that has been made",
         {{.name = "name", .use = Use::must, .about = "What one calls it", .most = 64},
          {.name = "algorithm",
           .type = Type::number,
           .use = Use::must,
           .about = "Of COSE: -7, -8 or -257",
           .most = -7,
           .least = -257},
          client_data,
          authenticator_data},
         listed,
         "items",
         &Api::add_passkey});
    add({"DELETE",
         "/session/passkeys/{id}",
         Right::log_in,
         "A passkey lets nobody in any more",
         {},
         {},
         {},
         &Api::remove_passkey});
}

void Api::add_call_routes() {
    const auto add = [this](Route route) { routes_.push_back(std::move(route)); };
    add({"POST",
         "/users/{name}/setup",
         Right::configure,
         "A link by which a telephone of his sets itself up, once: to be shown as a QR code",
         {},
         {{.name = "path", .use = Use::shown, .about = "On this server; for a day"}},
         {},
         &Api::offer_setup});
    add({"GET",
         "/calls/{id}/messages",
         Right::act,
         "What was said by SIP in a call that is over, if it is still known",
         {},
         message_fields(),
         "items",
         &Api::show_messages});
    add({"GET",
         "/calls/{id}/capture",
         Right::act,
         "The same as a file for Wireshark and its like",
         {},
         {},
         {},
         &Api::show_capture,
         capture_type});
}

void Api::show_session(Call& call) { call.reply(json_response(access_.shown(*call.who))); }

void Api::log_in(Call& call) {
    auto reply = [this, at = call.now, name = text_in(call.sent, "account"),
                  peer = call.request.peer, done = call.reply](http::Response response) {
        const bool in = response.status == 200;
        const Redacted from{peer.ip.to_string()};
        if (in) log_.info("web.log-in", {{"account", Redacted{name}}, {"from", from}});
        else log_.warning("web.log-in-refused", {{"account", Redacted{name}}, {"from", from}});
        // What strangers make up is in the log only: the audit log is not for them to fill.
        if (in || access_.knows(name))
            backend_.note(
                {at, name, "log-in", from.text, in ? "" : std::string(title_of(response.status))});
        done(std::move(response));
    };
    access_.log_in(call.sent, call.request, call.now, std::move(reply));
}

void Api::log_out(Call& call) {
    access_.log_out(*call.who);
    call.reply(
        {.status = 204,
         .headers = {{"Set-Cookie", std::string(Access::cookie) +
                                        "=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"}}});
}

void Api::use_link(Call& call) { access_.use_link(call.sent, call.request, call.now, call.reply); }

void Api::set_password(Call& call) {
    note(call, "password.change", call.who->name, {});
    access_.set_password(call.sent, call.request, *call.who, call.now, call.reply);
}

void Api::offer_totp(Call& call) { call.reply(access_.offer_totp(*call.who)); }

void Api::set_totp(Call& call) {
    note(call, "totp.on", call.who->name, {});
    call.reply(access_.set_totp(call.sent, *call.who, call.now));
}

void Api::clear_totp(Call& call) {
    note(call, "totp.off", call.who->name, {});
    access_.clear_totp(*call.who);
    call.reply({.status = 204});
}

void Api::offer_passkey(Call& call) {
    call.reply(access_.offer_passkey(call.request, call.who, call.now));
}

void Api::add_passkey(Call& call) {
    note(call, "passkey.add", text_in(call.sent, "name"), {});
    call.reply(access_.add_passkey(call.sent, call.request, *call.who, call.now));
}

void Api::use_passkey(Call& call) {
    access_.use_passkey(call.sent, call.request, call.now, call.reply);
}

void Api::list_passkeys(Call& call) { call.reply(access_.list_passkeys(*call.who)); }

void Api::remove_passkey(Call& call) {
    note(call, "passkey.remove", call.names[0], {});
    call.reply(access_.remove_passkey(call.names[0], *call.who));
}

void Api::list_conferences(Call& call) {
    json::array items;
    for (const auto& [name, room] : live_.rooms()) {
        if (!may_see(*call.who, name)) continue;
        items.push_back(Live::whole(room));
    }
    call.reply(json_response({{"items", std::move(items)}}));
}

void Api::show_conference(Call& call) {
    const auto room = live_.rooms().find(to_lower(call.names[0]));
    if (room == live_.rooms().end() || !may_see(*call.who, room->first))
        return call.reply(response_of({404, "the room is not in session"}));
    call.reply(json_response(Live::whole(room->second)));
}

void Api::act(Call& call) {
    const auto room = to_lower(call.names[0]);
    if (!leads(call.who->role) || !may_see(*call.who, room))
        return call.reply(response_of({403, "you do not lead this room"}));
    Deed deed{.room = room,
              .action = text_in(call.sent, "action"),
              .participant = text_in(call.sent, "participant"),
              .text = text_in(call.sent, "text"),
              .by = call.who->name,
              .group = text_in(call.sent, "group")};
    if (const auto* amount = call.sent.if_contains("amount")) deed.amount = amount->as_int64();
    deed.whom = text_in(call.sent, "whom");
    if (deed.whom.empty()) deed.whom = deed.participant.empty() ? "himself" : "one";
    // What was done is in the audit log of the room: the focus writes it.
    backend_.act(std::move(deed), [reply = call.reply](std::optional<Problem> problem) {
        reply(problem ? response_of(*problem) : http::Response{.status = 204});
    });
}

void Api::explain(Call& call) {
    const auto to = call.target.query.find("to");
    if (to == call.target.query.end() || to->second.empty() || to->second.size() > 256)
        return call.reply(response_of({400, "say what is dialled: ?to=", "to"}));
    json::array steps;
    for (auto& step : backend_.explain(to->second)) steps.emplace_back(std::move(step));
    call.reply(json_response({{"steps", std::move(steps)}}));
}

void Api::show_messages(Call& call) {
    backend_.messages_of(call.names[0],
                         [reply = call.reply](std::optional<std::vector<Object>> messages) {
                             if (!messages) return reply(response_of({404, "no such call"}));
                             json::array items(messages->begin(), messages->end());
                             reply(json_response({{"items", std::move(items)}}));
                         });
}

void Api::show_capture(Call& call) {
    backend_.capture_of(
        call.names[0], [reply = call.reply, id = call.names[0]](std::optional<std::string> file) {
            if (!file) return reply(response_of({404, "no such call"}));
            http::Response response{200, std::string(capture_type), std::move(*file)};
            response.headers.emplace_back("Content-Disposition",
                                          "attachment; filename=\"call-" + id + ".pcap\"");
            reply(std::move(response));
        });
}

void Api::offer_setup(Call& call) {
    const auto& user = call.names[0];
    const auto secret = backend_.offer_setup(user, call.now + setup_time);
    if (!secret) return call.reply(response_of({404, "there is nobody of that name"}));
    note(call, "users.setup", user, {});
    call.reply(json_response({{"path", std::string(setup_root) + *secret}}));
}

void Api::serve_setup(const http::Request& request, WallTime now, const Reply& reply) {
    const auto document = backend_.setup_for(request.target.substr(setup_root.size()),
                                             site_of(request).host, request.secure, now);
    if (!document) return reply(response_of({404, "this link has been used, or is too old"}));
    reply({200, "application/xml; charset=utf-8", *document, {{"Cache-Control", "no-store"}}});
}

void Api::glance(Call& call) {
    const auto of = call.target.query.find("of");
    std::vector<std::string> names;
    if (of != call.target.query.end())
        for (std::string_view rest = of->second; !rest.empty();) names.emplace_back(cut(rest, ','));
    if (names.empty() || names.size() > glances_max)
        return call.reply(response_of({400, "say 1 to 100 names: ?of=", "of"}));
    backend_.glance_at(std::move(names), [reply = call.reply](std::vector<Object> glances) {
        json::array items(glances.begin(), glances.end());
        reply(json_response({{"items", std::move(items)}}));
    });
}

void Api::show_told(Call& call) {
    backend_.told(call.names[0], [reply = call.reply](std::optional<Object> told) {
        reply(told ? json_response(std::move(*told))
                   : response_of({404, "there is no such subscription"}));
    });
}

void Api::show_status(Call& call) {
    Object counters;
    for (const auto& [name, value] : backend_.counters()) counters[name] = value;
    call.reply(json_response({{"counters", std::move(counters)}}));
}

void Api::show_description(Call& call) { call.reply(json_response(description())); }

void Api::serve_health(const Reply& reply) const {
    const bool ready = !backend_.counters().empty(); // They come from the thread of the calls.
    reply(json_response({{"live", true}, {"ready", ready}}, ready ? 200 : 503));
}

/// For Prometheus: from this machine to everybody, from elsewhere with a token.
void Api::serve_metrics(const http::Request& request, WallTime now, const Reply& reply) {
    const auto who = access_.identify(request, now);
    const bool may = who && has(who->role, Right::read) && who->is_for("metrics");
    if (!request.peer.ip.is_loopback() && !may) return reply(response_of({401, "say a token"}));
    std::string text, said;
    for (const auto& [name, value] : backend_.counters()) {
        const auto metric = name.substr(0, name.find('{')); // Labels follow.
        if (metric != said)
            text.append("# TYPE lyceum_" + metric)
                .append(metric.ends_with("_total") ? " counter\n" : " gauge\n");
        said = metric;
        text += "lyceum_" + name + " " + std::to_string(value) + "\n";
    }
    reply({200, "text/plain; version=0.0.4; charset=utf-8", std::move(text)});
}

} // namespace lyceum::webadmin
