// SPDX-License-Identifier: Apache-2.0
#include "sip/dialog/invite_session.hpp"

#include "base/assert.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace lyceum::sip {
namespace {

constexpr std::string_view sdp_type = "application/sdp";

bool supports(const Message& message, std::string_view option) {
    return message.lists(Header::supported, option) || message.lists(Header::require, option);
}

} // namespace

std::string_view name_of(EndCause cause) {
    switch (cause) {
    case EndCause::hung_up: return "hung-up";
    case EndCause::peer_hung_up: return "peer-hung-up";
    case EndCause::cancelled: return "cancelled";
    case EndCause::rejected: return "rejected";
    case EndCause::no_ack: return "no-ack";
    case EndCause::session_expired: return "session-expired";
    case EndCause::failed: return "failed";
    }
    return {};
}

InviteSession::InviteSession(Options options, Random& random)
    : options_(std::move(options)), random_(&random), interval_(options_.session_interval),
      interval_min_(options_.session_interval_min) {}

Result<InviteSession, Rejection> InviteSession::incoming(Options options, const Message& invite,
                                                         TransactionId transaction,
                                                         std::string local_tag, Random& random) {
    InviteSession out(std::move(options), random);
    auto dialog = Dialog::uas(invite, local_tag);
    if (!dialog) return Rejection{400, "Missing Contact"};
    out.local_tag_ = std::move(local_tag);
    out.call_id_ = dialog->key().call_id;
    out.dialogs_.push_back(std::move(*dialog));
    out.invite_ = invite;
    out.look_at_allowed(invite);
    if (auto offer = description_in(invite); !offer.empty()) out.initial_offer_ = std::move(offer);
    if (out.refuse_short_interval(invite, transaction)) {
        out.state_ = State::ended;
        out.outputs_.push_back(Ended{EndCause::rejected, 422, {}});
    } else {
        out.invite_waiting_ = Waiting{transaction, invite};
    }
    return out;
}

InviteSession InviteSession::outgoing(Options options, std::string local_tag, std::string call_id,
                                      Random& random) {
    InviteSession out(std::move(options), random);
    out.state_ = State::outgoing;
    out.caller_ = true;
    out.local_tag_ = std::move(local_tag);
    out.call_id_ = std::move(call_id);
    return out;
}

// ── Time ─────────────────────────────────────────────────────────────────────────────────────────

void InviteSession::handle_timeout(TimePoint now) {
    while (const auto timer = timers_.expired(now)) {
        switch (*timer) {
        case Timer::retransmit: retransmit(now); break;
        case Timer::give_up:
            if (state_ == State::outgoing) {
                hang_up("No answer");
                break;
            }
            if (rseq_) {
                rseq_.reset();
                stop_repeating();
                reject(504, "No PRACK", {});
                break;
            }
            // "the UAS core … SHOULD terminate the session … by sending a BYE" (§13.3.1.4).
            stop_repeating();
            bye("No ACK");
            end(EndCause::no_ack);
            break;
        case Timer::refresh: refresh(now); break;
        case Timer::expire:
            bye("Session expired");
            end(EndCause::session_expired);
            break;
        case Timer::retry: send_offer(now); break;
        case Timer::count_: break;
        }
    }
}

void InviteSession::retransmit(TimePoint now) {
    LYCEUM_ASSERT(repeated_);
    // A 2xx backs off to T2 (§13.3.1.4), a reliable 1xx doubles without a ceiling (RFC 3262 §3).
    repeated_->interval *= 2;
    if (!rseq_) repeated_->interval = std::min(repeated_->interval, options_.timers.t2);
    timers_.set(Timer::retransmit, now + repeated_->interval);
    outputs_.push_back(SendResponse{repeated_->transaction, repeated_->response});
}

