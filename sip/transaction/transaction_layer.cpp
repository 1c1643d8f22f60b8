// SPDX-License-Identifier: Apache-2.0
#include "sip/transaction/transaction_layer.hpp"

#include "base/assert.hpp"
#include "base/text.hpp"
#include "sip/message/writer.hpp"

#include <utility>

namespace lyceum::sip {
namespace {

Via top_via(const Message& message) {
    const auto via = Via::parse(first_element(message.header(Header::via).value_or("")));
    return via ? *via : Via{};
}

/// Of a Via that can only be ours, which holds one branch and nothing in quotes.
std::string_view own_branch(const Message& response) {
    static constexpr std::string_view name = ";branch=";
    const auto via = response.header(Header::via).value_or("");
    const auto at = via.find(name);
    if (at == std::string_view::npos) return {};
    const auto rest = via.substr(at + name.size());
    return rest.substr(0, rest.find_first_of(";, \t"));
}

/// RFC 3261 §17.2.3: branch, sent-by and method, where an ACK counts as its INVITE. Peers of RFC
/// 2543 have no such branch and are told apart by everything else.
std::string server_key(const Message& request, const Via& via, Method method) {
    const auto branch = via.branch();
    std::string key;
    key.reserve(branch.size() + via.host.size() + 24);
    if (!via.rfc3261_branch()) {
        key.append(request.request_uri()).append("|").append(tag_of(request, Header::from));
        key.append("|").append(*request.header(Header::call_id)).append("|");
        key.append(std::to_string(cseq_of(request))).append("|");
    }
    key.append(branch).append("|");
    for (const char c : via.host) key += lower(c);
    key.append(":").append(std::to_string(via.port.value_or(5060))).append("|");
    return key.append(method == Method::other ? request.method_name() : name_of(method));
}

/// `received` where the Via does not say the source address, and the port that `rport` asks for
/// (§18.2.1, RFC 3581 §4). `via` is that of the request as it came, and is good no longer.
void mark_source(Message& request, const Via& via, const Endpoint& from) {
    if (from.transport == Transport::inside) return;
    const auto source = from.address.ip.to_string();
    auto rest = via.params.text();
    auto param = Params::next(rest);
    while (param && !iequals(param->name, "rport")) param = Params::next(rest);
    const bool rport = param && param->value.empty();
    Uri sent_by;
    sent_by.host = via.host;
    std::string marks;
    if (rport) marks.append("=").append(std::to_string(from.address.port));
    if (rport || sent_by.bare_host() != source) marks.append(";received=").append(source);
    if (marks.empty()) return;
    request.insert_after(rport ? param->name : first_element(*request.header(Header::via)), marks);
}

/// §18.2.2 with RFC 3581 §4: back to the source address; to the source port if asked for by
/// `rport`, else to the port of the Via.
Endpoint response_target(const Via& via, const Endpoint& from) {
    auto to = from;
    if (!is_reliable(from.transport) && !via.params.has("rport"))
        to.address.port = via.port.value_or(5060);
    return to;
}

/// Whether all that is left to do is to answer repeated requests. An INVITE that was refused still
/// waits for its ACK.
bool is_answered(const std::variant<InviteServerTransaction, NonInviteServerTransaction>& machine) {
    using Invite = InviteServerTransaction::State;
    if (const auto* invite = std::get_if<InviteServerTransaction>(&machine))
        return invite->state() == Invite::accepted || invite->state() == Invite::confirmed;
    return std::get<NonInviteServerTransaction>(machine).state() ==
           NonInviteServerTransaction::State::completed;
}

} // namespace

TransactionLayer::TransactionLayer(Options options, Random& random, const LocalAddresses& local,
                                   Log& log)
    : options_(options), random_(random), local_(local), log_(log) {}

void TransactionLayer::handle_message(Message message, const Endpoint& from, TimePoint now) {
    if (message.is_response()) {
        handle_response(message, from, now);
    } else {
        handle_request(std::move(message), from, now);
    }
}

void TransactionLayer::handle_request(Message request, const Endpoint& from, TimePoint now) {
    if (const auto rejection = validate(request)) {
        ++counters_.malformed;
        log_.warning("sip.request.malformed",
                     {{"reason", rejection->reason}, {"from", Redacted{from.address.to_string()}}});
        if (answerable(request)) refuse(request, from, *rejection);
        return;
    }
    const auto via = top_via(request);
    const auto method = request.method();
    auto key = server_key(request, via, method == Method::ack ? Method::invite : method);
    const auto reply_to = response_target(via, from);
    mark_source(request, via, from);
    if (const auto known = server_keys_.find(key); known != server_keys_.end()) {
        const auto id = known->second;
        auto& server = servers_.at(id);
        auto* invite = std::get_if<InviteServerTransaction>(&server.machine);
        if (method == Method::ack) {
            const auto effects = invite ? invite->handle_ack(now) : Effects{};
            if (effects.pass_up) outputs_.push_back(AckReceived{std::move(request), from});
            settle(id, server);
            return;
        }
        const auto effects = std::visit(
            [](const auto& machine) { return machine.handle_retransmission(); }, server.machine);
        apply(id, server, effects, nullptr, from);
        return;
    }
    if (method == Method::ack) {
        outputs_.push_back(AckReceived{std::move(request), from});
        return;
    }
    if (servers_.size() >= options_.transactions_max && !make_room()) {
        ++counters_.overload;
        refuse(request, from, {503, "Too Many Transactions"});
        return;
    }
    start_server(std::move(request), from, reply_to, std::move(key), now);
}

void TransactionLayer::turn_away(Message request, const Endpoint& from) {
    ++counters_.overload;
    if (!answerable(request)) return;
    mark_source(request, top_via(request), from);
    refuse(request, from, {503, {}});
}

void TransactionLayer::refuse(const Message& request, const Endpoint& from,
                              const Rejection& rejection) {
    auto writer = MessageWriter::reply(request, rejection.status, rejection.reason,
                                       fingerprint(request.bytes(), 0).substr(1));
    if (rejection.status == 503) writer.header(Header::retry_after, 10);
    outputs_.push_back(
        Transmit{response_target(top_via(request), from), writer.finish().bytes(), {}});
}

void TransactionLayer::start_server(Message request, const Endpoint& from, const Endpoint& reply_to,
                                    std::string key, TimePoint now) {
    const TransactionId id{++last_id_};
    const bool reliable = is_reliable(from.transport);
    Server server{NonInviteServerTransaction(options_.timers, reliable), std::move(key), reply_to};
    if (request.method() == Method::invite) {
        server.machine = InviteServerTransaction(options_.timers, reliable);
        server.invite = request;
    }
    auto& placed = servers_.emplace(id, std::move(server)).first->second;
    server_keys_.emplace(placed.key, id);
    const auto effects =
        std::visit([now](auto& machine) { return machine.start(now); }, placed.machine);
    apply(id, placed, effects, &request, from);
    settle(id, placed);
}

void TransactionLayer::handle_response(const Message& response, const Endpoint& from,
                                       TimePoint now) {
    const auto known = client_of(response);
    if (known == clients_.end()) {
        ++counters_.stray_responses;
        return;
    }
    const auto rejection = known->second.sending.status_only ? std::nullopt : validate(response);
    if (rejection) {
        ++counters_.malformed;
        log_.debug("sip.response.dropped", {{"reason", rejection->reason}});
        return;
    }
    const auto id = known->first;
    auto& client = known->second;
    if (response.values(Header::via).size() != client.via_count) {
        // It was not meant for us (§8.1.3.3), or it would not find the way on.
        ++counters_.malformed;
        log_.debug("sip.response.dropped", {{"reason", "Via"}});
        return;
    }
    const auto status = response.status();
    if (status == 503 && next_target(id, client, now)) return;
    if (status >= 200) client.bare = {}; // No other target will be tried.
    const auto effects = std::visit(
        [&](auto& machine) { return machine.handle_response(status, now); }, client.machine);
    apply(id, client, effects, &response, from, now);
    settle(id, client);
}

/// Our branches say whose they are, so a response is found without a look at the others; all of the
/// branch has to be right, and a CANCEL has that of its INVITE (RFC 3261 §17.1.3).
std::unordered_map<TransactionId, TransactionLayer::Client>::iterator
TransactionLayer::client_of(const Message& response) {
    static constexpr std::size_t id_at = Via::branch_cookie.size(), id_size = 16;
    const auto branch = own_branch(response);
    if (branch.size() < id_at + id_size) return clients_.end();
    const auto number = parse_hex<std::uint64_t>(branch.substr(id_at, id_size));
    if (!number) return clients_.end();
    TransactionId id{*number};
    const auto cseq = CSeq::parse(response.header(Header::cseq).value_or(""));
    if (!cseq) return clients_.end();
    if (cseq->method == name_of(Method::cancel)) {
        const auto cancel = cancels_.find(id);
        if (cancel == cancels_.end()) return clients_.end();
        id = cancel->second;
    }
    const auto found = clients_.find(id);
    const bool its_own = found != clients_.end() && found->second.branch == branch &&
                         found->second.sent.method_name() == cseq->method;
    return its_own ? found : clients_.end();
}

void TransactionLayer::handle_transport_error(TransactionId id, TimePoint now) {
    if (const auto found = clients_.find(id); found != clients_.end()) {
        auto& client = found->second;
        const bool long_by_tcp = !client.fell_back && client.can_start_again() &&
                                 client.targets[client.target].transport == Transport::udp &&
                                 client.sent.bytes().size() > options_.datagram_bytes_max;
        if (long_by_tcp) {
            // "the element SHOULD retry the request, using UDP" (§18.1.1).
            client.fell_back = true;
            start_client(id, client, now);
            return;
        }
        if (next_target(id, client, now)) return;
        const auto effects = std::visit(
            [](auto& machine) { return machine.handle_transport_error(); }, client.machine);
        apply(id, client, effects, nullptr, {}, now);
        settle(id, client);
    } else if (const auto served = servers_.find(id); served != servers_.end()) {
        const auto effects = std::visit(
            [](auto& machine) { return machine.handle_transport_error(); }, served->second.machine);
        apply(id, served->second, effects, nullptr, {});
        settle(id, served->second);
    }
}

void TransactionLayer::handle_timeout(TimePoint now) {
    while (const auto id = deadlines_.expired(now)) {
        if (const auto served = servers_.find(*id); served != servers_.end()) {
            served->second.deadline.reset();
            const auto effects =
                std::visit([now](auto& machine) { return machine.handle_timeout(now); },
                           served->second.machine);
            apply(*id, served->second, effects, nullptr, {});
            settle(*id, served->second);
        } else if (const auto sent = clients_.find(*id); sent != clients_.end()) {
            auto& client = sent->second;
            const auto effects = std::visit(
                [now](auto& machine) { return machine.handle_timeout(now); }, client.machine);
            if (effects.failure == Effects::Failure::timeout && next_target(*id, client, now))
                continue;
            apply(*id, client, effects, nullptr, {}, now);
            settle(*id, client);
        }
    }
}

TransactionId TransactionLayer::request(Message request, std::vector<Endpoint> targets,
                                        Sending sending, TimePoint now) {
    LYCEUM_ASSERT(!targets.empty());
    const TransactionId id{++last_id_};
    Client client{NonInviteClientTransaction(options_.timers, false),
                  {},
                  std::move(request),
                  std::move(sending),
                  {},
                  1,
                  std::move(targets)};
    client.via_count += client.bare.values(Header::via).size();
    auto& placed = clients_.emplace(id, std::move(client)).first->second;
    start_client(id, placed, now);
    return id;
}

void TransactionLayer::start_client(TransactionId id, Client& client, TimePoint now) {
    auto target = client.targets[client.target];
    const auto via_room = 100u;
    const bool too_long = !client.sending.as_addressed &&
                          client.bare.bytes().size() + via_room > options_.datagram_bytes_max;
    if (target.transport == Transport::udp && !client.fell_back && too_long) {
        target.transport = Transport::tcp;
        target.flow = {};
    }
    client.wire = target;
    client.branch = new_branch(id, client.sending.branch_mark);
    const bool may_start_again = too_long || client.target + 1 < client.targets.size();
    client.sent = may_start_again ? client.bare : std::exchange(client.bare, {});
    client.sent.prepend(Header::via, via_for(target, client.branch));
    const bool reliable = is_reliable(target.transport);
    if (client.sent.method() == Method::invite)
        client.machine = InviteClientTransaction(options_.timers, reliable);
    else client.machine = NonInviteClientTransaction(options_.timers, reliable);
    std::visit([now](auto& machine) { return machine.start(now); }, client.machine);
    outputs_.push_back(Transmit{target, client.sent.bytes(), id});
    settle(id, client);
}

/// Goes on to the next target in a transaction of its own, with a new branch (RFC 3263 §4.3).
bool TransactionLayer::next_target(TransactionId id, Client& client, TimePoint now) {
    if (client.target + 1 >= client.targets.size() || client.cancel_wanted) return false;
    if (!client.can_start_again()) return false;
    const auto* invite = std::get_if<InviteClientTransaction>(&client.machine);
    const auto* other = std::get_if<NonInviteClientTransaction>(&client.machine);
    const bool unanswered =
        (invite && (invite->state() == InviteClientTransaction::State::calling ||
                    invite->state() == InviteClientTransaction::State::terminated)) ||
        (other && other->state() != NonInviteClientTransaction::State::completed);
    if (!unanswered) return false;
    ++client.target;
    client.fell_back = false;
    start_client(id, client, now);
    return true;
}

void TransactionLayer::cancel(TransactionId invite, std::string reason, TimePoint now) {
    const auto found = clients_.find(invite);
    if (found == clients_.end()) return;
    auto& client = found->second;
    const auto* machine = std::get_if<InviteClientTransaction>(&client.machine);
    if (!machine || client.cancel_wanted) return;
    client.cancel_wanted = true;
    client.cancel_reason = std::move(reason);
    if (machine->state() == InviteClientTransaction::State::proceeding)
        send_cancel(invite, client, now);
}

/// §9.1: Request-URI, Call-ID, To, number of CSeq, From, Route and our Via of the INVITE.
void TransactionLayer::send_cancel(TransactionId invite_id, Client& invite, TimePoint now) {
    std::get<InviteClientTransaction>(invite.machine).handle_cancelled(now);
    deadlines_.set(invite_id,
                   std::visit([](const auto& m) { return m.deadline(); }, invite.machine));
    const auto& original = invite.sent;
    auto writer = MessageWriter::request(Method::cancel, original.request_uri());
    const auto via = original.values(Header::via).front();
    writer.header(Header::via, via).copy(original, Header::route).header(Header::max_forwards, 70);
    writer.copy(original, Header::from).copy(original, Header::to);
    writer.copy(original, Header::call_id);
    writer.header(Header::cseq, std::to_string(cseq_of(original)) + " CANCEL");
    if (!invite.cancel_reason.empty()) writer.header(Header::reason, invite.cancel_reason);
    const TransactionId id{++last_id_};
    Client cancel{NonInviteClientTransaction(options_.timers, is_reliable(invite.wire.transport)),
                  invite.branch,
                  {},
                  {},
                  writer.finish(),
                  1,
                  {invite.wire}};
    cancel.wire = invite.wire;
    cancel.cancels = invite_id;
    cancels_.emplace(invite_id, id);
    auto& placed = clients_.emplace(id, std::move(cancel)).first->second;
    std::get<NonInviteClientTransaction>(placed.machine).start(now);
    outputs_.push_back(Transmit{placed.wire, placed.sent.bytes(), id});
    settle(id, placed);
}

Message TransactionLayer::acknowledge(Message ack, const Endpoint& target) {
    ack.prepend(Header::via, via_for(target, new_branch({})));
    transmit_again(ack, target);
    return ack;
}

void TransactionLayer::transmit_again(const Message& sent, const Endpoint& target) {
    outputs_.push_back(Transmit{target, sent.bytes(), {}});
}

void TransactionLayer::respond(TransactionId id, const Message& response, TimePoint now) {
    const auto found = servers_.find(id);
    if (found == servers_.end()) return;
    auto& server = found->second;
    server.invite = {};
    const auto status = response.status();
    const auto effects =
        std::visit([&](auto& machine) { return machine.respond(status, now); }, server.machine);
    // "challenge questionable requests with only a single 401 or 407, forgoing the normal response
    // retransmission algorithm" (§26.3.2.4): strangers leave nothing behind, and who asks again is
    // challenged again. The ACK to the challenge of an INVITE has to find its transaction.
    const bool forgotten = (status == 401 || status == 407) &&
                           std::holds_alternative<NonInviteServerTransaction>(server.machine);
    if (forgotten) {
        if (effects.transmit) outputs_.push_back(Transmit{server.reply_to, response.bytes(), {}});
        return forget(id, server);
    }
    if (effects.transmit) server.last_response = response.bytes();
    apply(id, server, effects, nullptr, {});
    settle(id, server);
}

bool TransactionLayer::claim(TransactionId id, const Message& request) {
    if (!tag_of(request, Header::to).empty()) return true;
    const auto server = servers_.find(id);
    if (server == servers_.end()) return true;
    // By another path it has another branch, but From tag, Call-ID and CSeq are the same.
    std::string key(tag_of(request, Header::from));
    key.append("|").append(*request.header(Header::call_id));
    key.append("|").append(*request.header(Header::cseq));
    if (!merge_keys_.emplace(key, id).second) {
        ++counters_.merged;
        return false;
    }
    server->second.merge_key = std::move(key);
    return true;
}

std::optional<TransactionId> TransactionLayer::invite_of(const Message& cancel) const {
    const auto found = server_keys_.find(server_key(cancel, top_via(cancel), Method::invite));
    if (found == server_keys_.end()) return std::nullopt;
    return found->second;
}

std::optional<TransactionLayer::Output> TransactionLayer::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
}

