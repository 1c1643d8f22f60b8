// SPDX-License-Identifier: Apache-2.0
#include "server/b2bua/bridge.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace lyceum::b2bua {

using sip::Header;
using sip::Method;

namespace {

constexpr auto refresh_grace = 32s; // Whoever refreshes may be late, by a transaction.
constexpr std::string_view unusable = "SIP;cause=488;text=\"No Usable Description\"";
constexpr std::size_t numbers_max = 8; // INVITEs whose ACK or PRACK may still come.

/// RFC 5057 §5.1: which answers mean that nobody is there any more.
bool ends_dialog(int status) { return status == 408 || status == 481; }

/// These, and their answers, say where the sender is from now on (RFC 3261 §12.2, RFC 3311).
bool moves_target(Method method) { return method == Method::invite || method == Method::update; }

/// Another usage of the dialog, whose end is not the end of the call (RFC 5057 §5.2).
bool is_of_subscription(Method method) {
    return method == Method::subscribe || method == Method::notify;
}

bool needs_contact(Method method) {
    return moves_target(method) || is_of_subscription(method) || method == Method::refer;
}

} // namespace

Bridge::Bridge(Options options, sip::UserAgent& agent, Entropy& entropy)
    : options_(std::move(options)), agent_(agent), entropy_(entropy) {}

PairId Bridge::join(End caller_end, End callee_end, const sip::Message& invite, std::uint32_t sent,
                    std::shared_ptr<RelayedMedia> media) {
    const PairId id{++last_pair_};
    dialogs_.emplace(caller_end.dialog.key(), Place{id, caller});
    dialogs_.emplace(callee_end.dialog.key(), Place{id, callee});
    Pair pair{{std::move(caller_end), std::move(callee_end)}, {}, {}};
    pair.numbers[caller].emplace(sip::cseq_of(invite), sent);
    pair.descriptions[caller] = sip::description_in(invite);
    pair.media = std::move(media);
    pairs_.emplace(id, std::move(pair));
    return id;
}

void Bridge::confirm(PairId id, const sip::Message& success, const sip::Endpoint& from,
                     std::uint32_t sent, std::optional<sip::Credentials> credentials,
                     TimePoint now) {
    auto& pair = pairs_.at(id);
    auto& end = pair.ends[callee];
    end.dialog.confirm(success);
    end.peer = from;
    for (auto& [number, as_sent] : pair.numbers[caller]) as_sent = sent;
    pair.credentials[callee] = std::move(credentials);
    pair.confirmed = true;
    pair.name = entropy_.hex(8);
    pair.descriptions[callee] = sip::description_in(success);
    watch(id, success, now);
}

void Bridge::answer_for(PairId id, End end, std::string description,
                        std::shared_ptr<RelayedMedia> media, TimePoint now) {
    auto& pair = pairs_.at(id);
    dialogs_.erase(pair.ends[callee].dialog.key());
    dialogs_.emplace(end.dialog.key(), Place{id, callee});
    pair.ends[callee] = std::move(end);
    pair.media = std::move(media);
    pair.numbers = {};
    pair.confirmed = true;
    pair.name = entropy_.hex(8);
    pair.descriptions[callee] = std::move(description);
    watch(id, now);
    outputs_.push_back(Changed{id});
}

/// The ends refresh the session themselves; if both have died, nobody does.
void Bridge::watch(PairId id, const sip::Message& success, TimePoint now) {
    const auto said = success.header(Header::session_expires).value_or("");
    const auto seconds = parse_number<unsigned>(trim(said.substr(0, said.find(';'))));
    pairs_.at(id).expires_s = seconds.value_or(0);
    watch(id, now);
    outputs_.push_back(Changed{id});
}

void Bridge::watch(PairId id, TimePoint now) {
    const std::chrono::seconds agreed(pairs_.at(id).expires_s);
    auto lasts = options_.lasts_max;
    if (agreed > 0s) lasts = std::min<Duration>(lasts, agreed + refresh_grace);
    lasts_.set(id, now + lasts);
}

// ── What comes ───────────────────────────────────────────────────────────────────────────────────

bool Bridge::handle_stranger(const sip::UserAgent::Output& shown, TimePoint now) {
    if (const auto* request = std::get_if<sip::RequestReceived>(&shown))
        return request->request.method() == Method::cancel ? handle_cancel(*request, now)
                                                           : handle_request(*request, now);
    if (const auto* ack = std::get_if<sip::AckReceived>(&shown)) return handle_ack(*ack, now);
    if (const auto* response = std::get_if<sip::ResponseReceived>(&shown))
        return handle_response(*response, now);
    const auto* failed = std::get_if<sip::RequestFailed>(&shown);
    return failed && handle_failure(*failed, now);
}

