// SPDX-License-Identifier: Apache-2.0
/// What a session does with the requests and responses of its peer.
#include "sip/dialog/invite_session.hpp"

#include "base/assert.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace lyceum::sip {
namespace {

/// The text of `Reason: SIP;cause=200;text="…"` (RFC 3326), or all of it.
std::string reason_in(const Message& message) {
    const auto value = message.header(Header::reason).value_or("");
    const auto semicolon = value.find(';');
    if (semicolon == std::string_view::npos) return std::string(value);
    return std::string(Params(value.substr(semicolon)).find("text").value_or(value));
}

} // namespace

bool InviteSession::leaves_session_alone(Kind kind) {
    return kind == Kind::prack || kind == Kind::notify || kind == Kind::message;
}

// ── Requests of the peer ─────────────────────────────────────────────────────────────────────────

void InviteSession::handle_request(const Message& request, TransactionId transaction,
                                   TimePoint now) {
    auto* dialog = dialogs_.empty() ? nullptr : &dialogs_.front();
    const auto key = DialogKey::of_request(request);
    for (auto& candidate : dialogs_)
        if (key && candidate.key() == *key) dialog = &candidate;
    if (!dialog || state_ == State::ended) return respond(transaction, request, 481);
    if (!dialog->handle_cseq(cseq_of(request)))
        return respond(transaction, request, 500, "CSeq Out Of Order");
    switch (request.method()) {
    case Method::invite: return handle_reinvite(request, transaction);
    case Method::update: return handle_update(request, transaction, now);
    case Method::prack: return handle_prack(request, transaction, now);
    case Method::bye: return handle_bye(request, transaction);
    case Method::info: return handle_info(request, transaction);
    case Method::message: outputs_.push_back(Written{transaction, request}); return;
    case Method::refer: outputs_.push_back(Referred{transaction, request}); return;
    default: return respond(transaction, request, 405);
    }
}

/// Keys of old phones: "Signal=5" in application/dtmf-relay, or the key alone in application/dtmf.
/// An info package (RFC 6086) is none that we have asked for.
void InviteSession::handle_info(const Message& request, TransactionId transaction) {
    if (request.header("Info-Package"))
        return respond(transaction, request, 469, "Bad Info Package");
    const auto type = request.header(Header::content_type).value_or("");
    const bool relay = istarts_with(type, "application/dtmf-relay");
    if (!relay && !istarts_with(type, "application/dtmf")) {
        if (request.body().empty()) return respond(transaction, request, 200);
        auto writer = reply(request, 415);
        writer.header(Header::accept, "application/sdp, application/dtmf-relay, application/dtmf");
        outputs_.push_back(SendResponse{transaction, writer.finish()});
        return;
    }
    auto body = request.body();
    auto key = relay ? std::string_view{} : trim(cut(body, '\n'));
    while (relay && !body.empty()) {
        auto value = cut(body, '\n');
        if (iequals(trim(cut(value, '=')), "Signal")) key = trim(value);
    }
    // Some phones number the star and the pound key as RFC 4733 does.
    if (key == "10") key = "*";
    if (key == "11") key = "#";
    const bool known =
        key.size() == 1 && std::string_view("0123456789*#").find(key[0]) != std::string_view::npos;
    respond(transaction, request, known ? 200 : 400, known ? "" : "No Such Key");
    if (known) outputs_.push_back(Keyed{key[0]});
}

void InviteSession::handle_reinvite(const Message& request, TransactionId transaction) {
    if (state_ == State::ending) return respond(transaction, request, 487);
    if (invite_waiting_) {
        // "a 500 … with a Retry-After header field with a randomly chosen value" (§14.2).
        auto writer = reply(request, 500, "Earlier INVITE Pending");
        writer.header(Header::retry_after, random_->below(11));
        outputs_.push_back(SendResponse{transaction, writer.finish()});
        return;
    }
    if (offer_open()) return respond(transaction, request, 491);
    if (refuse_short_interval(request, transaction)) return;
    dialogs_.front().refresh_target(request);
    invite_waiting_ = Waiting{transaction, request};
    if (auto description = description_in(request); !description.empty())
        outputs_.push_back(Offered{std::move(description)});
    else outputs_.push_back(OfferWanted{});
}

void InviteSession::handle_update(const Message& request, TransactionId transaction,
                                  TimePoint now) {
    if (state_ == State::ending) return respond(transaction, request, 487);
    if (refuse_short_interval(request, transaction)) return;
    auto description = description_in(request);
    if (description.empty()) {
        dialogs_.front().refresh_target(request);
        send_success({transaction, request}, {}, now);
        return;
    }
    if (offer_open()) return respond(transaction, request, 491);
    if (offer_waiting_ || invite_waiting_) {
        // An offer of the peer is still unanswered: RFC 3311 §5.2.
        auto writer = reply(request, 500, "Earlier Offer Pending");
        writer.header(Header::retry_after, random_->below(11));
        outputs_.push_back(SendResponse{transaction, writer.finish()});
        return;
    }
    dialogs_.front().refresh_target(request);
    offer_waiting_ = Waiting{transaction, request};
    outputs_.push_back(Offered{std::move(description)});
}

