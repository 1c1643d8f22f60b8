// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/log.hpp"
#include "base/random.hpp"
#include "server/b2bua/bridge.hpp"
#include "sip/dialog/user_agent.hpp"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

namespace lyceum::b2bua {

/// Calls of two that become a conference without being dropped, for whom a third one has joined
/// (RFC 3911): he is in a room already, and both are brought there, one after the other. Neither
/// notices but by a re-INVITE; until its own, each talks to the other.
///
///     INVITE with what A said last ──inside──▶ the room, which answers
///     re-INVITE of A with what the room said; the same for B
///     A ↔ room, and room ↔ B: two pairs in the place of one
///
/// If that cannot be, the two have their call as before. Where media goes by us, the caller goes on
/// by the relay, which a browser could not change for another (docs/adr/0010), and the callee, who
/// has to speak in clear, without it.
class Joins {
public:
    Joins(std::string server_name, sip::UserAgent& agent, Bridge& bridge, Entropy& entropy,
          Log& log);

    /// Whether these two could be brought anywhere.
    [[nodiscard]] bool may_begin(PairId pair) const;
    void begin(PairId pair, std::string room, TimePoint now);
    /// Takes what is about an INVITE of ours. False: it is not.
    bool handle_stranger(const sip::UserAgent::Output& shown, TimePoint now);
    /// False: it was about something else.
    bool handle_reinvited(const Bridge::Reinvited& reinvited, TimePoint now);
    void handle_over(PairId pair, TimePoint now);
    /// The pairs that have come of one: what was the caller's is another one now.
    struct Split {
        PairId pair, callers;
    };
    std::optional<Split> poll() { return std::exchange(split_, {}); }

    [[nodiscard]] std::size_t size() const { return joins_.size(); }

private:
    using Side = Bridge::Side;
    struct Join {
        std::string room;
        Side side = Bridge::caller; ///< Who is brought there now.
        sip::Message sent{};        ///< The INVITE for him.
        std::array<std::optional<End>, 2> legs{};
        std::array<std::string, 2> said{}; ///< By the room to each.
        bool going_back = false;
    };

    void invite(PairId pair, TimePoint now);
    void handle_success(PairId pair, const sip::Message& success, TimePoint now);
    void fail(PairId pair, TimePoint now);
    void hang_up(End& leg, TimePoint now);

    std::string server_name_;
    sip::UserAgent& agent_;
    Bridge& bridge_;
    Entropy& entropy_;
    Log& log_;
    std::map<PairId, Join> joins_;
    std::unordered_map<sip::TransactionId, PairId> clients_; ///< INVITEs under way.
    /// Of those that are not wanted any more.
    std::unordered_map<sip::TransactionId, sip::Message> abandoned_;
    std::optional<Split> split_;
};

} // namespace lyceum::b2bua