/// What goes by the line inside has passed the proxy before under the same names; then it was not
/// for us yet.
std::optional<Bridge::Place> Bridge::place_of(const sip::Message& request,
                                              const sip::Endpoint& from) const {
    if (dialogs_.empty()) return std::nullopt;
    const auto key = sip::DialogKey::of_request(request);
    const auto found = key ? dialogs_.find(*key) : dialogs_.end();
    if (found == dialogs_.end()) return std::nullopt;
    const auto& end = pairs_.at(found->second.pair).ends[found->second.side];
    const bool inside = end.peer.transport == sip::Transport::inside;
    if (inside != (from.transport == sip::Transport::inside)) return std::nullopt;
    return found->second;
}

std::optional<std::pair<PairId, Bridge::Side>> Bridge::find(const sip::DialogKey& dialog) const {
    const auto found = dialogs_.find(dialog);
    if (found == dialogs_.end()) return std::nullopt;
    return std::pair(found->second.pair, found->second.side);
}

bool Bridge::is_talking(PairId id) const {
    const auto found = pairs_.find(id);
    return found != pairs_.end() && found->second.confirmed && !found->second.over;
}

bool Bridge::handle_request(const sip::RequestReceived& received, TimePoint now) {
    const auto& request = received.request;
    const auto found = place_of(request, received.from);
    if (!found) return false;
    const auto place = *found;
    auto& end = pairs_.at(place.pair).ends[place.side];
    const auto answer = [&](int status) {
        respond(received.transaction, request, status, now);
        return true;
    };
    if (!end.dialog.handle_cseq(sip::cseq_of(request))) return answer(500);
    end.peer = received.from;
    if (request.method() == Method::bye) {
        answer(200);
        auto& pair = pairs_.at(place.pair);
        if (pair.moving == place.side && !pair.left) {
            dialogs_.erase(end.dialog.key());
            pair.left = true;
            return true;
        }
        bye(place.pair, other(place.side), &request, {}, now);
        close(place.pair);
        settle(place.pair);
        return true;
    }
    if (request.method() == Method::other) return answer(405);
    if (request.method() == Method::refer) {
        if (!end.may_refer || !pairs_.at(place.pair).confirmed) return answer(403);
        outputs_.push_back(Referred{place.pair, place.side, received});
        return true;
    }
    // Ask again, when somebody is there.
    if (pairs_.at(place.pair).left || pairs_.at(place.pair).kept) return answer(491);
    if (moves_target(request.method())) end.dialog.refresh_target(request);
    relay(place, received, now);
    return true;
}

void Bridge::relay(Place from, const sip::RequestReceived& received, TimePoint now) {
    const auto& request = received.request;
    const auto method = request.method();
    auto& pair = pairs_.at(from.pair);
    const Place to{from.pair, other(from.side)};
    const auto body = body_for(to, request, turn_of(from, request));
    if (!body) return respond(received.transaction, request, 488, now);
    auto& end = pair.ends[to.side];
    auto writer = end.dialog.request(method);
    if (needs_contact(method)) writer.header(Header::contact, "<" + end.contact + ">");
    // PRACK answers the INVITE of its own side.
    copy_across(writer, request, pair.numbers[from.side]);
    if (method == Method::invite) {
        auto& numbers = pair.numbers[from.side];
        numbers.insert_or_assign(sip::cseq_of(request), end.dialog.local_cseq());
        if (numbers.size() > numbers_max) numbers.erase(numbers.begin());
        pair.credentials[to.side].reset();
    }
    writer.header(Header::user_agent, options_.server_name);
    send({to, received.transaction, request, writer.finish({}, *body)}, now);
}

/// What is said goes across as it is; but to a side whose other end has been replaced, the new one
/// describes himself as the old one did, and media that goes by us is described by us. None: that
/// cannot be.
std::optional<std::string> Bridge::body_for(Place to, const sip::Message& message, Turn turn) {
    auto& pair = pairs_.at(to.pair);
    auto description = sip::description_in(message);
    auto& shown = pair.shown[to.side];
    std::string body(message.body());
    if (description.empty()) return body;
    if (pair.media) {
        const auto told = pair.media->pass(at(other(to.side)), description, turn);
        if (!told) return std::nullopt;
        body = with_description(std::move(body), description, *told);
    } else if (shown) {
        body = described_by(*shown, description);
    }
    pair.descriptions[other(to.side)] = std::move(description);
    return body;
}

/// RFC 3262 §5: a PRACK has the answer to what a provisional response has offered, or an offer.
Bridge::Turn Bridge::turn_of(Place from, const sip::Message& request) const {
    const auto& media = pairs_.at(from.pair).media;
    const bool answers =
        request.method() == Method::ack ||
        (request.method() == Method::prack && media && media->awaits_answer_of(at(from.side)));
    return answers ? Turn::answer : Turn::offer;
}

