// SPDX-License-Identifier: Apache-2.0
#include "server/b2bua/b2bua.hpp"

#include "base/text.hpp"
#include "sip/message/writer.hpp"

#include <algorithm>
#include <utility>

namespace lyceum::b2bua {

using sip::Header;
using sip::Method;

namespace {

constexpr std::size_t forks_max = 16; // Early dialogs that one INVITE may make.

constexpr std::string_view no_media = "No media";

/// RFC 3326 §2.
std::string reason_for(int status, std::string_view why) {
    return "SIP;cause=" + std::to_string(status) + ";text=\"" + std::string(why) + "\"";
}

/// What a gateway says that cannot take calls now; another may.
bool asks_another(int status) { return status == 500 || (status >= 502 && status <= 504); }

std::string host_of(std::string_view uri_text) {
    const auto uri = sip::Uri::parse(uri_text);
    return uri ? std::string(uri->host) : std::string();
}

} // namespace

B2bua::B2bua(Options options, sip::UserAgent& agent, trunk::Trunks& trunks, NumberOf number_of,
             const sip::LocalAddresses& local, Entropy& entropy, Log& log)
    : options_(std::move(options)), agent_(agent), trunks_(trunks),
      number_of_(std::move(number_of)), local_(local), entropy_(entropy), log_(log),
      bridge_(options_.bridge, agent, entropy),
      transfers_(options_.server_name, agent, bridge_, entropy, log),
      takeovers_(options_.server_name, agent, bridge_, entropy, log),
      joins_(options_.server_name, agent, bridge_, entropy, log) {}

// ── What comes ───────────────────────────────────────────────────────────────────────────────────

bool B2bua::handle_stranger(const sip::UserAgent::Output& shown, TimePoint now) {
    if (const auto* ack = std::get_if<sip::AckReceived>(&shown)) takeovers_.handle_ack(ack->ack);
    bool taken = bridge_.handle_stranger(shown, now) || transfers_.handle_stranger(shown, now) ||
                 joins_.handle_stranger(shown, now);
    if (taken) drain(now);
    else if (const auto* request = std::get_if<sip::RequestReceived>(&shown))
        taken = handle_request(*request, now);
    else if (const auto* response = std::get_if<sip::ResponseReceived>(&shown))
        taken = handle_response(*response, now);
    else if (const auto* failed = std::get_if<sip::RequestFailed>(&shown))
        taken = handle_failure(*failed, now);
    else if (const auto* ack = std::get_if<sip::AckReceived>(&shown))
        taken = ack->from == inside_server; // Of a call that is over.
    return taken;
}

bool B2bua::handle_request(const sip::RequestReceived& received, TimePoint now) {
    const auto& [transaction, request, from] = received;
    if (request.method() == Method::cancel) return handle_cancel(received, now);
    const bool begins = sip::tag_of(request, Header::to).empty();
    if (from == inside_server) {
        if (!begins) refuse(received, 481, {}, now);
        else if (request.method() != Method::invite) refuse(received, 405, {}, now);
        else if (request.header(Header::route)) handle_across(received, now);
        else if (!handle_pickup(received, now) && !takeovers_.handle_invite(received, now) &&
                 !handle_join(received, now))
            handle_outward(received, now);
        drain(now);
        return true;
    }
    if (!begins || request.method() != Method::invite) return false;
    const auto* trunk = trunks_.at(from.address.ip);
    if (!trunk) return false;
    handle_inward(received, *trunk, now);
    return true;
}

bool B2bua::handle_cancel(const sip::RequestReceived& received, TimePoint now) {
    const auto invite = agent_.transactions().invite_of(received.request);
    const auto found = invite ? invites_.find(*invite) : invites_.end();
    if (found == invites_.end()) return takeovers_.handle_cancel(received, now);
    refuse(received, 200, {}, now);
    auto& call = calls_.at(found->second);
    call.cancelled = true;
    if (call.client)
        agent_.cancel(*call.client,
                      std::string(received.request.header(Header::reason).value_or("")), now);
    return true;
}

bool B2bua::handle_response(const sip::ResponseReceived& received, TimePoint now) {
    const auto& response = received.response;
    if (const auto given_up = abandoned_.find(received.transaction); given_up != abandoned_.end()) {
        if (response.status() < 200) return true;
        if (response.status() < 300) {
            // Too late: he has picked up a call that is another's by now.
            if (auto dialog = sip::Dialog::uac(given_up->second, response)) {
                agent_.acknowledge(dialog->ack(sip::cseq_of(given_up->second)).finish(),
                                   received.from, now);
                agent_.request(dialog->request(Method::bye).finish(), {received.from}, {{}, true},
                               now);
            }
        }
        abandoned_.erase(given_up);
        return true;
    }
    const auto found = clients_.find(received.transaction);
    if (found == clients_.end()) return false;
    const auto id = found->second;
    auto& call = calls_.at(id);
    waits_.remove(id);
    if (call.way.gateway) trunks_.handle_outcome(call.way.gateway, true, now);
    if (response.status() >= 300) handle_refusal(id, response, now);
    else if (response.status() > 100) handle_progress(id, received, now);
    return true;
}

bool B2bua::handle_failure(const sip::RequestFailed& failed, TimePoint now) {
    if (abandoned_.erase(failed.transaction) > 0) return true;
    const auto found = clients_.find(failed.transaction);
    if (found == clients_.end()) return false;
    const auto id = found->second;
    auto& call = calls_.at(id);
    waits_.remove(id);
    clients_.erase(found);
    call.client.reset();
    if (call.way.gateway) trunks_.handle_outcome(call.way.gateway, false, now);
    // A device is silent, or not there at all; of gateways it is the same to the caller.
    if (call.kind == Kind::across)
        call.unreached = failed.why == sip::Effects::Failure::timeout ? 408 : 480;
    try_next(id, now);
    return true;
}

void B2bua::handle_timeout(TimePoint now) {
    bridge_.handle_timeout(now);
    takeovers_.handle_timeout(now);
    drain(now);
    while (const auto id = waits_.expired(now)) {
        auto& call = calls_.at(*id);
        trunks_.handle_outcome(call.way.gateway, false, now);
        abandon(call, {}, now);
        call.client.reset();
        try_next(*id, now);
    }
}

/// What it may still say is not for the caller any more.
void B2bua::abandon(const Call& call, std::string reason, TimePoint now) {
    if (!call.client) return;
    clients_.erase(*call.client);
    abandoned_.emplace(*call.client, call.sent);
    agent_.cancel(*call.client, std::move(reason), now);
}

// ── A call begins ────────────────────────────────────────────────────────────────────────────────

/// The proxy has written the trunk where the host of the Request-URI is, and who calls, which it
/// has proven, into P-Asserted-Identity.
void B2bua::handle_outward(const sip::RequestReceived& received, TimePoint now) {
    const auto& request = received.request;
    const auto uri = sip::Uri::parse(request.request_uri());
    const auto* trunk = trunks_.find(uri->host);
    if (!trunk) return refuse(received, 404, "No Such Trunk", now);
    auto caller = caller_of(request, true);
    // Whoever has not proven who he is, is nobody whom we would vouch for.
    if (!request.header("P-Asserted-Identity")) caller = {{}, {}, caller.is_private};
    Call call{received, *trunk, Kind::outward, std::move(caller), {}};
    for (auto& way : trunks_.ways(trunk->name, uri->user)) call.ways.push_back(std::move(way));
    call.caller_contact =
        "sip:" + std::string(uri->user) + "@" + options_.domain; // Dialled again, it leads there.
    call.caller.user = shown_number(*trunk, call.caller, number_of_(call.caller.user));
    begin(std::move(call), now);
}

/// A provider says whom it is for in the Request-URI, or only in To, under the name that we have
/// registered.
void B2bua::handle_inward(const sip::RequestReceived& received, const trunk::Trunk& trunk,
                          TimePoint now) {
    const auto& request = received.request;
    const auto uri = sip::Uri::parse(request.request_uri());
    std::string number(uri->user);
    const auto to = sip::NameAddr::parse(*request.header(Header::to));
    const auto meant = to ? to->uri() : Result<sip::Uri, Fault>(Fault{});
    const bool is_our_name = !trunk.login.user.empty() && number == trunk.login.user;
    if (meant && !meant->user.empty() && (is_our_name || number.empty())) number = meant->user;
    Call call{received, trunk, Kind::inward, caller_of(request, trunk.trusted), {}};
    const auto of_ours = [this](const std::string& name) {
        return "sip:" + name + "@" + options_.domain;
    };
    call.ways.push_back({{}, of_ours(number), inside_server});
    if (!trunk.inbound.empty()) {
        const bool is_uri = trunk.inbound.find(':') != std::string::npos;
        call.ways.push_back({{}, is_uri ? trunk.inbound : of_ours(trunk.inbound), inside_server});
    }
    call.caller_contact = sip::own_uri(number, local_, received.from);
    begin(std::move(call), now);
}

void B2bua::begin(Call call, TimePoint now) {
    const auto& [transaction, request, from] = call.invite;
    const auto hops = request.header(Header::max_forwards);
    if (hops && parse_number<unsigned>(*hops) == 0u) return refuse(call.invite, 483, {}, now);
    if (!sip::Dialog::uas(request, "x")) return refuse(call.invite, 400, "Missing Contact", now);
    auto& count = calls_by_trunk_[call.trunk.name];
    if (calls_.size() >= options_.calls_max || count >= call.trunk.calls_max) {
        log_.warning("trunk.full", {{"trunk", call.trunk.name}});
        return refuse(call.invite, 503, "Trunk Is Full", now, {{Header::retry_after, "30"}});
    }
    const CallId id{++last_call_};
    log_.info("trunk.call",
              {{"call", id.value}, {"trunk", call.trunk.name}, {"way", name_of(call.kind)}});
    invites_.emplace(transaction, id);
    ++count;
    calls_.emplace(id, std::move(call));
    try_next(id, now);
}

void B2bua::try_next(CallId id, TimePoint now) {
    auto& call = calls_.at(id);
    for (const auto pair : std::exchange(call.pairs, {})) {
        pairs_.erase(pair); // Early dialogs of who has refused.
        bridge_.hang_up(pair, {}, now);
    }
    drain(now);
    if (call.cancelled || call.ways.empty()) return finish(id, now);
    call.way = std::move(call.ways.front());
    call.ways.pop_front();
    invite(id, now);
}

void B2bua::invite(CallId id, TimePoint now) {
    auto& call = calls_.at(id);
    const auto& request = call.invite.request;
    call.media = media_for(call);
    std::string body(request.body());
    if (const auto said = sip::description_in(request); call.media && !said.empty()) {
        const auto told = call.media->pass(RelayedMedia::Side::first, said, Turn::offer);
        if (!told && call.media->lacks_port()) return give_up(id, 503, "No Port Is Free", now);
        if (!told) return give_up(id, 488, "No Usable Description", now);
        body = with_description(std::move(body), said, *told);
    }
    auto writer = call.kind == Kind::outward  ? outward_invite(call)
                  : call.kind == Kind::inward ? inward_invite(call)
                                              : across_invite(call);
    const auto call_id = entropy_.hex(16);
    outputs_.emplace_back(Continued{std::string(*request.header(Header::call_id)), call_id});
    writer.header(Header::call_id, call_id);
    writer.header(Header::cseq, "1 INVITE");
    writer.header(Header::contact, "<" + call.callee_contact + ">");
    const auto hops = parse_number<unsigned>(request.header(Header::max_forwards).value_or("70"));
    writer.header(Header::max_forwards, std::max(hops.value_or(70), 1u) - 1);
    copy_across(writer, request, {}, call.kind == Kind::across && call.caller.is_private);
    writer.header(Header::user_agent, options_.server_name);
    call.sent = writer.finish({}, body);
    call.credentials.reset();
    send(id, now);
    if (call.way.gateway) waits_.set(id, now + options_.answer_within);
}

std::optional<B2bua::Output> B2bua::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto out = std::move(outputs_.front());
    outputs_.pop_front();
    return out;
}

