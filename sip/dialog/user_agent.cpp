// SPDX-License-Identifier: Apache-2.0
#include "sip/dialog/user_agent.hpp"

#include "base/text.hpp"
#include "sip/message/parser.hpp"

#include <algorithm>
#include <array>

namespace lyceum::sip {
namespace {

constexpr std::string_view allowed_methods =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, MESSAGE, REFER";
/// The first two are the session's own, which says itself when it can.
constexpr std::array<std::string_view, 7> supported_options{
    "timer", "100rel", "norefersub", "recipient-list-invite", "replaces", "join", "tdialog"};

/// The others, as Supported lists them behind those.
std::string other_options() {
    std::string out;
    for (std::size_t i = 2; i < supported_options.size(); ++i)
        out.append(", ").append(supported_options[i]);
    return out;
}

bool is_allowed(Method method) {
    switch (method) {
    case Method::invite:
    case Method::ack:
    case Method::cancel:
    case Method::bye:
    case Method::options:
    case Method::prack:
    case Method::info:
    case Method::message:
    case Method::refer:
    case Method::update: return true;
    default: return false;
    }
}

bool has_events(Method method) {
    return method == Method::subscribe || method == Method::notify || method == Method::publish;
}

} // namespace

UserAgent::UserAgent(Options options, Random& random, Entropy& entropy, const LocalAddresses& local,
                     Log& log)
    : options_(std::move(options)), random_(random), entropy_(entropy), local_(local), log_(log),
      layer_(options_.transactions, random, local, log) {}

void UserAgent::handle_message(Message message, const Endpoint& from, TimePoint now) {
    layer_.handle_message(std::move(message), from, now);
    pump(now);
}

void UserAgent::handle_transport_error(TransactionId transaction, TimePoint now) {
    layer_.handle_transport_error(transaction, now);
    pump(now);
}

void UserAgent::handle_timeout(TimePoint now) {
    layer_.handle_timeout(now);
    pump(now);
    while (const auto id = deadlines_.expired(now)) {
        sessions_.at(*id).session.handle_timeout(now);
        drain(*id, now);
        pump(now);
    }
}

/// Everything that the layer has to say, until it has nothing more.
void UserAgent::pump(TimePoint now) {
    while (auto output = layer_.poll()) {
        if (auto* transmit = std::get_if<Transmit>(&*output)) {
            if (transmit->to.transport == Transport::inside) loop(*transmit, now);
            else outputs_.push_back(std::move(*transmit));
        } else if (options_.shows_strangers && show(*output)) {
            continue;
        } else if (auto* request = std::get_if<RequestReceived>(&*output)) {
            handle_request(std::move(*request), now);
        } else if (const auto* ack = std::get_if<AckReceived>(&*output)) {
            handle_ack(*ack, now);
        } else if (const auto* response = std::get_if<ResponseReceived>(&*output)) {
            handle_response(*response, now);
        } else if (const auto* failed = std::get_if<RequestFailed>(&*output)) {
            const auto found = sent_.find(failed->transaction);
            if (found == sent_.end()) continue;
            const auto [id, token] = found->second;
            sent_.erase(found);
            if (const auto entry = sessions_.find(id); entry != sessions_.end()) {
                entry->second.session.handle_failure(token, failed->why, now);
                drain(id, now);
            }
        }
        // ResponseFailed: the session notices by itself that no ACK comes.
    }
}

/// Puts out what belongs to none of the sessions.
bool UserAgent::show(TransactionLayer::Output& output) {
    return std::visit(
        [this](auto& said) {
            using Said = std::decay_t<decltype(said)>;
            bool ours = true;
            if constexpr (std::is_same_v<Said, RequestReceived>) {
                const auto invite = said.request.method() == Method::cancel
                                        ? layer_.invite_of(said.request)
                                        : std::nullopt;
                ours = invite ? invites_.contains(*invite) : knows(said.request);
            } else if constexpr (std::is_same_v<Said, AckReceived>) {
                ours = knows(said.ack);
            } else if constexpr (std::is_same_v<Said, ResponseReceived> ||
                                 std::is_same_v<Said, RequestFailed>) {
                ours = sent_.contains(said.transaction);
            }
            if constexpr (std::is_constructible_v<Output, Said>)
                if (!ours) outputs_.push_back(std::move(said));
            return !ours;
        },
        output);
}

// ── Requests ─────────────────────────────────────────────────────────────────────────────────────

bool UserAgent::knows(const Message& request) const {
    const auto key = DialogKey::of_request(request);
    return key && dialogs_.contains(*key);
}

/// To the other end of the line inside. What has grown beyond the limits there does not arrive.
void UserAgent::loop(Transmit& transmit, TimePoint now) {
    auto message = parse_message(std::move(transmit.bytes));
    if (message) layer_.handle_message(std::move(*message), other_end(transmit.to), now);
    else if (transmit.transaction) layer_.handle_transport_error(transmit.transaction, now);
}

void UserAgent::turn_away(Message request, const Endpoint& from) {
    layer_.turn_away(std::move(request), from);
    pump({}); // Nothing that has a time.
}

void UserAgent::take(RequestReceived received, TimePoint now) {
    handle_request(std::move(received), now);
    pump(now);
}

TransactionId UserAgent::request(Message request, std::vector<Endpoint> targets,
                                 TransactionLayer::Sending sending, TimePoint now) {
    const auto id = layer_.request(std::move(request), std::move(targets), std::move(sending), now);
    pump(now);
    return id;
}

void UserAgent::cancel(TransactionId invite, std::string reason, TimePoint now) {
    layer_.cancel(invite, std::move(reason), now);
    pump(now);
}

void UserAgent::acknowledge(Message ack, const Endpoint& target, TimePoint now) {
    layer_.acknowledge(std::move(ack), target);
    pump(now);
}

void UserAgent::respond(TransactionId transaction, const Message& response, TimePoint now) {
    layer_.respond(transaction, response, now);
    pump(now);
}

void UserAgent::handle_request(RequestReceived received, TimePoint now) {
    const auto& request = received.request;
    if (request.method() == Method::cancel) return handle_cancel(received, now);
    if (!layer_.claim(received.transaction, request))
        return refuse_request(received, {482, "Loop Detected (Merged Request)"}, now);
    if (const auto refusal = check(request)) return refuse_request(received, *refusal, now);
    const auto key = DialogKey::of_request(request);
    if (request.method() == Method::options) return answer_options(received, now);
    if (!key && request.method() == Method::invite)
        return handle_new_call(std::move(received), now);
    if (!key && request.method() == Method::refer) {
        outputs_.push_back(
            ReferReceived{received.transaction, std::move(received.request), received.from});
        return;
    }
    if (!key && request.method() == Method::message) // Who writes to us has to be in a session.
        return refuse_request(received, {405, {}, {{Header::allow, std::string(allowed_methods)}}},
                              now);
    const auto known = key ? dialogs_.find(*key) : dialogs_.end();
    if (known == dialogs_.end()) return refuse_request(received, {481}, now);
    const auto id = known->second;
    auto& entry = sessions_.at(id);
    entry.flow = received.from;
    if (request.method() == Method::invite) {
        entry.invites.push_back(received.transaction);
        invites_[received.transaction] = id;
    }
    entry.session.handle_request(request, received.transaction, now);
    drain(id, now);
}

void UserAgent::handle_new_call(RequestReceived received, TimePoint now) {
    if (sessions_.size() >= options_.sessions_max)
        return refuse_request(received, Refusal::busy(10s), now);
    const auto replaces = named_by(received.request, Header::replaces);
    if (!replaces) return refuse_request(received, replaces.error(), now);
    const auto joins = named_by(received.request, Header::join);
    if (!joins) return refuse_request(received, joins.error(), now);
    if (*replaces && *joins) return refuse_request(received, {400, "Replaces And Join"}, now);
    const SessionId id{++last_session_};
    const auto uri = Uri::parse(received.request.request_uri());
    auto session =
        InviteSession::incoming(session_options(uri->user, received.from), received.request,
                                received.transaction, entropy_.hex(8), random_);
    if (!session)
        return refuse_request(received, {session.error().status, session.error().reason}, now);
    const bool refused = session->state() == InviteSession::State::ended;
    auto offer = session->initial_offer();
    auto& entry =
        sessions_.emplace(id, Entry{std::move(*session), received.from, received.from, {}, {}, {}})
            .first->second;
    entry.invites.push_back(received.transaction);
    invites_[received.transaction] = id;
    if (!refused)
        outputs_.push_back(IncomingCall{id, std::move(received.request), received.from,
                                        std::move(offer), *replaces, *joins});
    drain(id, now);
}

/// The session that a new INVITE is about, if it is about one: as RFC 3891 §3 and RFC 3911 §4 have
/// it, a call to us that has not been answered is nobody's to take.
Result<std::optional<SessionId>, Refusal> UserAgent::named_by(const Message& invite,
                                                              Header header) const {
    const auto value = invite.header(header);
    if (!value) return std::optional<SessionId>();
    const auto named = DialogReference::parse(header, *value);
    if (!named || invite.values(header).size() > 1)
        return Refusal{400, "Bad " + std::string(name_of(header))};
    const auto session = session_of(named->key);
    if (!session) return Refusal{481};
    switch (sessions_.at(*session).session.state()) {
    case InviteSession::State::incoming: return Refusal{481};
    case InviteSession::State::accepted:
    case InviteSession::State::established:
        if (named->early_only) return Refusal{486};
        return session;
    case InviteSession::State::outgoing: return session;
    case InviteSession::State::ending:
    case InviteSession::State::ended: break;
    }
    return Refusal{603};
}

void UserAgent::handle_cancel(const RequestReceived& received, TimePoint now) {
    const auto invite = layer_.invite_of(received.request);
    const auto known = invite ? invites_.find(*invite) : invites_.end();
    if (known == invites_.end()) {
        // The session is over, but its INVITE is still there to be cancelled without effect (§9.2).
        return refuse_request(received, {invite ? 200 : 481}, now);
    }
    const auto id = known->second;
    sessions_.at(id).session.handle_cancel(received.request, received.transaction);
    drain(id, now);
}

void UserAgent::handle_ack(const AckReceived& received, TimePoint now) {
    const auto key = DialogKey::of_request(received.ack);
    const auto known = key ? dialogs_.find(*key) : dialogs_.end();
    if (known == dialogs_.end()) return;
    const auto id = known->second;
    sessions_.at(id).session.handle_ack(received.ack);
    drain(id, now);
}

void UserAgent::handle_response(const ResponseReceived& received, TimePoint now) {
    const auto found = sent_.find(received.transaction);
    if (found == sent_.end()) return;
    const auto [id, token] = found->second;
    const auto entry = sessions_.find(id);
    if (entry == sessions_.end()) return;
    if (!entry->second.flow) entry->second.flow = received.from;
    entry->second.session.handle_response(token, received.response, now);
    drain(id, now);
}

/// RFC 3261 §8.2 in its order: method, headers, content.
std::optional<Refusal> UserAgent::check(const Message& request) const {
    const std::string allow(allowed_methods);
    if (has_events(request.method()))
        return Refusal{489, {}, {{Header::allow, allow}}}; // No event package is registered.
    if (!is_allowed(request.method())) {
        const int status = request.method() == Method::other ? 501 : 405;
        return Refusal{status, {}, {{Header::allow, allow}}};
    }
    const auto uri = Uri::parse(request.request_uri());
    if (!uri->is_sip() && uri->scheme != Uri::Scheme::tel) return Refusal{416};
    if (auto refusal = Refusal::of_extensions(request, supported_options)) return refusal;
    return check_content(request);
}

std::optional<Refusal> UserAgent::check_content(const Message& request) const {
    const auto encoding = request.header(Header::content_encoding);
    if (encoding && !iequals(*encoding, "identity"))
        return Refusal{415, {}, {{Header::accept_encoding, "identity"}}};
    const bool carries_offer = request.method() == Method::invite ||
                               request.method() == Method::update ||
                               request.method() == Method::prack;
    if (!carries_offer) return std::nullopt;
    if (!request.body().empty() && !find_body(request, "application", "sdp")) {
        // "handling=optional" asks to be ignored where it is not understood (§20.11).
        const auto disposition = request.header(Header::content_disposition).value_or("");
        if (disposition.find("handling=optional") == std::string_view::npos)
            return Refusal{415, {}, {{Header::accept, "application/sdp"}}};
    }
    if (request.has(Header::accept) && !request.lists(Header::accept, "application/sdp")) {
        for (const auto accepted : request.values(Header::accept))
            if (istarts_with(accepted, "application/sdp") || istarts_with(accepted, "*/*") ||
                istarts_with(accepted, "application/*"))
                return std::nullopt;
        return Refusal{406};
    }
    return std::nullopt;
}

void UserAgent::refuse_request(const RequestReceived& received, const Refusal& refusal,
                               TimePoint now) {
    log_.debug("sip.request.refused",
               {{"method", received.request.method_name()}, {"status", refusal.status}});
    const auto tag = entropy_.hex(8);
    layer_.respond(received.transaction, refusal.reply(received.request, options_.server_name, tag),
                   now);
}

/// §11.2: what an INVITE would find here.
void UserAgent::answer_options(const RequestReceived& received, TimePoint now) {
    auto writer = MessageWriter::reply(received.request, 200, {}, entropy_.hex(8));
    writer.header(Header::allow, allowed_methods).header(Header::accept, "application/sdp");
    writer.header(Header::accept_encoding, "identity").header(Header::accept_language, "en");
    writer.header(Header::supported, "timer, 100rel" + other_options());
    const auto uri = Uri::parse(received.request.request_uri());
    writer.header(Header::contact, session_options(uri->user, received.from).contact);
    writer.header(Header::server, options_.server_name);
    layer_.respond(received.transaction, writer.finish(), now);
}

InviteSession::Options UserAgent::session_options(std::string_view user,
                                                  const Endpoint& peer) const {
    std::string contact = "<sip:";
    if (!user.empty()) contact.append(user).append("@");
    contact.append(local_.toward(peer).to_string());
    if (peer.transport != Transport::udp)
        contact.append(";transport=").append(param_of(peer.transport));
    contact.append(">").append(options_.contact_params);
    InviteSession::Options out;
    out.timers = options_.transactions.timers;
    out.contact = std::move(contact);
    out.server_name = options_.server_name;
    out.allow = allowed_methods;
    out.extensions = other_options();
    out.session_interval = options_.session_interval;
    return out;
}

// ── Commands ─────────────────────────────────────────────────────────────────────────────────────

SessionId UserAgent::call(OutgoingCall call, TimePoint now, std::optional<Endpoint> by) {
    const SessionId id{++last_session_};
    const auto peer = by ? *by : endpoint_of(call.uri).value_or(Endpoint{});
    const auto from_address = NameAddr::parse(call.from);
    const auto own = from_address ? from_address->uri() : Result<Uri, Fault>(Fault{});
    auto options = session_options(own ? own->user : std::string_view{}, peer);
    auto session =
        InviteSession::outgoing(std::move(options), entropy_.hex(8), entropy_.hex(16), random_);
    auto& entry =
        sessions_.emplace(id, Entry{std::move(session), peer, by, {}, {}, {}}).first->second;
    entry.session.invite(std::move(call));
    drain(id, now);
    pump(now);
    return id;
}

template <class Command>
void UserAgent::command(SessionId id, TimePoint now, Command&& run) {
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) return;
    run(found->second.session);
    drain(id, now);
    pump(now);
}