void InviteSession::keep_repeating(TransactionId transaction, Message response, std::uint32_t cseq,
                                   TimePoint now) {
    outputs_.push_back(SendResponse{transaction, response});
    repeated_ = Repeated{std::move(response), transaction, cseq, options_.timers.t1};
    timers_.set(Timer::retransmit, now + repeated_->interval);
    timers_.set(Timer::give_up, now + options_.timers.timeout());
}

void InviteSession::stop_repeating() {
    repeated_.reset();
    timers_.stop(Timer::retransmit);
    timers_.stop(Timer::give_up);
}

/// RFC 4028 §7.4: by UPDATE where the peer takes it, since that touches no description.
void InviteSession::refresh(TimePoint now) {
    if (state_ != State::established) return;
    if (!peer_updates_) {
        if (pending_offer_.empty()) pending_offer_ = local_description_;
        return send_offer(now);
    }
    auto writer = dialogs_.front().request(Method::update);
    writer.header(
        Header::session_expires,
        std::to_string(std::chrono::duration_cast<std::chrono::seconds>(interval_).count()) +
            ";refresher=uac");
    send(Kind::update, dialogs_.front().local_cseq(), std::move(writer), {});
}

bool InviteSession::refuse_short_interval(const Message& request, TransactionId transaction) {
    const auto value = request.header(Header::session_expires);
    if (!value || !supports(request, "timer")) return false;
    const auto wanted = SessionExpires::parse(*value);
    if (!wanted || wanted->interval >= options_.session_interval_min) return false;
    auto writer = reply(request, 422);
    const auto least =
        std::chrono::duration_cast<std::chrono::seconds>(options_.session_interval_min);
    writer.header(Header::min_se, static_cast<std::uint64_t>(least.count()));
    outputs_.push_back(SendResponse{transaction, writer.finish()});
    return true;
}

/// RFC 4028 §9: the caller's choice of interval and refresher holds; without one, we refresh, which
/// works whether or not the peer knows of session timers.
void InviteSession::add_session_timer(MessageWriter& writer, const Message& request) const {
    using std::chrono::seconds;
    auto interval = std::chrono::duration_cast<seconds>(options_.session_interval);
    auto refresher = SessionExpires::Refresher::uas;
    const auto wanted = SessionExpires::parse(request.header(Header::session_expires).value_or(""));
    if (wanted) {
        interval = std::min(interval, wanted->interval);
        if (wanted->refresher == SessionExpires::Refresher::uac && supports(request, "timer"))
            refresher = SessionExpires::Refresher::uac;
    }
    const bool peer_refreshes = refresher == SessionExpires::Refresher::uac;
    if (peer_refreshes) writer.header(Header::require, "timer");
    writer.header(Header::session_expires, std::to_string(interval.count()) +
                                               ";refresher=" + (peer_refreshes ? "uac" : "uas"));
}

void InviteSession::look_at_allowed(const Message& message) {
    peer_updates_ = message.lists(Header::allow, "UPDATE");
    peer_reads_ = !message.has(Header::allow) || message.lists(Header::allow, "MESSAGE");
}

void InviteSession::start_session_timer(const Message& message, bool we_are_uac, TimePoint now) {
    const auto agreed = SessionExpires::parse(message.header(Header::session_expires).value_or(""));
    if (!agreed || agreed->interval < 10s) return;
    interval_ = agreed->interval;
    refresher_ = (agreed->refresher == SessionExpires::Refresher::uac) == we_are_uac;
    // §10: the side that does not refresh ends the session a little before the other gives up.
    timers_.set(Timer::expire, now + interval_ - std::min<Duration>(32s, interval_ / 3));
    if (refresher_) timers_.set(Timer::refresh, now + interval_ / 2);
    else timers_.stop(Timer::refresh);
}

// ── Commands ─────────────────────────────────────────────────────────────────────────────────────

void InviteSession::invite(OutgoingCall call) {
    LYCEUM_ASSERT(state_ == State::outgoing && sent_.empty());
    call_ = std::move(call);
    if (!call_.description.empty()) initial_offer_ = std::move(call_.description);
    send_invite();
}