void B2bua::send(CallId id, TimePoint now) {
    auto& call = calls_.at(id);
    call.client = agent_.request(call.sent, {call.way.where}, {{}, true}, now);
    clients_.emplace(*call.client, id);
}

sip::MessageWriter B2bua::outward_invite(Call& call) {
    const auto& trunk = call.trunk;
    const auto own = local_.toward(call.way.where);
    // Who has an account is somebody in the provider's domain; a neighbour is somebody here.
    const auto host = trunk.login.user.empty() ? own.ip.to_host() : host_of(call.way.uri);
    const auto& name = trunk.login.user.empty() ? call.caller.user : trunk.login.user;
    call.callee_contact = sip::own_uri(name, local_, call.way.where);
    auto writer = sip::MessageWriter::request(Method::invite, call.way.uri);
    writer.header(Header::from, from_value(call.caller, host) + ";tag=" + entropy_.hex(8));
    writer.header(Header::to, "<" + call.way.uri + ">");
    write_identity(writer, call.caller, host, trunk.trusted);
    return writer;
}

sip::MessageWriter B2bua::inward_invite(Call& call) {
    const auto& caller = call.caller;
    const auto user = caller.user.empty() || caller.is_private ? "anonymous" : caller.user;
    call.callee_contact = "sip:" + user + "@" + options_.domain;
    auto writer = sip::MessageWriter::request(Method::invite, call.way.uri);
    const auto from = from_value(caller, options_.domain);
    writer.header(Header::from, from + ";tag=" + entropy_.hex(8));
    writer.header(Header::to, "<" + call.way.uri + ">");
    write_identity(writer, caller, options_.domain, call.trunk.trusted);
    return writer;
}

