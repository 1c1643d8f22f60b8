// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/log.hpp"
#include "base/random.hpp"
#include "server/b2bua/bridge.hpp"
#include "sip/dialog/user_agent.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace lyceum::b2bua {

/// Calls by trunks that somebody here passes on to somebody else, RFC 5589: blind, and attended
/// (Replaces in Refer-To). The gateway is not asked to send itself elsewhere, and does not notice
/// but by a re-INVITE:
///
///     A ──REFER──▶  202, NOTIFY 100
///                   INVITE with what the gateway said last ──inside──▶ C
///                   C answers ──▶ re-INVITE of the gateway with what C said
///                   the gateway agrees ──▶ C in the place of A; NOTIFY 200, BYE
///
/// If C does not answer, A has his call as before, or if he has gone, it is over.
class Transfers {
public:
    Transfers(std::string server_name, sip::UserAgent& agent, Bridge& bridge, Entropy& entropy,
              Log& log);

    void handle_referred(const Bridge::Referred& referred, TimePoint now);
    void handle_reinvited(const Bridge::Reinvited& reinvited, TimePoint now);
    void handle_over(PairId pair, TimePoint now);
    /// Takes what is about an INVITE of ours. False: it is not.
    bool handle_stranger(const sip::UserAgent::Output& shown, TimePoint now);

    [[nodiscard]] std::size_t size() const { return transfers_.size(); }

private:
    struct Transfer {
        PairId pair;
        Bridge::Side by;
        bool quiet; ///< He wants to hear nothing of it (RFC 4488).
        sip::Message sent;
        std::optional<sip::Dialog> dialog{};
        bool over = false; ///< The call that was to be passed on is no more.
    };
    using Place = std::unordered_map<sip::TransactionId, Transfer>::iterator;

    void handle_response(Place transfer, const sip::Message& response, TimePoint now);
    void handle_answer(Transfer& transfer, const sip::Message& success, TimePoint now);
    void fail(Place transfer, const sip::ReferralState& why, TimePoint now);
    void tell(const Transfer& transfer, const sip::ReferralState& state, TimePoint now);
    void refuse(const sip::RequestReceived& refer, int status, TimePoint now);
    void hang_up(Transfer& transfer, TimePoint now);
    [[nodiscard]] Place of_pair(PairId pair);

    std::string server_name_;
    sip::UserAgent& agent_;
    Bridge& bridge_;
    Entropy& entropy_;
    Log& log_;
    std::unordered_map<sip::TransactionId, Transfer> transfers_; ///< By the INVITE to C.
};

} // namespace lyceum::b2bua