void InviteSession::send_invite() {
    auto writer = MessageWriter::request(Method::invite, call_.uri);
    writer.header(Header::from, call_.from + ";tag=" + local_tag_);
    writer.header(Header::to, "<" + call_.uri + ">");
    writer.header(Header::call_id, call_id_);
    writer.header(Header::cseq, std::to_string(++invite_cseq_) + " INVITE");
    writer.header(Header::max_forwards, 70);
    if (!call_.served_user.empty()) writer.header("P-Served-User", "<" + call_.served_user + ">");
    if (!call_.replaces.empty())
        writer.header(Header::replaces, call_.replaces).header(Header::require, "replaces");
    const auto seconds = [](Duration d) {
        return static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::seconds>(d).count());
    };
    writer.header(Header::session_expires, seconds(interval_));
    if (interval_min_ > 90s) writer.header(Header::min_se, seconds(interval_min_));
    // Without an offer of ours, a reliable 1xx could bring one that its PRACK must answer.
    writer.header(Header::supported,
                  (initial_offer_ ? "timer, 100rel" : "timer") + options_.extensions);
    sent_.clear();
    dialogs_.clear();
    send(Kind::invite, invite_cseq_, std::move(writer), initial_offer_.value_or(""));
    invite_ = std::get<SendRequest>(outputs_.back()).request;
}

void InviteSession::ring(int status, const std::string& description, TimePoint now) {
    LYCEUM_ASSERT(status > 100 && status < 200);
    if (state_ != State::incoming || !invite_waiting_ || rseq_) return;
    const auto& request = invite_waiting_->request;
    auto writer = reply(request, status);
    const auto type = description.empty() ? std::string_view{} : sdp_type;
    // Reliable where the caller insists, or where a description must not get lost.
    const bool reliable = request.lists(Header::require, "100rel") ||
                          (!description.empty() && request.lists(Header::supported, "100rel"));
    if (!reliable) {
        outputs_.push_back(
            SendResponse{invite_waiting_->transaction, writer.finish(type, description)});
        return;
    }
    if (last_rseq_ == 0) last_rseq_ = static_cast<std::uint32_t>(random_->below(1u << 30));
    rseq_ = ++last_rseq_;
    writer.header(Header::require, "100rel").header(Header::rseq, *rseq_);
    if (!description.empty()) {
        answered_ = true;
        local_description_ = description;
    }
    keep_repeating(invite_waiting_->transaction, writer.finish(type, description), cseq_of(request),
                   now);
}

void InviteSession::accept(std::string description, TimePoint now) {
    if (state_ != State::incoming || !invite_waiting_) return;
    if (rseq_) {
        // A 2xx must not overtake an answer that is not acknowledged yet (RFC 3262 §3).
        accept_after_prack_ = std::move(description);
        return;
    }
    const auto waiting = std::move(*invite_waiting_);
    invite_waiting_.reset();
    state_ = State::accepted;
    answer_in_ack_ = !initial_offer_;
    send_success(waiting, answered_ ? std::string{} : description, now);
}

void InviteSession::reject(int status, std::string_view reason,
                           const std::vector<std::pair<Header, std::string>>& headers) {
    LYCEUM_ASSERT(status >= 300);
    if (state_ != State::incoming || !invite_waiting_) return;
    auto writer = reply(invite_waiting_->request, status, reason);
    for (const auto& [name, value] : headers) writer.header(name, value);
    outputs_.push_back(SendResponse{invite_waiting_->transaction, writer.finish()});
    invite_waiting_.reset();
    end(EndCause::rejected, status, reason);
}

void InviteSession::offer(std::string description, TimePoint now) {
    pending_offer_ = std::move(description);
    send_offer(now);
}