/// RFC 3262 §3: acknowledges the one reliable response that is outstanding, or is 481.
void InviteSession::handle_prack(const Message& request, TransactionId transaction, TimePoint now) {
    const auto rack = RAck::parse(request.header(Header::rack).value_or(""));
    if (!rack) return respond(transaction, request, 400, "Bad RAck");
    if (!rseq_ || !repeated_ || rack->rseq != *rseq_ || rack->cseq.number != repeated_->invite_cseq)
        return respond(transaction, request, 481, "No Such Reliable Response");
    rseq_.reset();
    stop_repeating();
    if (auto description = description_in(request); !description.empty()) {
        offer_waiting_ = Waiting{transaction, request};
        outputs_.push_back(Offered{std::move(description)});
    } else {
        respond(transaction, request, 200);
    }
    if (accept_after_prack_) {
        const auto description = std::move(*accept_after_prack_);
        accept_after_prack_.reset();
        accept(description, now);
    }
}

void InviteSession::handle_bye(const Message& request, TransactionId transaction) {
    respond(transaction, request, 200);
    end(EndCause::peer_hung_up, 0, reason_in(request));
}

void InviteSession::handle_cancel(const Message& cancel, TransactionId transaction) {
    outputs_.push_back(SendResponse{transaction, reply(cancel, 200).finish()});
    if (!invite_waiting_) return; // Answered already: no effect (§9.2).
    respond(invite_waiting_->transaction, invite_waiting_->request, 487);
    invite_waiting_.reset();
    if (state_ == State::incoming) end(EndCause::cancelled, 487, reason_in(cancel));
}

void InviteSession::handle_ack(const Message& ack) {
    if (!repeated_ || rseq_ || cseq_of(ack) != repeated_->invite_cseq) return;
    stop_repeating();
    if (state_ == State::accepted) {
        state_ = State::established;
        outputs_.push_back(Established{});
    }
    if (hang_up_after_ack_) return bye(*hang_up_after_ack_);
    if (!answer_in_ack_) return;
    answer_in_ack_ = false;
    auto description = description_in(ack);
    if (description.empty()) return hang_up("No answer in ACK");
    outputs_.push_back(Answered{std::move(description)});
}

// ── Responses of the peer ────────────────────────────────────────────────────────────────────────

void InviteSession::handle_response(RequestToken token, const Message& response, TimePoint now) {
    const auto found = std::find_if(sent_.begin(), sent_.end(),
                                    [&](const Sent& sent) { return sent.token == token; });
    if (found == sent_.end()) return;
    const auto sent = *found;
    const auto status = response.status();
    if (sent.kind == Kind::invite || sent.kind == Kind::reinvite)
        return handle_invite_response(sent, response, now);
    if (status < 200) return;
    sent_.erase(found);
    if (status < 300) handle_success(sent, response, now);
    else handle_refusal(sent, response, now);
}

void InviteSession::handle_invite_response(const Sent& sent, const Message& response,
                                           TimePoint now) {
    const auto status = response.status();
    if (status < 200) {
        if (sent.kind == Kind::invite) handle_early(response, now);
        return;
    }
    for (auto& known : sent_)
        if (known.token == sent.token) known.done = true;
    if (status >= 300) return handle_refusal(sent, response, now);
    const bool ours =
        !dialogs_.empty() && dialogs_.front().key().remote_tag == tag_of(response, Header::to);
    if (sent.done) {
        // The same 2xx again: its ACK was lost. Or another fork answered too (§13.2.2.4).
        if (!ours) end_other_fork(response);
        else if (ack_ && ack_cseq_ == sent.cseq) outputs_.push_back(SendAck{*ack_});
        return;
    }
    if (sent.kind == Kind::invite) return handle_answer_to_call(response, now);
    handle_success(sent, response, now);
}

void InviteSession::handle_early(const Message& response, TimePoint now) {
    if (cancelling_) return;
    timers_.set(Timer::give_up, now + ring_max);
    if (response.status() == 100) return;
    auto* dialog = dialog_with(response);
    auto description = description_in(response);
    if (dialog && response.lists(Header::require, "100rel")) {
        const auto rseq = parse_number<std::uint32_t>(response.header(Header::rseq).value_or(""));
        const auto tag = std::string(tag_of(response, Header::to));
        auto last = std::find_if(acknowledged_rseq_.begin(), acknowledged_rseq_.end(),
                                 [&](const auto& entry) { return entry.first == tag; });
        if (!rseq) return;
        if (last == acknowledged_rseq_.end())
            last = acknowledged_rseq_.insert(acknowledged_rseq_.end(), {tag, *rseq - 1});
        // In order and once (RFC 3262 §4); PRACK repeats itself as a transaction.
        if (*rseq != last->second + 1) return;
        last->second = *rseq;
        auto writer = dialog->request(Method::prack);
        writer.header(Header::rack,
                      std::to_string(*rseq) + " " + std::to_string(invite_cseq_) + " INVITE");
        send(Kind::prack, dialog->local_cseq(), std::move(writer), {});
        if (!answered_ && !description.empty()) {
            answered_ = true;
            outputs_.push_back(Answered{description});
        }
    }
    outputs_.push_back(Progress{response.status(), std::move(description)});
}

