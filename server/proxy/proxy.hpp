// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline_queue.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "base/rate_limit.hpp"
#include "server/identity/identity.hpp"
#include "server/proxy/fork.hpp"
#include "server/proxy/record_route.hpp"
#include "server/proxy/rewriting.hpp"
#include "server/records/call_records.hpp"
#include "server/routing/router.hpp"
#include "sip/auth/keyed_hash.hpp"
#include "sip/dialog/user_agent.hpp"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace lyceum::proxy {

/// The stateful proxy of our domains, RFC 3261 §16. Beside the SIP user agent whose transactions it
/// shares: it is shown what is no session's, and gives back what this server has to answer itself.
///
/// Never an open relay. Passed on is what is for a member or an alias of ours, what a member sends,
/// once he has shown his password, and what belongs to a dialog that was passed before (its Route
/// carries our token). Whoever says that he is one of us has to prove it.
///
/// It stays in the path of dialogs by two Record-Route values, one for each side (RFC 5658), which
/// say where the peer of that side is reached; so phones behind NATs and on connections of their
/// own are found in both directions, also after a restart where that is possible.
class Proxy {
public:
    struct Options {
        std::string server_name = "Lyceum";
        std::size_t forks_max = 50'000; ///< Under way; beyond: 503 with Retry-After.
        /// Answered, and kept for late answers; beyond, the oldest go.
        std::size_t lingering_max = 100'000;
        std::set<std::uint16_t> ports; ///< Ours: which Route values are, that carry no token.
        Fork::Options fork{};
        bool relays_media = false; ///< By the B2BUA, where the ends do not reach each other.
        /// A dialog that one end of a call across the B2BUA has, as the other end knows it, in
        /// Replaces or Join; all else as it is.
        std::function<std::string(sip::Header, std::string_view)> named_for_other{};
        /// Of one member, and as many at once; from this machine itself without a limit.
        double calls_per_minute = 60;
        Duration late_2xx = 32s; ///< How long further 2xx of an answered INVITE are passed on.
    };
    /// Find by which SIP URIs this number is reached (RFC 6116); say so with `handle_numbered`.
    struct Enumerate {
        sip::LocateId id;
        std::string number;
    };
    /// No device of this member could be given this MESSAGE: whoever keeps it answers it.
    struct Undelivered {
        sip::RequestReceived received;
        std::string member;
    };
    /// For Locate, find where the URI is (RFC 3263) and say so with `handle_located`.
    using Output = std::variant<sip::Locate, Enumerate, Undelivered>;

    Proxy(Options options, sip::UserAgent& agent, const routing::Router& router,
          identity::Identity& identity, records::CallRecords& records,
          const sip::LocalAddresses& local, sip::KeyedHash hash, Entropy& entropy, Log& log);
    Proxy(const Proxy&) = delete; // Its parts know each other.
    Proxy& operator=(const Proxy&) = delete;

    /// What the user agent has put out that is none of its sessions'; all else is left alone.
    void handle_stranger(sip::UserAgent::Output& shown, TimePoint now);
    void handle_located(sip::LocateId id, std::vector<sip::Endpoint> targets, TimePoint now);
    void handle_numbered(sip::LocateId id, const std::vector<std::string>& uris, TimePoint now);
    void handle_timeout(TimePoint now);

    std::optional<Output> poll();
    [[nodiscard]] std::optional<TimePoint> deadline() const { return deadlines_.deadline(); }
    [[nodiscard]] std::size_t size() const { return calls_.size(); }

private:
    struct Call { ///< A request that is being forwarded.
        sip::RequestReceived received;
        Way way;
        Fork fork;
        std::string mark;      ///< Of this request in our branches: for loops.
        std::string member;    ///< Whose devices are tried.
        bool outward;          ///< To hosts that say by DNS how they are reached.
        std::string asserted;  ///< Who calls, proven: a P-Asserted-Identity value.
        unsigned breadth = 60; ///< What is left of Max-Breadth (RFC 5393 §5.3).
        std::map<Fork::Branch, sip::TransactionId> clients{};
        std::map<Fork::Branch, std::string> members{}; ///< Whose devices those are.
        Fork::Branch heard_of{};                       ///< Who has answered last.
        records::RecordId record{};
        std::optional<TimePoint> lingers_until{};
    };
    struct Place {
        sip::TransactionId call;
        Fork::Branch branch;
    };
    struct Caller {
        bool known = false;     ///< A member who has proven it, or somebody by a trunk.
        std::string asserted{}; ///< What may be said of who it is.
    };
    struct Travelling { ///< What waits to know where it goes.
        Place place;
        routing::Target target;
        std::optional<sip::Message> ack; ///< Or an ACK, which belongs to no call.
        unsigned breadth = 1;            ///< Its share of Max-Breadth.
    };
    using Headers = std::vector<std::pair<sip::Header, std::string>>;

    void handle_request(sip::RequestReceived received, TimePoint now);
    void handle_ack(const sip::AckReceived& received, TimePoint now);
    void handle_response(const sip::ResponseReceived& received, TimePoint now);
    void handle_failure(const sip::RequestFailed& failed, TimePoint now);
    [[nodiscard]] std::optional<sip::Refusal> check(const sip::Message& request) const;
    [[nodiscard]] std::optional<sip::Refusal> authorize(const sip::RequestReceived& received,
                                                        const routing::Plan& plan, Caller& caller,
                                                        TimePoint now);
    [[nodiscard]] std::string mark_of(const sip::Message& request) const;
    [[nodiscard]] bool has_come_by(const sip::Message& request, std::string_view mark) const;
    void handle_cancel(sip::RequestReceived received, TimePoint now);
    void forward(sip::RequestReceived received, Way way, routing::Plan plan, std::string mark,
                 std::string asserted, TimePoint now);
    void drain(sip::TransactionId id, TimePoint now);
    [[nodiscard]] static bool can_wait(const Call& call, int status);
    void note(const Call& call, const sip::Message& response, TimePoint now);
    [[nodiscard]] std::vector<routing::Group> redirected_to(const Call& call,
                                                            const sip::Message& response) const;
    void locate(Travelling travelling, const NextHop& hop, TimePoint now);
    void depart(Travelling travelling, std::vector<sip::Endpoint> targets, TimePoint now);
    [[nodiscard]] NextHop next_hop(const sip::Message& request, const Way& way,
                                   const routing::Target& target) const;
    void forget(sip::TransactionId id);
    void redirect(const sip::RequestReceived& received, const routing::Plan& plan, TimePoint now);
    void refuse(const sip::RequestReceived& received, const sip::Refusal& refusal, TimePoint now);

    Options options_;
    sip::UserAgent& agent_;
    const routing::Router& router_;
    identity::Identity& identity_;
    records::CallRecords& records_;
    sip::KeyedHash hash_;
    RecordRoute record_route_;
    Entropy& entropy_;
    Log& log_;
    std::unordered_map<sip::TransactionId, Call> calls_; ///< By the transaction of the caller.
    std::unordered_map<sip::TransactionId, Place> sent_;
    std::map<sip::LocateId, Travelling> travelling_;
    std::uint64_t last_locate_ = 0;
    DeadlineQueue<sip::TransactionId> deadlines_;
    std::deque<sip::TransactionId> lingering_; ///< Of `calls_`, the oldest first.
    RateLimit<std::string> calls_by_member_;
    std::deque<Output> outputs_;
};

static_assert(SansIoCore<Proxy>);

} // namespace lyceum::proxy
