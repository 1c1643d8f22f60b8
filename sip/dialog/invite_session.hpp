// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "base/timer_table.hpp"
#include "sip/dialog/dialog.hpp"
#include "sip/dialog/end_cause.hpp"
#include "sip/dialog/outgoing_call.hpp"
#include "sip/dialog/outgoing_text.hpp"
#include "sip/dialog/referral.hpp"
#include "sip/dialog/session_options.hpp"
#include "sip/message/values.hpp"
#include "sip/transaction/transaction_layer.hpp"

#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace lyceum::sip {

/// Names a request of the session on its way; the user agent knows its transaction.
using RequestToken = StrongId<struct RequestTokenTag>;

/// One SIP session from INVITE to BYE, in either role: RFC 3261 §13–§15 with PRACK (3262), UPDATE
/// (3311), session timers (4028), glare (§14.2), CANCEL races, forked answers and retransmission of
/// the 2xx. It carries descriptions as text and keeps the order in which offers and answers may go
/// (RFC 6337); what they say is the owner's business.
///
/// One open offer at a time: after `Offered`, the owner calls `answer` or `refuse`; after
/// `OfferWanted`, `answer` with an offer, and `Answered` brings what the peer says to it.
class InviteSession {
public:
    enum class State {
        incoming,    ///< INVITE came, not answered finally.
        accepted,    ///< 2xx sent, waiting for the ACK.
        outgoing,    ///< INVITE sent.
        established, ///< ACK came or was sent.
        ending,      ///< BYE or CANCEL sent, waiting for its outcome.
        ended,
    };
    enum class Timer {
        retransmit, ///< When to send the 2xx or the reliable 1xx again.
        give_up,    ///< When to stop waiting for its ACK or PRACK, or for a phone that only rings.
        refresh,    ///< When to refresh the session, being the refresher.
        expire,     ///< When the session is over unless the peer refreshes it.
        retry,      ///< When to repeat an offer that met the peer's own (491).
        count_
    };
    using Options = SessionOptions;

    /// \name Requests of the session that the user agent sends
    ///@{
    struct SendRequest {
        RequestToken token;
        Message request;
    };
    struct SendResponse {
        TransactionId transaction;
        Message response;
    };
    struct SendAck {
        Message ack;
    };
    struct SendCancel {
        RequestToken invite;
    };
    ///@}
    /// \name Events for the owner
    ///@{
    struct Progress { ///< 101–199 of the peer; `description` is only a preview.
        int status;
        std::string description;
    };
    struct Established {};
    struct Offered { ///< Answer with `answer` or `refuse`.
        std::string description;
    };
    struct OfferWanted {}; ///< A re-INVITE without offer: `answer` with an offer.
    struct Answered {
        std::string description;
    };
    struct OfferRefused { ///< The session goes on as it was (§14.1).
        int status;
    };
    struct Keyed { ///< A key of an old phone, by INFO; it has been answered.
        char key;
    };
    struct Written { ///< A MESSAGE in the dialog (RFC 3428 §4): answer the transaction.
        TransactionId transaction;
        Message message;
    };
    struct Referred { ///< A REFER in the dialog: answer the transaction, then `notify`.
        TransactionId transaction;
        Message refer;
    };
    struct Ended {
        EndCause cause;
        int status = 0;
        std::string reason; ///< Of the Reason header (RFC 3326), or the reason phrase.
    };
    ///@}
    using Output =
        std::variant<SendRequest, SendResponse, SendAck, SendCancel, Progress, Established, Offered,
                     OfferWanted, Answered, OfferRefused, Keyed, Written, Referred, Ended>;

    /// The called side. `request` is the valid INVITE, outside of any dialog, with a Contact.
    static Result<InviteSession, Rejection> incoming(Options options, const Message& invite,
                                                     TransactionId transaction,
                                                     std::string local_tag, Random& random);
    /// The calling side; call `invite` next.
    static InviteSession outgoing(Options options, std::string local_tag, std::string call_id,
                                  Random& random);

    /// \name What came
    ///@{
    void handle_request(const Message& request, TransactionId transaction, TimePoint now);
    void handle_cancel(const Message& cancel, TransactionId transaction);
    void handle_ack(const Message& ack);
    void handle_response(RequestToken token, const Message& response, TimePoint now);
    void handle_failure(RequestToken token, Effects::Failure why, TimePoint now);
    void handle_timeout(TimePoint now);
    ///@}
    /// \name Commands of the owner; out of place (the session has moved on) they do nothing.
    ///@{
    void invite(OutgoingCall call);
    void ring(int status, const std::string& description, TimePoint now);
    void accept(std::string description, TimePoint now);
    void reject(int status, std::string_view reason,
                const std::vector<std::pair<Header, std::string>>& headers);
    /// Offers anew: add, drop, hold or resume a medium (§14.1).
    void offer(std::string description, TimePoint now);
    void answer(const std::string& description, TimePoint now);
    void refuse(int status, std::string_view reason = {});
    void hang_up(std::string_view reason);
    /// What has become of a REFER in the dialog, whose CSeq this was.
    void notify(std::uint32_t refer, const ReferralState& state);
    /// Writes to the peer, if he does not say that he cannot read; what becomes of it is not told.
    void write(const OutgoingText& text);
    ///@}