void InviteSession::send_offer(TimePoint now) {
    if (state_ == State::ending || state_ == State::ended || pending_offer_.empty()) return;
    if (state_ != State::established || offer_open() || invite_waiting_ || offer_waiting_ ||
        repeated_ || ack_wanted_) {
        timers_.set(Timer::retry, now + options_.timers.t1);
        return;
    }
    auto writer = dialogs_.front().request(Method::invite);
    const auto interval = std::chrono::duration_cast<std::chrono::seconds>(interval_);
    writer.header(Header::session_expires,
                  std::to_string(interval.count()) + ";refresher=" + (refresher_ ? "uac" : "uas"));
    writer.header(Header::supported, "timer");
    sent_.erase(std::remove_if(sent_.begin(), sent_.end(),
                               [](const Sent& s) { return s.kind == Kind::reinvite && s.done; }),
                sent_.end());
    send(Kind::reinvite, dialogs_.front().local_cseq(), std::move(writer), pending_offer_);
}

void InviteSession::answer(const std::string& description, TimePoint now) {
    if (state_ == State::ending || state_ == State::ended) return;
    if (ack_wanted_) {
        const auto cseq = *ack_wanted_;
        ack_wanted_.reset();
        acknowledge(cseq, description);
    } else if (offer_waiting_) {
        const auto waiting = std::move(*offer_waiting_);
        offer_waiting_.reset();
        send_success(waiting, description, now);
    } else if (invite_waiting_ && state_ != State::incoming) {
        const auto waiting = std::move(*invite_waiting_);
        invite_waiting_.reset();
        answer_in_ack_ = description_in(waiting.request).empty();
        send_success(waiting, description, now);
    }
}

void InviteSession::refuse(int status, std::string_view reason) {
    if (ack_wanted_) {
        const auto cseq = *ack_wanted_;
        ack_wanted_.reset();
        acknowledge(cseq, {});
        return bye("Offer not acceptable");
    }
    auto& waiting = offer_waiting_ ? offer_waiting_ : invite_waiting_;
    if (!waiting) return;
    if (state_ == State::incoming && &waiting == &invite_waiting_)
        return reject(status, reason, {});
    respond(waiting->transaction, waiting->request, status, reason);
    waiting.reset();
}

void InviteSession::hang_up(std::string_view reason) {
    switch (state_) {
    case State::incoming: return reject(480, reason, {});
    case State::accepted: hang_up_after_ack_ = std::string(reason); return;
    case State::outgoing: {
        if (cancelling_) return;
        cancelling_ = true;
        for (const auto& sent : sent_)
            if (sent.kind == Kind::invite) outputs_.push_back(SendCancel{sent.token});
        return;
    }
    case State::established: return bye(reason);
    case State::ending:
    case State::ended: return;
    }
}

// ── Writing ──────────────────────────────────────────────────────────────────────────────────────

MessageWriter InviteSession::reply(const Message& request, int status,
                                   std::string_view reason) const {
    auto writer = MessageWriter::reply(request, status, reason, local_tag_);
    if (status < 300 && request.method() != Method::bye && request.method() != Method::cancel) {
        if (request.method() == Method::invite) writer.copy(request, Header::record_route);
        writer.header(Header::contact, options_.contact);
        writer.header(Header::supported, "timer, 100rel" + options_.extensions);
    }
    writer.header(Header::allow, options_.allow).header(Header::server, options_.server_name);
    return writer;
}

void InviteSession::respond(TransactionId transaction, const Message& request, int status,
                            std::string_view reason) {
    outputs_.push_back(SendResponse{transaction, reply(request, status, reason).finish()});
}

void InviteSession::send_success(const Waiting& waiting, const std::string& description,
                                 TimePoint now) {
    auto writer = reply(waiting.request, 200);
    const auto method = waiting.request.method();
    if (method != Method::prack) add_session_timer(writer, waiting.request);
    auto response = writer.finish(description.empty() ? std::string_view{} : sdp_type, description);
    if (!description.empty()) local_description_ = description;
    if (method != Method::prack) start_session_timer(response, false, now);
    if (method == Method::invite)
        keep_repeating(waiting.transaction, std::move(response), cseq_of(waiting.request), now);
    else outputs_.push_back(SendResponse{waiting.transaction, std::move(response)});
}