void TransactionLayer::apply(TransactionId id, Server& server, const Effects& effects,
                             Message* message, const Endpoint& from) {
    if (effects.trying)
        server.last_response = MessageWriter::reply(server.invite, 100).finish().bytes();
    if (effects.transmit) outputs_.push_back(Transmit{server.reply_to, server.last_response, id});
    if (effects.pass_up) outputs_.push_back(RequestReceived{id, std::move(*message), from});
    if (effects.failure != Effects::Failure::none)
        outputs_.push_back(ResponseFailed{id, effects.failure});
}

void TransactionLayer::apply(TransactionId id, Client& client, const Effects& effects,
                             const Message* response, const Endpoint& from, TimePoint now) {
    if (effects.transmit) outputs_.push_back(Transmit{client.wire, client.sent.bytes(), id});
    if (effects.ack) {
        // §17.1.1.3: the ACK to a failure has the INVITE's Via and the To of the response.
        const auto& invite = client.sent;
        auto ack = MessageWriter::request(Method::ack, invite.request_uri());
        ack.header(Header::via, invite.values(Header::via).front()).copy(invite, Header::route);
        ack.header(Header::max_forwards, 70).copy(invite, Header::from);
        ack.copy(*response, Header::to).copy(invite, Header::call_id);
        ack.header(Header::cseq, std::to_string(cseq_of(invite)) + " ACK");
        outputs_.push_back(Transmit{client.wire, ack.finish().bytes(), id});
    }
    const bool provisional = response && response->status() < 200;
    if (effects.pass_up && !client.cancels)
        outputs_.push_back(ResponseReceived{id, *response, from});
    if (effects.failure != Effects::Failure::none && !client.cancels)
        outputs_.push_back(RequestFailed{id, effects.failure});
    if (provisional && client.cancel_wanted && !client.cancels && !cancels_.contains(id))
        send_cancel(id, client, now);
}