    std::optional<Output> poll();
    [[nodiscard]] std::optional<TimePoint> deadline() const { return timers_.deadline(); }
    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] const std::string& contact() const { return options_.contact; }
    void set_contact(std::string contact) { options_.contact = std::move(contact); }
    /// The dialog that requests travel in: none before the first response with a tag.
    [[nodiscard]] const Dialog* dialog() const { return dialogs_.empty() ? nullptr : &dialogs_[0]; }
    [[nodiscard]] const std::vector<Dialog>& dialogs() const { return dialogs_; }
    /// Whether the INVITE had an offer: else `accept` sends one.
    [[nodiscard]] const std::optional<std::string>& initial_offer() const { return initial_offer_; }

private:
    enum class Kind { invite, reinvite, update, prack, bye, notify, message };
    /// Whatever becomes of it, the session goes on.
    static bool leaves_session_alone(Kind kind);
    struct Sent { ///< A request on its way.
        RequestToken token;
        Kind kind;
        std::uint32_t cseq;
        bool has_offer;
        bool done = false; ///< Answered; kept for 2xx that come again.
    };
    struct Waiting { ///< A request of the peer that the owner has to answer.
        TransactionId transaction;
        Message request;
    };
    struct Repeated { ///< A 2xx until its ACK, or a reliable 1xx until its PRACK.
        Message response;
        TransactionId transaction;
        std::uint32_t invite_cseq;
        Duration interval;
    };
    static constexpr Duration ring_max = 180s; ///< After the last 1xx, as a proxy's Timer C.

    InviteSession(Options options, Random& random);

    void handle_reinvite(const Message& request, TransactionId transaction);
    void handle_update(const Message& request, TransactionId transaction, TimePoint now);
    void handle_prack(const Message& request, TransactionId transaction, TimePoint now);
    void handle_bye(const Message& request, TransactionId transaction);
    void handle_info(const Message& request, TransactionId transaction);
    void handle_invite_response(const Sent& sent, const Message& response, TimePoint now);
    void handle_early(const Message& response, TimePoint now);
    void handle_answer_to_call(const Message& response, TimePoint now);
    void handle_success(const Sent& sent, const Message& response, TimePoint now);
    void handle_refusal(const Sent& sent, const Message& response, TimePoint now);
    void end_other_fork(const Message& response);
    Dialog* dialog_with(const Message& response);

    MessageWriter reply(const Message& request, int status, std::string_view reason = {}) const;
    void respond(TransactionId transaction, const Message& request, int status,
                 std::string_view reason = {});
    void send_success(const Waiting& waiting, const std::string& description, TimePoint now);
    void send(Kind kind, std::uint32_t cseq, MessageWriter writer, std::string_view description);
    void send_invite();
    void send_offer(TimePoint now);
    void acknowledge(std::uint32_t cseq, std::string_view description);
    void keep_repeating(TransactionId transaction, Message response, std::uint32_t cseq,
                        TimePoint now);
    void stop_repeating();
    void refresh(TimePoint now);
    void bye(std::string_view reason);
    void end(EndCause cause, int status = 0, std::string_view reason = {});
    void look_at_allowed(const Message& message);
    void start_session_timer(const Message& message, bool we_are_uac, TimePoint now);
    bool refuse_short_interval(const Message& request, TransactionId transaction);
    void add_session_timer(MessageWriter& writer, const Message& request) const;
    [[nodiscard]] bool offer_open() const;
    void retransmit(TimePoint now);

    Options options_;
    Random* random_;
    State state_ = State::incoming;
    bool caller_ = false; ///< We sent the first INVITE, so the Call-ID is ours.
    TimerTable<Timer> timers_;
    std::deque<Output> outputs_;
    std::uint64_t last_token_ = 0;
    std::vector<Dialog> dialogs_; ///< A caller's early ones; the first 2xx makes its own first.
    std::string local_tag_, call_id_;
    Message invite_; ///< The INVITE that created the session.
    std::optional<std::string> initial_offer_;
    std::optional<Waiting> invite_waiting_; ///< The INVITE or re-INVITE to answer.
    std::optional<Waiting> offer_waiting_;  ///< UPDATE or PRACK whose offer waits for our answer.
    std::vector<Sent> sent_;
    bool cancelling_ = false;
    std::optional<std::string> hang_up_after_ack_; ///< §15: no BYE of the callee before the ACK.
    bool answered_ = false;         ///< The offer of the initial INVITE has its answer.
    OutgoingCall call_;             ///< Caller: but for its description.
    std::uint32_t invite_cseq_ = 0; ///< Caller: of the initial INVITE.
    std::optional<Repeated> repeated_;
    bool answer_in_ack_ = false;        ///< Our 2xx had an offer.
    std::optional<std::uint32_t> rseq_; ///< Of the reliable 1xx that waits for its PRACK.
    std::uint32_t last_rseq_ = 0;
    std::optional<std::string> accept_after_prack_;
    std::vector<std::pair<std::string, std::uint32_t>> acknowledged_rseq_; ///< Caller: by To tag.
    std::optional<std::uint32_t> ack_wanted_; ///< Caller: the peer's offer came in this 2xx.
    std::optional<Message> ack_; ///< The last ACK of ours, to be repeated with the 2xx.
    std::uint32_t ack_cseq_ = 0;
    std::string local_description_; ///< The last one sent: for re-INVITEs that change nothing.
    std::string pending_offer_;     ///< To be offered, or to be offered again after 491.
    Duration interval_{};
    Duration interval_min_;
    bool refresher_ = false;
    bool peer_updates_ = false; ///< The peer allows UPDATE.
    bool peer_reads_ = true;    ///< He does not say what he allows, or MESSAGE is of it.
};

} // namespace lyceum::sip
