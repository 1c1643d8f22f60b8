// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/core.hpp"
#include "base/deadline_queue.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "base/strong_id.hpp"
#include "sip/message/message.hpp"
#include "sip/message/validate.hpp"
#include "sip/transaction/client_transaction.hpp"
#include "sip/transaction/endpoint.hpp"
#include "sip/transaction/server_transaction.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace lyceum::sip {

using TransactionId = StrongId<struct TransactionTag>;

/// Octets to send. `transaction` is to be named if the sending fails.
struct Transmit {
    Endpoint to;
    std::string bytes;
    TransactionId transaction;
};
/// A new request, in its server transaction; answer with `respond`.
struct RequestReceived {
    TransactionId transaction;
    Message request;
    Endpoint from;
};
/// An ACK to a 2xx: of no transaction (RFC 3261 §13.2.2.4).
struct AckReceived {
    Message ack;
    Endpoint from;
};
struct ResponseReceived {
    TransactionId transaction;
    Message response;
    Endpoint from;
};
/// A client transaction got no final response: to the user like a 408 or 503 (§8.1.3.1).
struct RequestFailed {
    TransactionId transaction;
    Effects::Failure why;
};
/// A server transaction's response could not be delivered, or the ACK did not come.
struct ResponseFailed {
    TransactionId transaction;
    Effects::Failure why;
};

/// All SIP transactions of one element, RFC 3261 §17 with RFC 6026, 4320 and 4321: one table, one
/// deadline. Matches messages to transactions (§17.1.3, §17.2.3), answers broken requests, knows
/// merged ones (§8.2.2.2), fills in `received` and `rport` (RFC 3581), writes the Via of requests,
/// moves to TCP what is too long for a datagram (§18.1.1), tries the next target when one fails
/// (RFC 3263 §4.3), and keeps nothing of a challenged request but an INVITE
/// (RFC 3261 §26.3.2.4).
///
/// It does not resolve names, keep dialogs, or decide what a request deserves, and it does not care
/// whether its users are user agents or proxies. It never sends; it asks.
class TransactionLayer {
public:
    using Output = std::variant<Transmit, RequestReceived, AckReceived, ResponseReceived,
                                RequestFailed, ResponseFailed>;

    struct Options {
        TimerValues timers;
        /// Of the server side. Beyond, the oldest of those go that are answered and only wait for
        /// repeated requests; if there is none, 503, statelessly.
        std::size_t transactions_max = 200'000;
        std::size_t datagram_bytes_max = 1300; ///< Longer requests go by TCP (§18.1.1).
    };
    /// What was dropped without an answer, by reason.
    struct Counters {
        std::uint64_t malformed = 0, stray_responses = 0, stray_acks = 0, overload = 0, merged = 0;
        std::uint64_t forgotten = 0; ///< Answered transactions that had to make room.
    };

    TransactionLayer(Options options, Random& random, const LocalAddresses& local, Log& log);

    void handle_message(Message message, const Endpoint& from, TimePoint now);
    /// 503 with Retry-After, without a transaction.
    void turn_away(Message request, const Endpoint& from);
    void handle_transport_error(TransactionId id, TimePoint now);
    void handle_timeout(TimePoint now);

    struct Sending {
        std::string branch_mark;   ///< Ends the branch: a proxy knows its own requests by it.
        bool as_addressed = false; ///< However long, by the transport of the target.
        /// Of a response, nothing is looked at but its status and Retry-After, so nothing else has
        /// to be right.
        bool status_only = false;
    };
    /// Starts a client transaction. `request` has no Via of ours yet; those of others, in one that
    /// is forwarded, stay below it. The targets, at least one, are tried in order.
    TransactionId request(Message request, std::vector<Endpoint> targets, Sending sending,
                          TimePoint now);
    /// CANCELs an INVITE of ours: at once if a provisional response has come, else when one comes
    /// (§9.1). `reason` is a Reason value (RFC 3326), or empty. The CANCEL's own outcome is not
    /// reported.
    void cancel(TransactionId invite, std::string reason, TimePoint now);
    /// Sends an ACK to a 2xx. `ack` has no Via of ours yet; returns what was sent, to be sent again
    /// for each further 2xx.
    Message acknowledge(Message ack, const Endpoint& target);
    void transmit_again(const Message& sent, const Endpoint& target);
    /// Answers a request. A 2xx to INVITE may be given again and again until its ACK comes.
    void respond(TransactionId id, const Message& response, TimePoint now);