// ── The other side answers ───────────────────────────────────────────────────────────────────────

void B2bua::handle_progress(CallId id, const sip::ResponseReceived& received, TimePoint now) {
    auto& call = calls_.at(id);
    const auto& response = received.response;
    std::string body(response.body());
    if (const auto said = sip::description_in(response); call.media && !said.empty()) {
        const bool asked = !sip::description_in(call.invite.request).empty();
        const auto told =
            call.media->pass(RelayedMedia::Side::second, said, asked ? Turn::answer : Turn::offer);
        if (!told) return handle_unusable(id, received, now);
        body = with_description(std::move(body), said, *told);
    }
    const auto pair = pair_for(id, received);
    if (!pair) return;
    if (response.status() >= 200 && !bridge_.is_confirmed(pair)) {
        bridge_.confirm(pair, response, received.from, sip::cseq_of(call.sent), call.credentials,
                        now);
        if (!std::exchange(call.answered, true)) log_.info("trunk.answered", {{"call", id.value}});
        drain(now); // To disk.
        // Where the room that he has made is, he is told by it.
        if (const auto contact = response.header(Header::contact); call.joins && contact)
            joins_.begin(std::exchange(call.joins, {}), sip::uri_in(*contact), now);
    }
    const auto tag = bridge_.end(pair, Bridge::caller).dialog.key().local_tag;
    pass_back(call, response, tag, body, now);
}