void Bridge::send(Relay relay, TimePoint now) {
    const auto& end = pairs_.at(relay.to.pair).ends[relay.to.side];
    const auto id = agent_.request(relay.sent, {target_of(end)}, {{}, true}, now);
    if (relay.asker) asked_.insert_or_assign(*relay.asker, id);
    relays_.emplace(id, std::move(relay));
}

/// By its route or its target where that is an address; else back to where it sends from, such as
/// a connection.
sip::Endpoint Bridge::target_of(const End& end) const {
    if (sip::is_reliable(end.peer.transport)) return end.peer;
    return sip::endpoint_of(end.dialog.next_hop()).value_or(end.peer);
}

bool Bridge::handle_ack(const sip::AckReceived& received, TimePoint now) {
    const auto place = place_of(received.ack, received.from);
    if (!place) return false;
    const auto [id, side] = *place;
    auto& pair = pairs_.at(id);
    const auto number = pair.numbers[side].find(sip::cseq_of(received.ack));
    if (number == pair.numbers[side].end()) return true;
    const auto& end = pair.ends[other(side)];
    auto writer = end.dialog.ack(number->second);
    // The same credentials as in the INVITE (RFC 3261 §22.1).
    if (const auto& credentials = pair.credentials[other(side)])
        writer.header(credentials->header, credentials->value);
    copy_across(writer, received.ack, {});
    const auto body = body_for({id, other(side)}, received.ack, Turn::answer);
    agent_.acknowledge(writer.finish({}, body.value_or("")), target_of(end), now);
    if (!body) hang_up(id, unusable, now);
    return true;
}

bool Bridge::handle_cancel(const sip::RequestReceived& received, TimePoint now) {
    const auto invite = agent_.transactions().invite_of(received.request);
    const auto found = invite ? asked_.find(*invite) : asked_.end();
    if (found == asked_.end()) return false;
    respond(received.transaction, received.request, 200, now);
    agent_.cancel(found->second, std::string(received.request.header(Header::reason).value_or("")),
                  now);
    return true;
}

bool Bridge::handle_response(const sip::ResponseReceived& received, TimePoint now) {
    const auto found = relays_.find(received.transaction);
    if (found == relays_.end()) return false;
    const auto& response = received.response;
    if (response.status() == 100) return true;
    auto& relay = found->second;
    const auto pair = pairs_.find(relay.to.pair);
    const bool final = response.status() >= 200;
    if (final && pair != pairs_.end() && answer_challenge(relay, response, now)) {
        relays_.erase(received.transaction);
        return true;
    }
    const auto method = relay.sent.method();
    if (pair != pairs_.end() && moves_target(method) && response.status() < 300) {
        pair->second.ends[relay.to.side].dialog.refresh_target(response);
        if (final && pair->second.confirmed && !pair->second.over)
            watch(relay.to.pair, response, now);
    }
    const auto id = relay.to.pair;
    if (relay.asker) {
        if (!pass_back(relay, response, now)) hang_up(id, unusable, now);
    } else if (final && pair != pairs_.end())
        handle_own(relay, response, pair->second.answered == received.transaction, now);
    if (!final) return true;
    if (relay.asker) asked_.erase(*relay.asker);
    if (method == Method::invite && response.status() < 300 && pair != pairs_.end()) {
        // It comes again until its ACK does, and goes back again.
        auto& last = pair->second.answered;
        if (last && *last != received.transaction) relays_.erase(*last);
        last = received.transaction;
        return true;
    }
    const int status = response.status();
    relays_.erase(found);
    if (method == Method::bye) {
        if (pair != pairs_.end()) --pair->second.byes;
        settle(id);
    } else if (ends_dialog(status) && !is_of_subscription(method)) {
        hang_up(id, "SIP;cause=" + std::to_string(status), now);
    }
    return true;
}

bool Bridge::handle_failure(const sip::RequestFailed& failed, TimePoint now) {
    const auto found = relays_.find(failed.transaction);
    if (found == relays_.end()) return false;
    const auto relay = std::move(found->second);
    relays_.erase(found);
    if (relay.asker) {
        asked_.erase(*relay.asker);
        respond(*relay.asker, relay.asked, 408, now);
    }
    const auto pair = pairs_.find(relay.to.pair);
    if (pair == pairs_.end()) return true;
    // Whoever does not answer a BYE, or how it goes with a transfer, has nothing to say any more.
    if (relay.sent.method() == Method::bye) {
        --pair->second.byes;
        settle(relay.to.pair);
    } else if (!is_of_subscription(relay.sent.method())) {
        hang_up(relay.to.pair, "SIP;cause=408", now);
    }
    return true;
}