void UserAgent::ring(SessionId id, int status, std::string description, TimePoint now) {
    command(id, now, [&](auto& session) { session.ring(status, std::move(description), now); });
}
void UserAgent::accept(SessionId id, std::string description, TimePoint now) {
    command(id, now, [&](auto& session) { session.accept(std::move(description), now); });
}
void UserAgent::reject(SessionId id, int status, std::string_view reason, TimePoint now,
                       const std::vector<std::pair<Header, std::string>>& headers) {
    command(id, now, [&](auto& session) { session.reject(status, reason, headers); });
}
void UserAgent::offer(SessionId id, std::string description, TimePoint now) {
    command(id, now, [&](auto& session) { session.offer(std::move(description), now); });
}
void UserAgent::answer(SessionId id, std::string description, TimePoint now) {
    command(id, now, [&](auto& session) { session.answer(std::move(description), now); });
}
void UserAgent::refuse(SessionId id, int status, std::string_view reason, TimePoint now) {
    command(id, now, [&](auto& session) { session.refuse(status, reason); });
}
void UserAgent::hang_up(SessionId id, std::string_view reason, TimePoint now) {
    command(id, now, [&](auto& session) { session.hang_up(reason); });
}
void UserAgent::notify(SessionId id, std::uint32_t refer, const ReferralState& state,
                       TimePoint now) {
    command(id, now, [&](auto& session) { session.notify(refer, state); });
}