void InviteSession::handle_answer_to_call(const Message& response, TimePoint now) {
    auto* dialog = dialog_with(response);
    if (!dialog) return end(EndCause::failed, response.status(), "2xx without a tag");
    dialog->confirm(response);
    // The other early dialogs are over; 2xx that still come from them are hung up one by one.
    timers_.stop(Timer::give_up);
    auto chosen = std::move(*dialog);
    dialogs_.clear();
    dialogs_.push_back(std::move(chosen));
    look_at_allowed(response);
    start_session_timer(response, true, now);
    auto description = description_in(response);
    if (!initial_offer_ && !description.empty() && !cancelling_) {
        ack_wanted_ = invite_cseq_;
        state_ = State::established;
        outputs_.push_back(Established{});
        outputs_.push_back(Offered{std::move(description)});
        return;
    }
    acknowledge(invite_cseq_, {});
    if (cancelling_) return bye("Cancelled");
    state_ = State::established;
    outputs_.push_back(Established{});
    if (answered_) return;
    if (description.empty()) return bye("No answer in 2xx");
    answered_ = true;
    outputs_.push_back(Answered{std::move(description)});
}

/// A 2xx to a re-INVITE, UPDATE, PRACK or BYE.
void InviteSession::handle_success(const Sent& sent, const Message& response, TimePoint now) {
    if (sent.kind == Kind::bye) return end(EndCause::hung_up);
    if (leaves_session_alone(sent.kind)) return;
    dialogs_.front().refresh_target(response);
    if (sent.kind == Kind::reinvite) {
        pending_offer_.clear();
        acknowledge(sent.cseq, {});
    }
    if (state_ != State::established) return;
    start_session_timer(response, true, now);
    auto description = description_in(response);
    if (!sent.has_offer) return;
    if (description.empty()) return bye("No answer in 2xx");
    outputs_.push_back(Answered{std::move(description)});
}

void InviteSession::handle_refusal(const Sent& sent, const Message& response, TimePoint now) {
    const auto status = response.status();
    if (sent.kind == Kind::bye) return end(EndCause::hung_up);
    if (leaves_session_alone(sent.kind)) return;
    if (sent.kind == Kind::invite) {
        if (status == 422 && !cancelling_) {
            const auto least = parse_delta_seconds(response.header(Header::min_se).value_or(""));
            if (least && std::chrono::seconds(*least) > interval_) {
                interval_min_ = std::chrono::seconds(*least);
                interval_ = std::max(interval_, interval_min_);
                return send_invite(); // RFC 4028 §7.3: again, with a longer interval.
            }
        }
        return end(cancelling_ ? EndCause::hung_up : EndCause::rejected, status, response.reason());
    }
    if (state_ != State::established) return;
    if (status == 491) {
        // §14.1: the owner of the Call-ID waits 2.1–4 s, the other 0–2 s, in steps of 10 ms.
        const auto steps = caller_ ? random_->between(210, 400) : random_->between(0, 200);
        timers_.set(Timer::retry, now + steps * 10ms);
        return;
    }
    if (status == 481 || status == 408) return bye("Peer lost the dialog");
    pending_offer_.clear();
    outputs_.push_back(OfferRefused{status});
}

void InviteSession::handle_failure(RequestToken token, Effects::Failure why, TimePoint) {
    const auto found = std::find_if(sent_.begin(), sent_.end(),
                                    [&](const Sent& sent) { return sent.token == token; });
    if (found == sent_.end()) return;
    const auto kind = found->kind;
    sent_.erase(found);
    const auto* text = why == Effects::Failure::timeout ? "timeout" : "transport failure";
    if (kind == Kind::bye) return end(EndCause::hung_up, 0, text);
    if (kind == Kind::invite)
        return end(cancelling_ ? EndCause::hung_up : EndCause::failed,
                   why == Effects::Failure::timeout ? 408 : 503, text);
    if (leaves_session_alone(kind) || state_ != State::established) return;
    bye("Request timed out"); // §12.2.1.2: like a 408, the dialog is over.
}

/// A second fork answered: acknowledged and hung up at once (§13.2.2.4).
void InviteSession::end_other_fork(const Message& response) {
    auto other = Dialog::uac(invite_, response);
    if (!other) return;
    outputs_.push_back(SendAck{other->ack(invite_cseq_).finish()});
    outputs_.push_back(
        SendRequest{RequestToken{++last_token_}, other->request(Method::bye).finish()});
}

Dialog* InviteSession::dialog_with(const Message& response) {
    const auto tag = tag_of(response, Header::to);
    for (auto& dialog : dialogs_)
        if (dialog.key().remote_tag == tag) return &dialog;
    auto dialog = Dialog::uac(invite_, response);
    static constexpr std::size_t forks_max = 32;
    if (!dialog || dialogs_.size() >= forks_max) return nullptr;
    dialogs_.push_back(std::move(*dialog));
    return &dialogs_.back();
}

} // namespace lyceum::sip