/// Who has answered so is hung up on, as one who has picked up too late.
void B2bua::handle_unusable(CallId id, const sip::ResponseReceived& received, TimePoint now) {
    auto& call = calls_.at(id);
    const bool final = received.response.status() >= 200;
    if (final) {
        clients_.erase(received.transaction);
        abandoned_.emplace(received.transaction, call.sent);
        call.client.reset();
    }
    log_.warning("trunk.unusable-answer", {{"call", id.value}});
    give_up(id, 488, "No Usable Description", now);
    if (final) handle_response(received, now);
    drain(now);
}

/// The pair of dialogs that this response belongs to, or makes; none: it makes no dialog.
PairId B2bua::pair_for(CallId call_id, const sip::ResponseReceived& received) {
    auto& call = calls_.at(call_id);
    const auto tag = sip::tag_of(received.response, Header::to);
    for (const auto pair : call.pairs)
        if (bridge_.end(pair, Bridge::callee).dialog.key().remote_tag == tag) return pair;
    if (call.pairs.size() >= forks_max) return {};
    auto callee = sip::Dialog::uac(call.sent, received.response);
    auto caller = sip::Dialog::uas(call.invite.request, entropy_.hex(8));
    if (!callee || !caller) return {};
    End near{std::move(*caller), call.invite.from, call.caller_contact};
    End far{std::move(*callee), received.from, call.callee_contact};
    auto& outside = call.kind == Kind::outward ? far : near;
    if (!call.trunk.login.user.empty()) outside.login = call.trunk.login;
    // Who has not proven who he is sends nobody anywhere.
    near.may_refer = call.invite.from == inside_server &&
                     call.invite.request.header("P-Asserted-Identity").has_value();
    far.may_refer = call.kind != Kind::outward;
    const auto id = bridge_.join(std::move(near), std::move(far), call.invite.request,
                                 sip::cseq_of(call.sent), call.media);
    call.pairs.push_back(id);
    pairs_.emplace(id, call_id);
    return id;
}