void InviteSession::notify(std::uint32_t refer, const ReferralState& state) {
    if (state_ != State::established && state_ != State::accepted) return;
    auto& dialog = dialogs_.front();
    auto writer = dialog.request(Method::notify);
    writer.header(Header::event, "refer;id=" + std::to_string(refer));
    writer.header(Header::subscription_state, state.subscription_state());
    writer.header(Header::contact, options_.contact);
    const RequestToken token{++last_token_};
    sent_.push_back({token, Kind::notify, dialog.local_cseq(), false});
    outputs_.push_back(
        SendRequest{token, writer.finish("message/sipfrag;version=2.0", state.sipfrag())});
}

void InviteSession::write(const OutgoingText& text) {
    if (state_ != State::established || !peer_reads_) return;
    auto& dialog = dialogs_.front();
    auto writer = dialog.request(Method::message, text.display);
    for (const auto& [name, value] : text.headers) writer.header(name, value);
    const RequestToken token{++last_token_};
    sent_.push_back({token, Kind::message, dialog.local_cseq(), false});
    outputs_.push_back(SendRequest{token, writer.finish(text.type, text.body)});
}

void InviteSession::send(Kind kind, std::uint32_t cseq, MessageWriter writer,
                         std::string_view description) {
    const RequestToken token{++last_token_};
    if (kind != Kind::bye && kind != Kind::prack) {
        writer.header(Header::contact, options_.contact).header(Header::allow, options_.allow);
        if (kind == Kind::update) writer.header(Header::supported, "timer");
    }
    writer.header(Header::user_agent, options_.server_name);
    if (!description.empty()) local_description_ = description;
    sent_.push_back({token, kind, cseq, !description.empty()});
    outputs_.push_back(SendRequest{
        token, writer.finish(description.empty() ? std::string_view{} : sdp_type, description)});
}

void InviteSession::acknowledge(std::uint32_t cseq, std::string_view description) {
    auto writer = dialogs_.front().ack(cseq);
    if (!description.empty()) local_description_ = description;
    ack_ = writer.finish(description.empty() ? std::string_view{} : sdp_type, description);
    ack_cseq_ = cseq;
    outputs_.push_back(SendAck{*ack_});
}

void InviteSession::bye(std::string_view reason) {
    if (state_ == State::ending || state_ == State::ended) return;
    state_ = State::ending;
    timers_.stop_all();
    repeated_.reset();
    auto writer = dialogs_.front().request(Method::bye);
    std::string text(reason);
    std::replace(text.begin(), text.end(), '"', '\'');
    writer.header(Header::reason, "SIP;cause=200;text=\"" + text + "\"");
    send(Kind::bye, dialogs_.front().local_cseq(), std::move(writer), {});
}

void InviteSession::end(EndCause cause, int status, std::string_view reason) {
    if (state_ == State::ended) return;
    state_ = State::ended;
    // "The UAS MUST still respond to any pending requests": 487 (§15.1.2).
    for (auto* waiting : {&invite_waiting_, &offer_waiting_})
        if (*waiting) respond((*waiting)->transaction, (*waiting)->request, 487);
    invite_waiting_.reset();
    offer_waiting_.reset();
    timers_.stop_all();
    outputs_.push_back(Ended{cause, status, std::string(reason)});
}

bool InviteSession::offer_open() const {
    if (repeated_ && answer_in_ack_) return true;
    return std::any_of(sent_.begin(), sent_.end(),
                       [](const Sent& sent) { return sent.has_offer && !sent.done; });
}

std::optional<InviteSession::Output> InviteSession::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
}

} // namespace lyceum::sip
