// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/core.hpp"
#include "base/deadline_queue.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "server/b2bua/asserted_identity.hpp"
#include "server/b2bua/bridge.hpp"
#include "server/b2bua/joining.hpp"
#include "server/b2bua/takeover.hpp"
#include "server/b2bua/transfer.hpp"
#include "server/trunk/trunks.hpp"
#include "sip/dialog/user_agent.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace lyceum::b2bua {

/// Calls whose two sides are kept apart, RFC 7092: to the proxy it is a phone on the line inside
/// (sip::Inside), to a gateway it is a customer's telephone system, to a phone it is who calls it,
/// and neither side sees the other.
///
///     outward: proxy ──inside──▶ B2bua ──one way after the other──▶ gateway
///     inward:  gateway ──▶ B2bua ──inside──▶ proxy, which finds the member, the room, the number
///     across:  proxy ──inside──▶ B2bua ──▶ a device, which the caller's media does not reach, or
///              which must not learn who calls
///
/// The media of calls across goes by relays, and so does that of outward calls if the caller's does
/// not reach the gateway, or is not what it understands.
///
/// An outward call goes to the next gateway when one does not answer within `answer_within`, or
/// answers 500, 502, 503 or 504. An inward one for a number that nobody has goes to where the trunk
/// says. It sets calls up; what is said in them is the Bridge's.
class B2bua {
public:
    struct Options {
        std::string server_name = "Lyceum";
        std::string domain;                 ///< Ours: callers are somebody there.
        std::string factory = "conference"; ///< Makes rooms of whom is called there.
        Duration answer_within = 4s;        ///< A gateway says anything at all, or it is dead.
        std::size_t calls_max = 10'000;
        Bridge::Options bridge{};
        MediaRelays* relays = nullptr; ///< None: media is never relayed.
    };
    /// The number of a member, as the world dials it; empty: he has none of his own.
    using NumberOf = std::function<std::string(std::string_view member)>;

    B2bua(Options options, sip::UserAgent& agent, trunk::Trunks& trunks, NumberOf number_of,
          const sip::LocalAddresses& local, Entropy& entropy, Log& log);

    /// Takes what the user agent put out if it is about a call of ours, or for a trunk or from one.
    /// False: it is for somebody else.
    bool handle_stranger(const sip::UserAgent::Output& shown, TimePoint now);
    void handle_timeout(TimePoint now);
    /// What was on disk when the server ended without a word.
    void restore(const std::vector<KeptCall>& calls, TimePoint now);
    /// A relay has lost one of its sides, or did not come to keys with it.
    void handle_media_lost(RelayId relay, TimePoint now);
    /// Ends every call.
    void end_all(TimePoint now);

    /// A call goes on under another Call-ID, for who looks at both sides of it. What there is to
    /// send goes by the user agent.
    struct Continued {
        std::string from, to;
    };
    /// To be on disk from now on, in place of what was there of it; or there no more.
    struct Keep {
        KeptCall call;
    };
    struct Forget {
        std::string id;
    };
    using Output = std::variant<Continued, Keep, Forget>;
    std::optional<Output> poll();
    /// As Bridge says it, for whom the proxy reaches without us.
    [[nodiscard]] std::string named_for_other(sip::Header header, std::string_view value) const {
        return bridge_.named_for_other(header, value);
    }
    [[nodiscard]] std::optional<TimePoint> deadline() const {
        return earlier(earlier(waits_.deadline(), bridge_.deadline()), takeovers_.deadline());
    }
    [[nodiscard]] std::size_t size() const {
        return calls_.size() + transfers_.size() + takeovers_.size() + joins_.size();
    }

private:
    using CallId = StrongId<struct CallTag>;
    using Turn = RelayedMedia::Turn;
    using Headers = std::vector<std::pair<sip::Header, std::string>>;