void UserAgent::write(SessionId id, const OutgoingText& text, TimePoint now) {
    command(id, now, [&](auto& session) { session.write(text); });
}

// ── Sessions to transactions ─────────────────────────────────────────────────────────────────────

void UserAgent::drain(SessionId id, TimePoint now) {
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) return;
    auto& entry = found->second;
    while (auto output = entry.session.poll()) {
        index_dialogs(id, entry);
        carry_out(id, entry, std::move(*output), now);
    }
    index_dialogs(id, entry);
    deadlines_.set(id, entry.session.deadline());
    if (entry.session.state() == InviteSession::State::ended) forget(id, now);
}

void UserAgent::carry_out(SessionId id, Entry& entry, InviteSession::Output output, TimePoint now) {
    if (auto* request = std::get_if<InviteSession::SendRequest>(&output)) {
        send(id, request->token, std::move(request->request), now);
    } else if (const auto* response = std::get_if<InviteSession::SendResponse>(&output)) {
        layer_.respond(response->transaction, response->response, now);
    } else if (auto* ack = std::get_if<InviteSession::SendAck>(&output)) {
        send(id, {}, std::move(ack->ack), now);
    } else if (const auto* cancel = std::get_if<InviteSession::SendCancel>(&output)) {
        if (const auto token = entry.tokens.find(cancel->invite); token != entry.tokens.end())
            layer_.cancel(token->second, {}, now);
    } else {
        std::visit(
            [&](auto& event) {
                using Event = std::decay_t<decltype(event)>;
                if constexpr (std::is_constructible_v<decltype(SessionEvent::event), Event>)
                    outputs_.push_back(SessionEvent{id, std::move(event)});
            },
            output);
    }
}