void B2bua::handle_refusal(CallId id, const sip::Message& response, TimePoint now) {
    auto& call = calls_.at(id);
    clients_.erase(*call.client);
    call.client.reset();
    const int status = response.status();
    const bool asks = status == 401 || status == 407;
    const bool outward = call.kind == Kind::outward;
    if (asks && outward && !call.trunk.login.user.empty() && !call.credentials && !call.cancelled) {
        call.credentials = sip::answer_challenge(response, call.trunk.login, "INVITE",
                                                 call.sent.request_uri(), entropy_.hex(8));
        if (call.credentials) {
            call.sent = with_credentials(call.sent, sip::cseq_of(call.sent) + 1, *call.credentials);
            return send(id, now);
        }
    }
    call.failure = response;
    if (asks && outward) log_.warning("trunk.refused", {{"trunk", call.trunk.name}});
    const bool elsewhere = outward                     ? asks || asks_another(status)
                           : call.kind == Kind::inward ? status == 404 && !call.ways.empty()
                                                       : false;
    if (!elsewhere) call.ways.clear();
    try_next(id, now);
}

/// Nobody is left to be asked. A redirection or a question for a password is not for the caller.
void B2bua::finish(CallId id, TimePoint now) {
    auto& call = calls_.at(id);
    const int status = call.cancelled ? 487
                       : call.failure ? call.failure->status()
                                      : call.unreached;
    if (call.cancelled || !call.failure) {
        refuse(call.invite, status, {}, now);
    } else if (status == 401 || status == 407 || (status < 400 && call.kind != Kind::across)) {
        refuse(call.invite, call.kind == Kind::outward ? 503 : status < 400 ? 480 : 403, {}, now);
    } else {
        pass_back(call, *call.failure, entropy_.hex(8), call.failure->body(), now);
    }
    forget(id);
}

/// What a device says of where it is instead, the proxy follows.
void B2bua::pass_back(Call& call, const sip::Message& response, std::string_view tag,
                      std::string_view body, TimePoint now) {
    const auto& request = call.invite.request;
    auto writer = sip::MessageWriter::reply(request, response.status(), response.reason(), tag);
    if (response.status() < 300) {
        writer.copy(request, Header::record_route);
        writer.header(Header::contact, "<" + call.caller_contact + ">");
    } else if (response.status() < 400) {
        writer.copy(response, Header::contact);
    }
    copy_across(writer, response, {});
    writer.header(Header::server, options_.server_name);
    agent_.respond(call.invite.transaction, writer.finish({}, body), now);
}

void B2bua::refuse(const sip::RequestReceived& received, int status, std::string_view reason,
                   TimePoint now, const Headers& headers) {
    auto writer = sip::MessageWriter::reply(received.request, status, reason, entropy_.hex(8));
    for (const auto& [name, value] : headers) writer.header(name, value);
    writer.header(Header::server, options_.server_name);
    agent_.respond(received.transaction, writer.finish(), now);
}

