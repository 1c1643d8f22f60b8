// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/core.hpp"
#include "base/deadline_queue.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "server/b2bua/descriptions.hpp"
#include "server/b2bua/kept_call.hpp"
#include "server/b2bua/relayed_media.hpp"
#include "server/b2bua/relaying.hpp"
#include "sip/dialog/user_agent.hpp"

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace lyceum::b2bua {

using PairId = StrongId<struct PairTag>;

/// The end of our line inside at which registrar, proxy and rooms are.
inline constexpr auto inside_server = sip::inside(sip::Inside::server);

/// One side of a pair: a dialog of ours with somebody.
struct End {
    sip::Dialog dialog;
    sip::Endpoint peer;  ///< Where its requests come from, and go if nothing else is said.
    std::string contact; ///< Ours there: a URI.
    std::optional<sip::Login> login{}; ///< What we answer when asked for a password.
    bool may_refer = false;            ///< Whether it may send the other side somewhere else.
};

/// Pairs of dialogs that are one conversation, RFC 7092 §3.1: what is asked in one is asked in the
/// other, and the answer goes back, octet for octet where it is not about the dialog itself. So
/// offers and answers in any order, PRACK, UPDATE, INFO, session timers and bodies that nobody here
/// understands pass; each side sees one peer, us, and nothing behind it. Media goes where the
/// descriptions say, or by us where they pass RelayedMedia (its first side is the caller).
///
/// Both dialogs of a pair end or neither: by a BYE, by a request that shows that one side is gone
/// (RFC 5057 §5.1: 408, 481, no answer), by `hang_up`, when the session that the ends have agreed
/// on is not refreshed (RFC 4028), or at the latest after `lasts_max`.
class Bridge {
public:
    enum Side : std::size_t { caller, callee };
    static constexpr Side other(Side side) { return side == caller ? callee : caller; }

    struct Options {
        std::string server_name = "Lyceum";
        Duration lasts_max = 12h;
    };
    struct Over { ///< The pair is no more.
        PairId pair;
        std::string name; ///< On disk; empty: it is not there.
    };
    /// An end that may do so asks for the other to talk to somebody else (RFC 3515). Answer it.
    struct Referred {
        PairId pair;
        Side by;
        sip::RequestReceived refer;
    };
    struct Reinvited { ///< What has become of `reinvite`.
        PairId pair;
        int status;
        std::string description; ///< Of who was asked, if he agrees.
    };
    struct Changed { ///< It talks, or what is to be kept of it is different now.
        PairId pair;
    };
    using Output = std::variant<Over, Referred, Reinvited, Changed>;

    Bridge(Options options, sip::UserAgent& agent, Entropy& entropy);

    /// The dialogs that the INVITE has made. `invite` is as it came, `sent` is its CSeq as it was
    /// sent on. Without `media`, the ends send it to each other.
    PairId join(End caller, End callee, const sip::Message& invite, std::uint32_t sent,
                std::shared_ptr<RelayedMedia> media = {});
    /// The other side has answered: an early dialog becomes a call.
    void confirm(PairId pair, const sip::Message& success, const sip::Endpoint& from,
                 std::uint32_t sent, std::optional<sip::Credentials> credentials, TimePoint now);
    /// Somebody else has answered in the place of the callee, who only rang; both sides are told so
    /// by the owner. `description` is what he says.
    void answer_for(PairId pair, End callee, std::string description,
                    std::shared_ptr<RelayedMedia> media, TimePoint now);
    [[nodiscard]] const End& end(PairId pair, Side side) const {
        return pairs_.at(pair).ends[side];
    }
    /// The pair that has this dialog, and its side.
    [[nodiscard]] std::optional<std::pair<PairId, Side>> find(const sip::DialogKey& dialog) const;
    /// \name What is on disk of a pair that talks, and a pair of that
    ///@{
    [[nodiscard]] KeptCall kept(PairId pair) const;
    PairId restore(const KeptCall& kept, const std::optional<sip::Login>& login, TimePoint now);
    ///@}
    [[nodiscard]] bool is_confirmed(PairId pair) const { return pairs_.at(pair).confirmed; }
    /// Whether there is such a pair, and its ends talk to each other.
    [[nodiscard]] bool is_talking(PairId pair) const;
    /// BYE to both if they have talked; an early dialog is only forgotten.
    void hang_up(PairId pair, std::string_view reason, TimePoint now);

    /// \name One end gives its place to another, RFC 5589
    ///@{
    /// From now on a BYE of this end leaves the other one waiting for `move`, `split` or `stay`.
    /// False: it is being done already.
    bool begin_move(PairId pair, Side side);
    /// Media that goes by us: whoever sends it on this side is somebody else from now on.
    void vacate(PairId pair, Side side);
    /// Asks this end to talk to who describes himself so.
    void reinvite(PairId pair, Side side, std::string_view description, TimePoint now);
    /// Another in place of this end, who gets a BYE if he is still there.
    void move(PairId pair, Side side, End end, TimePoint now);
    /// Nobody takes the place; if the end has gone meanwhile, the call is over.
    void stay(PairId pair, TimePoint now);
    /// How it goes, said to this end in its dialog (RFC 3515 §2.4.4).
    void notify(PairId pair, Side side, const sip::ReferralState& state, TimePoint now);
    /// What to offer to who is to take the place of this end, which is vacated, with nobody on
    /// hold. Empty: the other end has said nothing of its media.
    [[nodiscard]] std::string offer_to_next(PairId pair, Side side);
    /// What this end said last about its media.
    [[nodiscard]] const std::string& description(PairId pair, Side side) const {
        return pairs_.at(pair).descriptions[side];
    }
    /// The relay is the caller's alone from now on, and leads to who has the callee's place there;
    /// what the callee says and is told goes by nobody. Until `split`; or `take_back`, and all is
    /// as before.
    void keep_for_caller(PairId pair);
    void take_back(PairId pair);
    [[nodiscard]] bool is_relayed(PairId pair) const { return pairs_.at(pair).media != nullptr; }
    [[nodiscard]] bool has(PairId pair, RelayId relay) const {
        const auto& media = pairs_.at(pair).media;
        return media && media->has(relay);
    }
    /// The value of Replaces or Join for who is at the other end of the dialog that this one names,
    /// which he knows by other names. What is not of ours, or leads out of here, stays as it is.
    [[nodiscard]] std::string named_for_other(sip::Header header, std::string_view value) const;
    /// As whom this end is known here.
    [[nodiscard]] std::string uri_of(PairId pair, Side side) const;
    /// Each end goes on with an end of its own: the pair is `with_callee` and its callee from now
    /// on; the other one, of its caller and `with_caller`, is what comes back. `said` is what those
    /// say of their media.
    PairId split(PairId pair, End with_caller, End with_callee, std::array<std::string, 2> said,
                 TimePoint now);
    ///@}

    /// Takes what is about one of the pairs. False: it is not.
    bool handle_stranger(const sip::UserAgent::Output& shown, TimePoint now);
    void handle_timeout(TimePoint now);

    std::optional<Output> poll();
    [[nodiscard]] std::optional<TimePoint> deadline() const { return lasts_.deadline(); }
    [[nodiscard]] std::size_t size() const { return pairs_.size(); }

private:
    using Turn = RelayedMedia::Turn;
    static constexpr RelayedMedia::Side at(Side side) {
        return side == caller ? RelayedMedia::Side::first : RelayedMedia::Side::second;
    }

    struct Pair {
        std::array<End, 2> ends;
        std::array<InviteNumbers, 2> numbers; ///< Of INVITEs that came from this side.
        std::array<std::optional<sip::Credentials>, 2> credentials; ///< Of the last INVITE to it.
        bool confirmed = false, over = false;
        int byes = 0;                                 ///< Still to be answered.
        std::optional<sip::TransactionId> answered{}; ///< The last re-INVITE, whose 2xx may repeat.
        std::array<std::string, 2> descriptions{};
        std::array<std::optional<Origin>, 2> shown{}; ///< To this side, once the other has changed.
        std::shared_ptr<RelayedMedia> media{}, kept{}; ///< `kept`: for a pair of the caller's own.
        std::string name{};                            ///< On disk.
        unsigned expires_s = 0;                        ///< Of its session timer; 0: it has none.
        std::optional<Side> moving{}, vacant{};
        bool left = false; ///< Who moves is not there any more.
    };
    struct Place {
        PairId pair;
        Side side;
    };
    struct Relay { ///< A request of ours that is on its way.
        Place to;
        std::optional<sip::TransactionId> asker; ///< None: nobody waits for it.
        sip::Message asked;                      ///< As it came.
        sip::Message sent;
        bool challenged = false;
    };

    [[nodiscard]] std::optional<Place> place_of(const sip::Message& request,
                                                const sip::Endpoint& from) const;
    bool handle_request(const sip::RequestReceived& received, TimePoint now);
    bool handle_ack(const sip::AckReceived& received, TimePoint now);
    bool handle_response(const sip::ResponseReceived& received, TimePoint now);
    bool handle_failure(const sip::RequestFailed& failed, TimePoint now);
    bool handle_cancel(const sip::RequestReceived& received, TimePoint now);
    void relay(Place from, const sip::RequestReceived& received, TimePoint now);
    void send(Relay relay, TimePoint now);
    bool answer_challenge(Relay& relay, const sip::Message& challenge, TimePoint now);
    void handle_own(const Relay& relay, const sip::Message& response, bool again, TimePoint now);
    std::optional<std::string> body_for(Place to, const sip::Message& message, Turn turn);
    [[nodiscard]] Turn turn_of(Place from, const sip::Message& request) const;
    bool pass_back(const Relay& relay, const sip::Message& response, TimePoint now);
    void respond(sip::TransactionId to, const sip::Message& request, int status, TimePoint now);
    void watch(PairId id, const sip::Message& success, TimePoint now);
    void watch(PairId id, TimePoint now);
    void bye(PairId id, Side to, const sip::Message* because, std::string_view reason,
             TimePoint now);
    void close(PairId id);
    void settle(PairId id);
    [[nodiscard]] sip::Endpoint target_of(const End& end) const;

    Options options_;
    sip::UserAgent& agent_;
    Entropy& entropy_;
    std::uint64_t last_pair_ = 0;
    std::unordered_map<PairId, Pair> pairs_;
    std::map<sip::DialogKey, Place> dialogs_;
    std::unordered_map<sip::TransactionId, Relay> relays_; ///< By the transaction toward the peer.
    std::unordered_map<sip::TransactionId, sip::TransactionId> asked_; ///< Of who asks, to those.
    DeadlineQueue<PairId> lasts_;
    std::deque<Output> outputs_;
};

static_assert(SansIoCore<Bridge>);

} // namespace lyceum::b2bua