/// A request goes where the peer's own come from, unless a route says otherwise: a phone behind a
/// NAT is reached by the hole that it made, whatever its Contact says.
void UserAgent::send(SessionId id, RequestToken token, Message request, TimePoint now) {
    const auto& entry = sessions_.at(id);
    if (!request.has(Header::route) && entry.flow)
        return send_to(id, token, std::move(request), {*entry.flow}, now);
    std::string hop(request.request_uri());
    if (const auto routes = request.values(Header::route); !routes.empty())
        if (const auto route = NameAddr::parse(routes.front())) hop = route->uri_text;
    if (const auto direct = endpoint_of(hop))
        return send_to(id, token, std::move(request), {*direct}, now);
    const LocateId locate{++last_locate_};
    travelling_.emplace(locate, Travelling{id, token, std::move(request)});
    outputs_.push_back(Locate{locate, std::move(hop)});
}

void UserAgent::send_to(SessionId id, RequestToken token, Message request,
                        std::vector<Endpoint> targets, TimePoint now) {
    if (request.method() == Method::ack) {
        layer_.acknowledge(std::move(request), targets.front());
        return;
    }
    const auto transaction = layer_.request(std::move(request), std::move(targets), {}, now);
    sent_[transaction] = {id, token};
    if (const auto entry = sessions_.find(id); entry != sessions_.end())
        entry->second.tokens[token] = transaction;
}

