// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/dialog/invite_session.hpp"
#include "sip/message/refusal.hpp"
#include "sip/transaction/transaction_layer.hpp"

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace lyceum::sip {

using SessionId = StrongId<struct SessionTag>;
using LocateId = StrongId<struct LocateTag>;

/// A new INVITE that passed all checks. Answer with `accept` or `reject`, perhaps after `ring`.
struct IncomingCall {
    SessionId session;
    Message invite;
    Endpoint from;
    std::optional<std::string> offer;
    /// The session that it wants to be in the place of (RFC 3891), or together with (RFC 3911). Who
    /// may is the owner's business, as is the end of the one that is replaced.
    std::optional<SessionId> replaces{}, joins{};
};
/// What happened in a session: see InviteSession. After Ended the id means nothing any more.
struct SessionEvent {
    SessionId session;
    std::variant<InviteSession::Progress, InviteSession::Established, InviteSession::Offered,
                 InviteSession::OfferWanted, InviteSession::Answered, InviteSession::OfferRefused,
                 InviteSession::Keyed, InviteSession::Written, InviteSession::Referred,
                 InviteSession::Ended>
        event;
};
/// A REFER outside of any dialog, to one of our URIs, that passed all checks. Answer it by
/// `respond`.
struct ReferReceived {
    TransactionId transaction;
    Message refer;
    Endpoint from;
};
/// Find where this URI is (RFC 3263) and say so with `handle_located`.
struct Locate {
    LocateId id;
    std::string uri;
};

/// One SIP user agent: the transaction layer, the sessions, and the checks that every request
/// passes (RFC 3261 §8.2: method, scheme, extensions, content). Joins transactions to dialogs and
/// answers OPTIONS and everything that is nobody's. Whom a call is for and what the descriptions
/// say is decided by its owner.
///
/// An owner that has other users of the same transactions (a registrar, a proxy) is shown what
/// belongs to none of the sessions: requests, CANCELs, ACKs, responses. He gives back by `take`
/// what a user agent has to answer.
class UserAgent {
public:
    using Output = std::variant<Transmit, Locate, IncomingCall, SessionEvent, ReferReceived,
                                RequestReceived, AckReceived, ResponseReceived, RequestFailed>;

    struct Options {
        TransactionLayer::Options transactions;
        std::string server_name = "Lyceum";
        std::string contact_params; ///< Behind our Contact, such as `;isfocus` (RFC 3840).
        Duration session_interval = 1800s;
        std::size_t sessions_max = 50'000; ///< Beyond: 503 with Retry-After.
        bool shows_strangers = false;      ///< What belongs to no session is put out.
    };

    UserAgent(Options options, Random& random, Entropy& entropy, const LocalAddresses& local,
              Log& log);

    void handle_message(Message message, const Endpoint& from, TimePoint now);
    void handle_transport_error(TransactionId transaction, TimePoint now);
    /// In the order in which they are to be tried; none if the name does not resolve.
    void handle_located(LocateId id, std::vector<Endpoint> targets, TimePoint now);
    void handle_timeout(TimePoint now);

    /// Answers 503 and forgets it: for who decides that there is too much to do.
    void turn_away(Message request, const Endpoint& from);
    /// A request that was shown is for this user agent after all.
    void take(RequestReceived received, TimePoint now);

    /// \name For another user of the transactions: see TransactionLayer
    ///@{
    TransactionId request(Message request, std::vector<Endpoint> targets,
                          TransactionLayer::Sending sending, TimePoint now);
    void respond(TransactionId transaction, const Message& response, TimePoint now);
    void cancel(TransactionId invite, std::string reason, TimePoint now);
    void acknowledge(Message ack, const Endpoint& target, TimePoint now);
    ///@}

    /// \name Commands; those to a session that is over do nothing.
    ///@{
    SessionId call(OutgoingCall call, TimePoint now, std::optional<Endpoint> by = std::nullopt);
    void ring(SessionId id, int status, std::string description, TimePoint now);
    void accept(SessionId id, std::string description, TimePoint now);
    void reject(SessionId id, int status, std::string_view reason, TimePoint now,
                const std::vector<std::pair<Header, std::string>>& headers = {});
    void offer(SessionId id, std::string description, TimePoint now);
    void answer(SessionId id, std::string description, TimePoint now);
    void refuse(SessionId id, int status, std::string_view reason, TimePoint now);
    void hang_up(SessionId id, std::string_view reason, TimePoint now);
    void notify(SessionId id, std::uint32_t refer, const ReferralState& state, TimePoint now);
    void write(SessionId id, const OutgoingText& text, TimePoint now);
    ///@}

    std::optional<Output> poll();
    [[nodiscard]] std::optional<TimePoint> deadline() const {
        return earlier(layer_.deadline(), deadlines_.deadline());
    }

    /// Whether a request belongs to one of the sessions; a CANCEL is not asked for.
    [[nodiscard]] bool knows(const Message& request) const;
    /// Ours in the dialogs of this session, with brackets and parameters; it may be changed before
    /// the session is accepted, to the URI of another name of ours.
    [[nodiscard]] std::string contact_of(SessionId id) const;
    void set_contact_user(SessionId id, std::string_view user);
    /// Ours, of a session that has a dialog.
    [[nodiscard]] std::string tag_of(SessionId id) const;
    /// The session that has this dialog.
    [[nodiscard]] std::optional<SessionId> session_of(const DialogKey& dialog) const;
    [[nodiscard]] std::size_t session_count() const { return sessions_.size(); }
    [[nodiscard]] const TransactionLayer& transactions() const { return layer_; }

private:
    struct Entry {
        InviteSession session;
        Endpoint peer;                ///< Towards whom our Contact is.
        std::optional<Endpoint> flow; ///< Where the peer's requests come from.
        std::map<RequestToken, TransactionId> tokens;
        std::vector<TransactionId> invites; ///< Of the peer, by which a CANCEL finds the session.
        std::vector<DialogKey> keys;
    };
    struct Travelling { ///< A request that waits for its targets.
        SessionId session;
        RequestToken token;
        Message request;
    };

    void pump(TimePoint now);
    void loop(Transmit& transmit, TimePoint now);
    bool show(TransactionLayer::Output& output);
    void handle_request(RequestReceived received, TimePoint now);
    void handle_new_call(RequestReceived received, TimePoint now);
    Result<std::optional<SessionId>, Refusal> named_by(const Message& invite, Header header) const;
    void handle_cancel(const RequestReceived& received, TimePoint now);
    void handle_ack(const AckReceived& received, TimePoint now);
    void handle_response(const ResponseReceived& received, TimePoint now);
    [[nodiscard]] std::optional<Refusal> check(const Message& request) const;
    [[nodiscard]] std::optional<Refusal> check_content(const Message& request) const;
    void refuse_request(const RequestReceived& received, const Refusal& refusal, TimePoint now);
    void answer_options(const RequestReceived& received, TimePoint now);
    [[nodiscard]] InviteSession::Options session_options(std::string_view user,
                                                         const Endpoint& peer) const;

    template <class Command>
    void command(SessionId id, TimePoint now, Command&& run);
    void drain(SessionId id, TimePoint now);
    void carry_out(SessionId id, Entry& entry, InviteSession::Output output, TimePoint now);
    void send(SessionId id, RequestToken token, Message request, TimePoint now);
    void send_to(SessionId id, RequestToken token, Message request, std::vector<Endpoint> targets,
                 TimePoint now);
    void index_dialogs(SessionId id, Entry& entry);
    void forget(SessionId id, TimePoint now);

    Options options_;
    Random& random_;
    Entropy& entropy_;
    const LocalAddresses& local_;
    Log& log_;
    TransactionLayer layer_;
    std::uint64_t last_session_ = 0, last_locate_ = 0;
    std::map<SessionId, Entry> sessions_;
    std::map<DialogKey, SessionId> dialogs_;
    std::unordered_map<TransactionId, std::pair<SessionId, RequestToken>> sent_;
    std::unordered_map<TransactionId, SessionId> invites_;
    std::map<LocateId, Travelling> travelling_;
    DeadlineQueue<SessionId> deadlines_;
    std::deque<Output> outputs_;
};

static_assert(SansIoCore<UserAgent>);

} // namespace lyceum::sip