void TransactionLayer::settle(TransactionId id, Server& server) {
    const bool over = std::visit(
        [](const auto& machine) {
            return machine.state() == std::decay_t<decltype(machine)>::State::terminated;
        },
        server.machine);
    const auto deadline =
        std::visit([](const auto& machine) { return machine.deadline(); }, server.machine);
    if (std::exchange(server.deadline, deadline) != deadline) deadlines_.set(id, deadline);
    if (over) return forget(id, server);
    if (server.answered || !is_answered(server.machine)) return;
    server.answered = true;
    answered_.push_back(id);
}

void TransactionLayer::forget(TransactionId id, const Server& server) {
    server_keys_.erase(server.key);
    if (!server.merge_key.empty()) merge_keys_.erase(server.merge_key);
    servers_.erase(id);
    while (!answered_.empty() && !servers_.contains(answered_.front())) answered_.pop_front();
}

bool TransactionLayer::make_room() {
    if (answered_.empty()) return false;
    const auto oldest = answered_.front();
    ++counters_.forgotten;
    deadlines_.remove(oldest);
    forget(oldest, servers_.at(oldest));
    return true;
}

/// With its final response, a transaction that is not an INVITE is done: what is repeated then is
/// of no transaction and dropped, which is all that the completed state is there for.
void TransactionLayer::settle(TransactionId id, Client& client) {
    const auto* other = std::get_if<NonInviteClientTransaction>(&client.machine);
    const auto* invite = std::get_if<InviteClientTransaction>(&client.machine);
    const bool over = other ? other->state() >= NonInviteClientTransaction::State::completed
                            : invite->state() == InviteClientTransaction::State::terminated;
    deadlines_.set(id, over ? std::nullopt : other ? other->deadline() : invite->deadline());
    if (!over) return;
    if (client.cancels) cancels_.erase(client.cancels);
    clients_.erase(id);
}

std::string TransactionLayer::via_for(const Endpoint& target, std::string_view branch) const {
    std::string via;
    via.reserve(120);
    via.append("SIP/2.0/").append(name_of(target.transport)).append(" ");
    via.append(local_.toward(target).to_string());
    via.append(";rport;branch=").append(branch);
    return via;
}

std::string TransactionLayer::new_branch(TransactionId id, std::string_view mark) {
    std::string branch(Via::branch_cookie);
    return branch.append(hex_of(id.value)).append(hex_of(random_.u64())).append(mark);
}

} // namespace lyceum::sip