void UserAgent::handle_located(LocateId locate, std::vector<Endpoint> targets, TimePoint now) {
    const auto found = travelling_.find(locate);
    if (found == travelling_.end()) return;
    auto waiting = std::move(found->second);
    travelling_.erase(found);
    if (!targets.empty()) {
        send_to(waiting.session, waiting.token, std::move(waiting.request), std::move(targets),
                now);
    } else if (const auto entry = sessions_.find(waiting.session); entry != sessions_.end()) {
        log_.warning("sip.locate.failed", {});
        entry->second.session.handle_failure(waiting.token, Effects::Failure::transport, now);
        drain(waiting.session, now);
    }
    pump(now);
}

void UserAgent::index_dialogs(SessionId id, Entry& entry) {
    for (const auto& dialog : entry.session.dialogs()) {
        if (std::find(entry.keys.begin(), entry.keys.end(), dialog.key()) != entry.keys.end())
            continue;
        entry.keys.push_back(dialog.key());
        dialogs_.emplace(dialog.key(), id);
    }
}

void UserAgent::forget(SessionId id, TimePoint now) {
    const auto found = sessions_.find(id);
    for (const auto& key : found->second.keys) dialogs_.erase(key);
    for (const auto& [token, transaction] : found->second.tokens) {
        sent_.erase(transaction);
        // A re-INVITE that the peer never answers must not stay for ever.
        layer_.cancel(transaction, {}, now);
    }
    for (const auto transaction : found->second.invites) invites_.erase(transaction);
    deadlines_.remove(id);
    sessions_.erase(found);
}

std::string UserAgent::contact_of(SessionId id) const {
    const auto found = sessions_.find(id);
    return found == sessions_.end() ? std::string() : found->second.session.contact();
}

std::string UserAgent::tag_of(SessionId id) const {
    const auto found = sessions_.find(id);
    const auto* dialog = found == sessions_.end() ? nullptr : found->second.session.dialog();
    return dialog ? dialog->key().local_tag : std::string();
}

void UserAgent::set_contact_user(SessionId id, std::string_view user) {
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) return;
    found->second.session.set_contact(session_options(user, found->second.peer).contact);
}

std::optional<SessionId> UserAgent::session_of(const DialogKey& dialog) const {
    const auto found = dialogs_.find(dialog);
    return found == dialogs_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<UserAgent::Output> UserAgent::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
}

} // namespace lyceum::sip