    /// A user agent server takes this request. False: it has taken it before, by another path
    /// (§8.2.2.2), and answers 482. Not for proxies: what comes to them twice may be a spiral.
    bool claim(TransactionId id, const Message& request);

    /// The INVITE that this CANCEL means (§9.2), if it is still unanswered or answered.
    [[nodiscard]] std::optional<TransactionId> invite_of(const Message& cancel) const;

    std::optional<Output> poll();
    [[nodiscard]] std::optional<TimePoint> deadline() const { return deadlines_.deadline(); }

    [[nodiscard]] std::size_t size() const { return servers_.size() + clients_.size(); }
    [[nodiscard]] const Counters& counters() const { return counters_; }

private:
    struct Server {
        std::variant<InviteServerTransaction, NonInviteServerTransaction> machine;
        std::string key;
        Endpoint reply_to;
        std::string merge_key{}; ///< Of one that a user agent server has claimed.
        Message invite{};        ///< Until it is answered: for the 100 that nobody else writes.
        std::string last_response{};
        std::optional<TimePoint> deadline{}; ///< As `deadlines_` knows it.
        bool answered = false;
    };
    struct Client {
        std::variant<InviteClientTransaction, NonInviteClientTransaction> machine;
        std::string branch;
        Message bare; ///< Without our Via, to be sent to another target, as long as there is one.
        Sending sending{};
        Message sent{};
        std::size_t via_count = 1; ///< In what was sent, and so in each response.
        std::vector<Endpoint> targets{};
        std::size_t target = 0;
        Endpoint wire{};        ///< The target as it is used: a long request goes by TCP.
        bool fell_back = false; ///< TCP was refused for a long request; now by UDP (§18.1.1).
        bool cancel_wanted = false;
        std::string cancel_reason{};
        TransactionId cancels{}; ///< A CANCEL of ours means this: nobody waits for its outcome.

        [[nodiscard]] bool can_start_again() const { return !bare.bytes().empty(); }
    };

    void handle_request(Message request, const Endpoint& from, TimePoint now);
    void handle_response(const Message& response, const Endpoint& from, TimePoint now);
    void refuse(const Message& request, const Endpoint& from, const Rejection& rejection);
    void start_server(Message request, const Endpoint& from, const Endpoint& reply_to,
                      std::string key, TimePoint now);
    void start_client(TransactionId id, Client& client, TimePoint now);
    void send_cancel(TransactionId invite_id, Client& invite, TimePoint now);
    bool next_target(TransactionId id, Client& client, TimePoint now);
    std::string via_for(const Endpoint& target, std::string_view branch) const;
    std::string new_branch(TransactionId id, std::string_view mark = {});
    std::unordered_map<TransactionId, Client>::iterator client_of(const Message& response);
    void apply(TransactionId id, Server& server, const Effects& effects, Message* message,
               const Endpoint& from);
    void apply(TransactionId id, Client& client, const Effects& effects, const Message* response,
               const Endpoint& from, TimePoint now);
    bool make_room();
    void forget(TransactionId id, const Server& server);
    void settle(TransactionId id, Server& server);
    void settle(TransactionId id, Client& client);

    Options options_;
    Random& random_;
    const LocalAddresses& local_;
    Log& log_;
    std::uint64_t last_id_ = 0;
    std::unordered_map<TransactionId, Server> servers_;
    std::deque<TransactionId> answered_; ///< Of `servers_`, the oldest first.
    std::unordered_map<TransactionId, Client> clients_;
    std::unordered_map<TransactionId, TransactionId> cancels_; ///< Of INVITEs: their CANCELs.
    /// Views of the keys in `servers_`, whose places do not change.
    boost::unordered_flat_map<std::string_view, TransactionId> server_keys_;
    boost::unordered_flat_map<std::string, TransactionId> merge_keys_;
    DeadlineQueue<TransactionId> deadlines_;
    std::deque<Output> outputs_;
    Counters counters_;
};

static_assert(SansIoCore<TransactionLayer>);

} // namespace lyceum::sip