// ── The end ──────────────────────────────────────────────────────────────────────────────────────

void B2bua::drain(TimePoint now) {
    while (const auto output = bridge_.poll()) {
        if (const auto* over = std::get_if<Bridge::Over>(&*output)) {
            transfers_.handle_over(over->pair, now);
            takeovers_.handle_over(over->pair, now);
            joins_.handle_over(over->pair, now);
            if (!over->name.empty()) outputs_.emplace_back(Forget{over->name});
            handle_over(over->pair);
        } else if (const auto* referred = std::get_if<Bridge::Referred>(&*output)) {
            transfers_.handle_referred(*referred, now);
        } else if (const auto* changed = std::get_if<Bridge::Changed>(&*output)) {
            keep(changed->pair);
        } else {
            const auto& reinvited = std::get<Bridge::Reinvited>(*output);
            if (takeovers_.handle_reinvited(reinvited, now)) continue;
            if (!joins_.handle_reinvited(reinvited, now))
                transfers_.handle_reinvited(reinvited, now);
            else if (const auto split = joins_.poll()) adopt(*split);
        }
    }
}

void B2bua::adopt(const Joins::Split& split) {
    const auto call = pairs_.at(split.pair);
    calls_.at(call).pairs.push_back(split.callers);
    calls_.at(call).media.reset(); // It is the callers' alone.
    pairs_.emplace(split.callers, call);
}

/// A call is over with the last of its pairs, once it was answered.
void B2bua::handle_over(PairId over) {
    const auto found = pairs_.find(over);
    if (found == pairs_.end()) return;
    const auto id = found->second;
    pairs_.erase(found);
    auto& call = calls_.at(id);
    std::erase(call.pairs, over);
    const bool goes_on = std::any_of(call.pairs.begin(), call.pairs.end(),
                                     [&](PairId each) { return bridge_.is_confirmed(each); });
    if (!call.answered || goes_on) return;
    for (const auto pair : std::exchange(call.pairs, {})) { // Others that only rang.
        pairs_.erase(pair);
        bridge_.hang_up(pair, {}, {});
    }
    forget(id);
}

void B2bua::end_all(TimePoint now) {
    while (!calls_.empty()) give_up(calls_.begin()->first, 503, "Server is shutting down", now);
    drain(now);
}

void B2bua::handle_media_lost(RelayId relay, TimePoint now) {
    const auto call = std::find_if(calls_.begin(), calls_.end(), [&](const auto& each) {
        return each.second.media && each.second.media->has(relay);
    });
    // In a room, who has none does not go with who has.
    const auto pair = std::find_if(pairs_.begin(), pairs_.end(), [&](const auto& each) {
        return bridge_.has(each.first, relay);
    });
    if (call != calls_.end()) give_up(call->first, 408, no_media, now);
    else if (pair != pairs_.end()) bridge_.hang_up(pair->first, reason_for(408, no_media), now);
    drain(now);
}

/// Both sides hear that it is over, whatever they have been told before.
void B2bua::give_up(CallId id, int status, std::string_view why, TimePoint now) {
    auto& call = calls_.at(id);
    const auto reason = reason_for(status, why);
    for (const auto pair : std::exchange(call.pairs, {})) {
        pairs_.erase(pair);
        bridge_.hang_up(pair, reason, now);
    }
    if (!call.answered) {
        abandon(call, {}, now);
        refuse(call.invite, status, {}, now);
    }
    forget(id);
}

void B2bua::forget(CallId id) {
    const auto found = calls_.find(id);
    auto& call = found->second;
    log_.info("trunk.call.ended", {{"call", id.value}, {"answered", call.answered}});
    if (call.client) clients_.erase(*call.client);
    invites_.erase(call.invite.transaction);
    waits_.remove(id);
    --calls_by_trunk_[call.trunk.name];
    calls_.erase(found);
}

} // namespace lyceum::b2bua