/// RFC 3261 §22.2, once for each request.
bool Bridge::answer_challenge(Relay& relay, const sip::Message& challenge, TimePoint now) {
    auto& pair = pairs_.at(relay.to.pair);
    auto& end = pair.ends[relay.to.side];
    if ((challenge.status() != 401 && challenge.status() != 407) || relay.challenged || !end.login)
        return false;
    const auto credentials = sip::answer_challenge(challenge, *end.login, relay.sent.method_name(),
                                                   relay.sent.request_uri(), entropy_.hex(8));
    if (!credentials) return false;
    end.dialog.request(relay.sent.method()); // Its number is the next.
    auto again = with_credentials(relay.sent, end.dialog.local_cseq(), *credentials);
    if (relay.sent.method() == Method::invite) {
        pair.credentials[relay.to.side] = credentials;
        auto& numbers = pair.numbers[other(relay.to.side)];
        if (relay.asker)
            numbers.insert_or_assign(sip::cseq_of(relay.asked), end.dialog.local_cseq());
    }
    send({relay.to, relay.asker, std::move(relay.asked), std::move(again), true}, now);
    return true;
}

/// False: what it says of media cannot be passed, and the asker has been told so.
bool Bridge::pass_back(const Relay& relay, const sip::Message& response, TimePoint now) {
    const auto pair = pairs_.find(relay.to.pair);
    const bool said_something = !sip::description_in(relay.asked).empty();
    std::optional<std::string> body(response.body());
    if (pair != pairs_.end() && response.status() < 300)
        body = body_for({relay.to.pair, other(relay.to.side)}, response,
                        said_something ? Turn::answer : Turn::offer);
    else if (pair != pairs_.end() && pair->second.media && said_something)
        pair->second.media->withdraw(at(other(relay.to.side)));
    if (!body) {
        respond(*relay.asker, relay.asked, 488, now);
        return false;
    }
    // Passwords are between us and the other side.
    const bool challenge = response.status() == 401 || response.status() == 407;
    auto writer = sip::MessageWriter::reply(relay.asked, challenge ? 403 : response.status(),
                                            challenge ? "" : response.reason());
    if (pair != pairs_.end() && response.status() < 300 && needs_contact(relay.asked.method()))
        writer.header(Header::contact, "<" + pair->second.ends[other(relay.to.side)].contact + ">");
    copy_across(writer, response, {});
    agent_.respond(*relay.asker, writer.finish({}, *body), now);
    return true;
}

void Bridge::respond(sip::TransactionId to, const sip::Message& request, int status,
                     TimePoint now) {
    auto writer = sip::MessageWriter::reply(request, status);
    writer.header(Header::server, options_.server_name);
    agent_.respond(to, writer.finish(), now);
}

// ── The end ──────────────────────────────────────────────────────────────────────────────────────

void Bridge::hang_up(PairId id, std::string_view reason, TimePoint now) {
    const auto found = pairs_.find(id);
    if (found == pairs_.end()) return;
    if (!found->second.over && found->second.confirmed)
        for (const auto side : {caller, callee}) bye(id, side, nullptr, reason, now);
    close(id);
    settle(id);
}

/// `because` is the BYE of the other side, whose Reason and body are passed on.
void Bridge::bye(PairId id, Side to, const sip::Message* because, std::string_view reason,
                 TimePoint now) {
    auto& pair = pairs_.at(id);
    if (pair.left && pair.moving == to) return;
    auto writer = pair.ends[to].dialog.request(Method::bye);
    if (because) copy_across(writer, *because, {});
    if (!reason.empty()) writer.header(Header::reason, reason);
    writer.header(Header::user_agent, options_.server_name);
    ++pair.byes;
    send({{id, to}, {}, {}, writer.finish({}, because ? because->body() : "")}, now);
}

/// Nothing more comes in by these dialogs.
void Bridge::close(PairId id) {
    auto& pair = pairs_.at(id);
    if (std::exchange(pair.over, true)) return;
    for (const auto& end : pair.ends) dialogs_.erase(end.dialog.key());
    pair.media.reset();
    pair.kept.reset();
    lasts_.remove(id);
    outputs_.push_back(Over{id, pair.name});
}

/// Once our BYEs are answered, nobody needs it any more.
void Bridge::settle(PairId id) {
    const auto found = pairs_.find(id);
    if (found == pairs_.end() || !found->second.over || found->second.byes > 0) return;
    if (const auto last = found->second.answered) relays_.erase(*last);
    pairs_.erase(found);
}

void Bridge::handle_timeout(TimePoint now) {
    while (const auto id = lasts_.expired(now))
        hang_up(*id, "SIP;cause=200;text=\"Too long\"", now);
}

std::optional<Bridge::Output> Bridge::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
}

} // namespace lyceum::b2bua
