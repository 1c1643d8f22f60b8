// SPDX-License-Identifier: Apache-2.0
#include "server/proxy/proxy.hpp"

#include "base/text.hpp"
#include "server/proxy/across.hpp"
#include "server/routing/preferences.hpp"
#include "sip/message/writer.hpp"

#include <algorithm>
#include <iterator>

namespace lyceum::proxy {
namespace {

using sip::Header;
using sip::Method;
using sip::Refusal;

constexpr unsigned breadth_standard = 60; // RFC 5393 §5.3.3.

bool makes_dialog(const sip::Message& request) {
    const auto method = request.method();
    return (method == Method::invite || method == Method::subscribe || method == Method::refer) &&
           sip::tag_of(request, Header::to).empty();
}

bool is_loose(std::string_view route) {
    const auto text = sip::uri_in(route); // The URI is a view into it.
    const auto uri = sip::Uri::parse(text);
    return uri && uri->params.has("lr");
}

bool leads_by_trunk(const routing::Plan& plan) {
    for (const auto& group : plan.groups)
        for (const auto& target : group.targets)
            if (!target.number.empty() || target.where == sip::inside(sip::Inside::b2bua))
                return true;
    return false;
}

/// Who dials sips: is promised TLS on every hop (RFC 3261 §26.2.2).
void keep_secure(routing::Plan& plan) {
    const auto is_plain = [](const routing::Target& target) {
        if (istarts_with(target.uri, "sips:")) return false;
        return !target.where || (target.where->transport != sip::Transport::tls &&
                                 target.where->transport != sip::Transport::wss);
    };
    for (auto& group : plan.groups) std::erase_if(group.targets, is_plain);
    std::erase_if(plan.groups,
                  [](const routing::Group& each) { return each.targets.empty() && !each.here; });
}

/// How a call goes there, for its record.
std::string way_of(const routing::Target& target) {
    if (target.is_device) return "member";
    if (target.where != sip::inside(sip::Inside::b2bua)) return "outward";
    const auto uri = sip::Uri::parse(target.uri);
    return "trunk " + std::string(uri ? uri->host : "");
}

/// Of the answer that the caller is to get; 0: it is none.
int status_of(const Fork::Output& output) {
    if (const auto* answer = std::get_if<Fork::PassOn>(&output)) return answer->response.status();
    const auto* finish = std::get_if<Fork::Finish>(&output);
    return finish ? finish->status : 0;
}

unsigned breadth_of(const sip::Message& request) {
    const auto value = request.header("Max-Breadth");
    return value ? parse_number<unsigned>(*value).value_or(breadth_standard) : breadth_standard;
}

} // namespace

Proxy::Proxy(Options options, sip::UserAgent& agent, const routing::Router& router,
             identity::Identity& identity, records::CallRecords& records,
             const sip::LocalAddresses& local, sip::KeyedHash hash, Entropy& entropy, Log& log)
    : options_(std::move(options)), agent_(agent), router_(router), identity_(identity),
      records_(records), hash_(std::move(hash)),
      record_route_(router.domains(), options_.ports, local, hash_), entropy_(entropy), log_(log),
      calls_by_member_(options_.calls_per_minute / 60, options_.calls_per_minute) {}

// ── A request comes ──────────────────────────────────────────────────────────────────────────────

void Proxy::handle_stranger(sip::UserAgent::Output& shown, TimePoint now) {
    if (auto* request = std::get_if<sip::RequestReceived>(&shown))
        handle_request(std::move(*request), now);
    else if (const auto* ack = std::get_if<sip::AckReceived>(&shown)) handle_ack(*ack, now);
    else if (const auto* response = std::get_if<sip::ResponseReceived>(&shown))
        handle_response(*response, now);
    else if (const auto* failed = std::get_if<sip::RequestFailed>(&shown))
        handle_failure(*failed, now);
}

void Proxy::handle_request(sip::RequestReceived received, TimePoint now) {
    const auto& request = received.request;
    if (request.method() == Method::cancel) return handle_cancel(std::move(received), now);
    // What somebody publishes is for the server that keeps it, not for his phones.
    if (request.method() == Method::publish) return agent_.take(std::move(received), now);
    auto way = record_route_.read(request, received.from);
    routing::Plan plan;
    const bool inside = way.known && !sip::tag_of(request, Header::to).empty();
    if (inside && request.method() == Method::bye) records_.handle_bye(request, now);
    if (inside || way.open || !way.routes.empty()) {
        plan.groups.push_back({{}, {{way.uri, {}, way.where, {}, {}, {}, false}}, {}, {}});
        plan.outward = !inside;
    } else {
        const bool lost = !sip::tag_of(request, Header::to).empty();
        plan = lost ? routing::Plan{} : router_.plan(way.uri);
        if (plan.emergency) {
            // Whoever runs this must hear of it, and the caller must try by other means at once.
            log_.error(plan.groups.empty() ? "emergency.call.refused" : "emergency.call",
                       {{"from", Redacted{received.from.address.ip.to_string()}}});
            if (plan.groups.empty())
                return refuse(received, {503, "No Emergency Calls From Here"}, now);
        }
        // Nobody of that name: the user agent says so, as it does for rooms that are not there.
        if (plan.groups.empty() && plan.member.empty())
            return agent_.take(std::move(received), now);
        if (plan.member.empty() && plan.groups.front().here) {
            const auto& name = *plan.groups.front().here;
            const auto uri = sip::Uri::parse(request.request_uri());
            if (!uri || uri->user_name() != name)
                received.request = retargeted(request, router_.uri_of(name));
            return agent_.take(std::move(received), now);
        }
    }
    Caller caller;
    if (const auto refusal = check(request)) return refuse(received, *refusal, now);
    auto mark = mark_of(request);
    if (has_come_by(request, mark)) return refuse(received, {482}, now);
    if (!inside) {
        if (const auto refusal = authorize(received, plan, caller, now))
            return refuse(received, *refusal, now);
        // Who is not one of us does not learn which names are.
        if (plan.groups.empty() && !caller.known) return agent_.take(std::move(received), now);
        if (istarts_with(request.request_uri(), "sips:")) keep_secure(plan);
        auto preferences = routing::Preferences::of(request);
        preferences.redirects &= caller.known; // Nor where their devices are.
        preferences.apply(plan, router_.options().serial_ring);
        if (plan.redirects) return redirect(received, plan, now);
    }
    forward(std::move(received), std::move(way), std::move(plan), std::move(mark),
            std::move(caller.asserted), now);
}

/// §16.3.
std::optional<Refusal> Proxy::check(const sip::Message& request) const {
    const auto uri = sip::Uri::parse(request.request_uri());
    if (!uri->is_sip() && uri->scheme != sip::Uri::Scheme::tel) return Refusal{416};
    const auto hops = request.header(Header::max_forwards);
    if (hops && parse_number<unsigned>(*hops) == 0u) return Refusal{483};
    if (auto refusal = Refusal::of_extensions(request, {}, Header::proxy_require)) return refusal;
    const bool full = calls_.size() >= options_.forks_max + lingering_.size();
    if (full) return Refusal::busy(10s);
    return std::nullopt;
}

/// Who says that he is one of us, and who wants to get out by us, proves it by his password; and
/// then he is who he is, and nobody else.
std::optional<Refusal> Proxy::authorize(const sip::RequestReceived& received,
                                        const routing::Plan& plan, Caller& caller, TimePoint now) {
    if (received.from == sip::inside(sip::Inside::b2bua)) {
        // Who calls by a trunk reaches people here, and no telephones but those that they have set.
        // Somebody here may pass him on to wherever it costs nothing.
        const bool passed_on = received.request.header("P-Served-User").has_value();
        if (plan.outward && (!passed_on || leads_by_trunk(plan))) return Refusal{404};
        caller = {true, std::string(received.request.header("P-Asserted-Identity").value_or(""))};
        return std::nullopt;
    }
    if (received.from == sip::inside(sip::Inside::rooms)) {
        // Whom a room may call, its policy has said already.
        caller = {true, std::string(received.request.header("P-Served-User").value_or(""))};
        return std::nullopt;
    }
    const auto from = sip::NameAddr::parse(*received.request.header(Header::from));
    const auto uri = from->uri();
    const bool of_us = router_.domains().contains(*uri);
    if (!of_us && !plan.outward) return std::nullopt;
    auto outcome =
        identity_.check(received.request, received.from, now, identity::Challenger::proxy);
    if (!outcome.user) return Refusal{407, {}, std::move(outcome.challenge)};
    const bool anonymous = to_lower(uri->bare_host()).ends_with(".invalid"); // RFC 3323 §4.1.1.3.
    if (!anonymous && (!of_us || uri->user_name() != *outcome.user))
        return Refusal{403, "From Is Another's"};
    // A phone that has been taken over, or has gone mad, shall not ring everybody.
    const bool calls =
        received.request.method() == Method::invite && !received.from.address.ip.is_loopback();
    if (calls && !calls_by_member_.take(*outcome.user, now)) {
        log_.warning("calls.too-often", {{"member", Redacted{*outcome.user}}});
        return Refusal::busy(60s, "Too Many Calls");
    }
    const auto display = from->display.empty() ? "" : "\"" + std::string(from->display) + "\" ";
    caller = {true, display + "<" + router_.uri_of(*outcome.user) + ">"};
    return std::nullopt;
}

/// RFC 5393 §4.2.1: all that decides where the request goes. Who has seen the same with our mark
/// on it has sent it round.
std::string Proxy::mark_of(const sip::Message& request) const {
    std::string text(request.request_uri());
    for (const auto route : request.values(Header::route)) text.append("\n").append(route);
    text.append("\n").append(sip::tag_of(request, Header::from));
    text.append("\n").append(sip::tag_of(request, Header::to));
    text.append("\n").append(*request.header(Header::call_id));
    text.append("\n").append(*request.header(Header::cseq));
    std::string mark = "-";
    for (const char octet : hash_(text).substr(0, 8)) {
        mark += "0123456789abcdef"[static_cast<unsigned char>(octet) >> 4];
        mark += "0123456789abcdef"[static_cast<unsigned char>(octet) & 15];
    }
    return mark;
}

bool Proxy::has_come_by(const sip::Message& request, std::string_view mark) const {
    for (const auto value : request.values(Header::via))
        if (const auto via = sip::Via::parse(value); via && via->branch().ends_with(mark))
            return true;
    return false;
}

void Proxy::handle_cancel(sip::RequestReceived received, TimePoint now) {
    const auto invite = agent_.transactions().invite_of(received.request);
    const auto known = invite ? calls_.find(*invite) : calls_.end();
    if (known == calls_.end()) return agent_.take(std::move(received), now);
    refuse(received, {200}, now);
    known->second.fork.handle_cancel(received.request.header(Header::reason).value_or(""), now);
    drain(*invite, now);
}

/// An ACK of a 2xx is forwarded without a transaction (§16.11).
void Proxy::handle_ack(const sip::AckReceived& received, TimePoint now) {
    const auto way = record_route_.read(received.ack, received.from);
    const auto hops = received.ack.header(Header::max_forwards);
    if (!way.known || (hops && parse_number<unsigned>(*hops) == 0u)) return;
    const routing::Target target{way.uri, {}, way.where, {}, {}, {}, false};
    const auto hop = next_hop(received.ack, way, target);
    locate({{}, target, forwarded_request(received.ack, hop)}, hop, now);
}

// ── Forwarding ───────────────────────────────────────────────────────────────────────────────────

void Proxy::forward(sip::RequestReceived received, Way way, routing::Plan plan, std::string mark,
                    std::string asserted, TimePoint now) {
    const auto breadth = breadth_of(received.request);
    for (const auto& group : plan.groups)
        if (group.targets.size() > breadth) return refuse(received, {440}, now);
    if (makes_dialog(received.request))
        log_.info("request.routed", {{"method", received.request.method_name()},
                                     {"member", Redacted{plan.member}},
                                     {"groups", plan.groups.size()}});
    auto options = options_.fork;
    options.invite = received.request.method() == Method::invite;
    options.recurses = plan.recurses;
    const auto id = received.transaction;
    Call call{std::move(received),
              std::move(way),
              Fork(std::move(plan.groups), options),
              std::move(mark),
              std::move(plan.member),
              plan.outward,
              std::move(asserted),
              breadth};
    auto& placed = calls_.emplace(id, std::move(call)).first->second;
    if (options.invite && makes_dialog(placed.received.request))
        placed.record =
            records_.begin(placed.received.request, placed.received.from, "member", now);
    placed.fork.start(now);
    drain(id, now);
}

void Proxy::drain(sip::TransactionId id, TimePoint now) {
    auto& call = calls_.at(id);
    while (auto output = call.fork.poll()) {
        if (auto* wanted = std::get_if<Fork::Try>(&*output)) {
            records_.set_way(call.record, way_of(wanted->target));
            if (call.record && !wanted->target.member.empty()) {
                records_.ring(call.record, wanted->target.member);
                call.members[wanted->branch] = wanted->target.member;
            }
            auto hop = next_hop(call.received.request, call.way, wanted->target);
            const auto share = call.breadth / static_cast<unsigned>(wanted->breadth);
            locate({{id, wanted->branch}, std::move(wanted->target), {}, std::max(share, 1u)}, hop,
                   now);
        } else if (auto* cancel = std::get_if<Fork::Cancel>(&*output)) {
            const auto client = call.clients.find(cancel->branch);
            if (client != call.clients.end())
                agent_.cancel(client->second, std::move(cancel->reason), now);
            else call.fork.handle_failure(cancel->branch, 487, now); // Not even sent yet.
        } else if (can_wait(call, status_of(*output))) {
            outputs_.push_back(Undelivered{std::move(call.received), std::move(call.member)});
            return forget(id);
        } else if (const auto* answer = std::get_if<Fork::PassOn>(&*output)) {
            note(call, answer->response, now);
            agent_.respond(id, answer->response, now);
        } else if (auto* redirected = std::get_if<Fork::Redirected>(&*output)) {
            auto groups = redirected_to(call, redirected->response);
            call.fork.handle_redirect(std::move(redirected->response), std::move(groups), now);
        } else if (const auto* finish = std::get_if<Fork::Finish>(&*output)) {
            records_.end(call.record, finish->status, "no answer", now);
            refuse(call.received, {finish->status, {}, {}}, now);
        } else {
            const auto& name = std::get<Fork::HandOver>(*output).name;
            auto received = std::move(call.received);
            records_.discard(call.record); // The room has its own.
            received.request = retargeted(received.request, router_.uri_of(name));
            forget(id);
            return agent_.take(std::move(received), now);
        }
    }
    auto next = call.fork.deadline();
    if (call.fork.is_over()) {
        if (!call.lingers_until && call.received.request.method() == Method::invite) {
            call.lingers_until = now + options_.late_2xx;
            call.received.request = {}; // Half of what a call costs, for most of its time here.
            call.way = {};
            lingering_.push_back(id);
        }
        if (!call.lingers_until || *call.lingers_until <= now) return forget(id);
        next = call.lingers_until;
    }
    deadlines_.set(id, next);
    if (lingering_.size() > options_.lingering_max) forget(lingering_.front());
}

/// What somebody who has proven who he is writes to a member who is not there now.
bool Proxy::can_wait(const Call& call, int status) {
    const bool absent = status == 408 || status == 480 || status == 503;
    return absent && call.received.request.method() == Method::message && !call.member.empty() &&
           !call.asserted.empty();
}

/// What a response means for the record of the call.
void Proxy::note(const Call& call, const sip::Message& response, TimePoint now) {
    const int status = response.status();
    if (!call.record) return;
    if (status >= 300)
        return records_.end(call.record, status, status == 487 ? "cancelled" : "refused", now);
    const auto member = call.members.find(call.heard_of);
    if (status < 200) {
        const auto tag = sip::tag_of(response, Header::to);
        if (member != call.members.end() && !tag.empty())
            records_.ring(call.record, member->second, tag);
        return;
    }
    records_.answer(call.record, response,
                    member == call.members.end() ? std::string() : member->second, now);
}

/// A phone that is told to send calls elsewhere speaks for the member whose it is; anybody else's
/// 3xx is the caller's business.
std::vector<routing::Group> Proxy::redirected_to(const Call& call,
                                                 const sip::Message& response) const {
    std::vector<routing::Group> out;
    if (call.member.empty() || response.status() == 380) return out;
    for (const auto value : response.values(Header::contact)) {
        const auto uri = sip::uri_in(value);
        auto plan = router_.plan(uri.substr(0, uri.find('?')));
        for (auto& group : plan.groups) {
            if (group.when != routing::When::next) continue;
            for (auto& target : group.targets)
                if (target.diversion.empty())
                    target.diversion = "<" + router_.uri_of(call.member) + ">;reason=deflection";
            out.push_back(std::move(group));
        }
    }
    return out;
}

/// §16.6, steps 2 to 7: the request as the next hop gets it, but for the Record-Route, which needs
/// to know by what transport.
NextHop Proxy::next_hop(const sip::Message& request, const Way& way,
                        const routing::Target& target) const {
    NextHop hop;
    hop.uri = target.uri;
    for (const auto route : sip::split_list(target.path)) hop.routes.emplace_back(route);
    hop.routes.insert(hop.routes.end(), way.routes.begin(), way.routes.end());
    if (!hop.routes.empty() && !is_loose(hop.routes.front())) {
        hop.routes.push_back("<" + hop.uri + ">");
        hop.uri = sip::uri_in(hop.routes.front());
        hop.routes.erase(hop.routes.begin());
    }
    const auto hops = parse_number<unsigned>(request.header(Header::max_forwards).value_or("71"));
    hop.max_forwards = std::max(hops.value_or(71), 1u) - 1;
    if (!target.diversion.empty()) hop.headers.emplace_back("Diversion", target.diversion);
    hop.keeps_credentials = [this](std::string_view value) { return identity_.is_for_us(value); };
    return hop;
}

/// §16.6, 7: by the route, to where the phone is known to be, or by its URI.
void Proxy::locate(Travelling travelling, const NextHop& hop, TimePoint now) {
    if (!travelling.target.number.empty()) {
        const sip::LocateId id{++last_locate_};
        auto number = travelling.target.number;
        travelling_.emplace(id, std::move(travelling));
        outputs_.push_back(Enumerate{id, std::move(number)});
        return;
    }
    if (hop.routes.empty() && travelling.target.where) {
        std::vector<sip::Endpoint> flows{*travelling.target.where};
        const auto& others = travelling.target.or_there;
        flows.insert(flows.end(), others.begin(), others.end());
        return depart(std::move(travelling), std::move(flows), now);
    }
    auto uri = hop.routes.empty() ? hop.uri : sip::uri_in(hop.routes.front());
    if (const auto direct = sip::endpoint_of(uri))
        return depart(std::move(travelling), {*direct}, now);
    const sip::LocateId id{++last_locate_};
    travelling_.emplace(id, std::move(travelling));
    outputs_.push_back(sip::Locate{id, std::move(uri)});
}

/// Who is not in the DNS is reached as the dial plan says, if it says anything. Our own numbers are
/// known without it.
void Proxy::handle_numbered(sip::LocateId id, const std::vector<std::string>& uris, TimePoint now) {
    const auto found = travelling_.find(id);
    if (found == travelling_.end()) return;
    auto travelling = std::move(found->second);
    travelling_.erase(found);
    const auto place = travelling.place;
    const auto call = calls_.find(place.call);
    if (call == calls_.end()) return;
    auto& target = travelling.target;
    target.number.clear();
    const auto best = std::find_if(uris.begin(), uris.end(), [this](const std::string& uri) {
        return !router_.domains().contains(uri);
    });
    if (best != uris.end()) {
        target.uri = *best;
        target.where.reset();
    }
    if (target.uri.empty()) {
        call->second.fork.handle_failure(place.branch, 404, now);
    } else {
        const auto hop = next_hop(call->second.received.request, call->second.way, target);
        locate(std::move(travelling), hop, now);
    }
    drain(place.call, now);
}

void Proxy::handle_located(sip::LocateId id, std::vector<sip::Endpoint> targets, TimePoint now) {
    const auto found = travelling_.find(id);
    if (found == travelling_.end()) return;
    auto travelling = std::move(found->second);
    travelling_.erase(found);
    const auto place = travelling.place;
    if (travelling.ack) {
        if (!targets.empty()) depart(std::move(travelling), std::move(targets), now);
        return;
    }
    const auto call = calls_.find(place.call);
    if (call == calls_.end()) return;
    if (targets.empty()) {
        log_.warning("sip.locate.failed", {});
        call->second.fork.handle_failure(place.branch, 480, now);
    } else {
        depart(std::move(travelling), std::move(targets), now);
    }
    drain(place.call, now);
}

void Proxy::depart(Travelling travelling, std::vector<sip::Endpoint> targets, TimePoint now) {
    if (travelling.ack) return agent_.acknowledge(std::move(*travelling.ack), targets.front(), now);
    auto& call = calls_.at(travelling.place.call);
    if (!call.fork.is_open(travelling.place.branch)) return; // Others were faster than the DNS.
    const auto& request = call.received.request;
    const bool calls = request.method() == Method::invite && makes_dialog(request);
    if (calls && call.way.routes.empty() &&
        (hides_caller(call.received, travelling.target) ||
         (options_.relays_media && needs_relay(call.received, travelling.target, targets.front()))))
        lead_across(travelling.target, targets);
    auto hop = next_hop(request, call.way, travelling.target);
    hop.max_breadth = travelling.breadth;
    const bool is_inside = targets.front().transport == sip::Transport::inside;
    if (is_inside) hop.asserted = call.asserted;
    else if (calls) hop.named = options_.named_for_other;
    if (!travelling.target.diversion.empty())
        for (auto& value : history_of(request, hop.uri, travelling.place.branch))
            hop.last_headers.emplace_back("History-Info", std::move(value));
    if (makes_dialog(request))
        hop.record_routes = record_route_.write(call.received, travelling.target, targets.front());
    sip::TransactionLayer::Sending sending{call.mark, !call.outward};
    const auto client = agent_.request(forwarded_request(request, hop), std::move(targets),
                                       std::move(sending), now);
    sent_.emplace(client, travelling.place);
    call.clients.emplace(travelling.place.branch, client);
}

// ── Responses ────────────────────────────────────────────────────────────────────────────────────

void Proxy::handle_response(const sip::ResponseReceived& received, TimePoint now) {
    const auto found = sent_.find(received.transaction);
    if (found == sent_.end()) return;
    const auto [id, branch] = found->second;
    auto& call = calls_.at(id);
    call.heard_of = branch;
    call.fork.handle_response(branch, forwarded_response(received.response), now);
    drain(id, now);
}

void Proxy::handle_failure(const sip::RequestFailed& failed, TimePoint now) {
    const auto found = sent_.find(failed.transaction);
    if (found == sent_.end()) return;
    const auto [id, branch] = found->second;
    const int status = failed.why == sip::Effects::Failure::timeout ? 408 : 480;
    calls_.at(id).fork.handle_failure(branch, status, now);
    drain(id, now);
}

void Proxy::handle_timeout(TimePoint now) {
    while (const auto id = deadlines_.expired(now)) {
        calls_.at(*id).fork.handle_timeout(now);
        drain(*id, now);
    }
}

void Proxy::forget(sip::TransactionId id) {
    const auto found = calls_.find(id);
    for (const auto& [branch, client] : found->second.clients) sent_.erase(client);
    deadlines_.remove(id);
    calls_.erase(found);
    while (!lingering_.empty() && !calls_.contains(lingering_.front())) lingering_.pop_front();
}

/// §8.3: where he should go instead, the best first.
void Proxy::redirect(const sip::RequestReceived& received, const routing::Plan& plan,
                     TimePoint now) {
    auto writer = sip::MessageWriter::reply(received.request, 302, {}, entropy_.hex(8));
    int tenths = 10;
    bool anywhere = false;
    for (const auto& group : plan.groups) {
        const auto q = tenths == 10 ? "1" : "0." + std::to_string(tenths);
        tenths = std::max(tenths - 1, 1);
        const auto tell = [&](const std::string& uri) {
            writer.header(Header::contact, "<" + uri + ">;q=" + q);
            anywhere = true;
        };
        if (group.here) tell(router_.uri_of(*group.here));
        for (const auto& target : group.targets) tell(target.uri);
    }
    if (!anywhere) return refuse(received, {480}, now);
    writer.header(Header::server, options_.server_name);
    agent_.respond(received.transaction, writer.finish(), now);
}

void Proxy::refuse(const sip::RequestReceived& received, const Refusal& refusal, TimePoint now) {
    const auto tag = entropy_.hex(8);
    agent_.respond(received.transaction, refusal.reply(received.request, options_.server_name, tag),
                   now);
}

std::optional<Proxy::Output> Proxy::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
}

} // namespace lyceum::proxy