    enum class Kind { outward, inward, across };
    struct Call {
        sip::RequestReceived invite; ///< The caller's.
        trunk::Trunk trunk;          ///< As it was when the call began; across: nobody's.
        Kind kind;
        Caller caller;
        std::deque<trunk::Trunks::Way> ways; ///< Still to be tried.
        std::vector<std::string> routes{};   ///< To be gone from there, to a device.
        trunk::Trunks::Way way{};            ///< Is tried now.
        std::string caller_contact, callee_contact{};
        sip::Message sent{}; ///< The INVITE as the callee got it.
        std::optional<sip::TransactionId> client{};
        std::optional<sip::Credentials> credentials{}; ///< In `sent`.
        bool cancelled = false, answered = false;
        std::optional<sip::Message> failure{}; ///< Of the last way.
        int unreached = 503;                   ///< If none has said anything.
        std::vector<PairId> pairs{};
        std::shared_ptr<RelayedMedia> media{}; ///< Of `way`, if it goes by us.
        PairId joins{};                        ///< Who are to be brought to where this call leads.
    };

    bool handle_request(const sip::RequestReceived& received, TimePoint now);
    bool handle_cancel(const sip::RequestReceived& received, TimePoint now);
    bool handle_response(const sip::ResponseReceived& received, TimePoint now);
    bool handle_failure(const sip::RequestFailed& failed, TimePoint now);
    void handle_outward(const sip::RequestReceived& received, TimePoint now);
    void handle_inward(const sip::RequestReceived& received, const trunk::Trunk& trunk,
                       TimePoint now);
    [[nodiscard]] std::optional<std::pair<PairId, Bridge::Side>>
    by_trunk(const sip::DialogKey& named) const;
    struct Crossed { ///< Answers to two who have both made an offer; none: they do not fit.
        std::optional<std::array<std::string, 2>> answers{};
        std::shared_ptr<RelayedMedia> media{};
    };
    [[nodiscard]] Crossed cross(const Call& call, const sip::Message& taker);
    [[nodiscard]] static IpAddress source_of(const sip::Message& request);
    bool handle_pickup(const sip::RequestReceived& received, TimePoint now);
    bool handle_join(const sip::RequestReceived& received, TimePoint now);
    void handle_across(const sip::RequestReceived& received, TimePoint now);
    void begin(Call call, TimePoint now);
    void try_next(CallId id, TimePoint now);
    void invite(CallId id, TimePoint now);
    void send(CallId id, TimePoint now);
    [[nodiscard]] sip::MessageWriter outward_invite(Call& call);
    [[nodiscard]] sip::MessageWriter inward_invite(Call& call);
    [[nodiscard]] sip::MessageWriter across_invite(Call& call);
    [[nodiscard]] std::shared_ptr<RelayedMedia> media_for(const Call& call);
    void handle_progress(CallId id, const sip::ResponseReceived& received, TimePoint now);
    void handle_refusal(CallId id, const sip::Message& response, TimePoint now);
    void handle_unusable(CallId id, const sip::ResponseReceived& received, TimePoint now);
    [[nodiscard]] PairId pair_for(CallId call_id, const sip::ResponseReceived& received);
    void pass_back(Call& call, const sip::Message& response, std::string_view tag,
                   std::string_view body, TimePoint now);
    void give_up(CallId id, int status, std::string_view why, TimePoint now);
    void refuse(const sip::RequestReceived& received, int status, std::string_view reason,
                TimePoint now, const Headers& headers = {});
    void finish(CallId id, TimePoint now);
    void abandon(const Call& call, std::string reason, TimePoint now);
    void drain(TimePoint now);
    void handle_over(PairId pair);
    void adopt(const Joins::Split& split);
    void keep(PairId pair);
    static std::string_view name_of(Kind kind);
    void forget(CallId id);

    Options options_;
    sip::UserAgent& agent_;
    trunk::Trunks& trunks_;
    NumberOf number_of_;
    const sip::LocalAddresses& local_;
    Entropy& entropy_;
    Log& log_;
    Bridge bridge_;
    Transfers transfers_;
    Takeovers takeovers_;
    Joins joins_;
    std::uint64_t last_call_ = 0;
    std::map<CallId, Call> calls_;
    std::unordered_map<sip::TransactionId, CallId> invites_, clients_;
    std::unordered_map<sip::TransactionId, sip::Message> abandoned_; ///< INVITEs given up.
    std::unordered_map<PairId, CallId> pairs_;
    std::map<std::string, std::size_t> calls_by_trunk_;
    DeadlineQueue<CallId> waits_; ///< For a first answer.
    std::deque<Output> outputs_;
};

static_assert(SansIoCore<B2bua>);

} // namespace lyceum::b2bua
