// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "base/strong_id.hpp"
#include "sip/dialog/user_agent.hpp"

#include <map>
#include <optional>
#include <variant>

namespace lyceum::focus {

/// Who has sent a REFER and is told how it goes: in the dialog of his session, or in one that the
/// REFER made (RFC 3515 §2.4.4). Knows nothing of what was asked for.
class Referrals {
public:
    using Id = StrongId<struct ReferralTag>;
    static constexpr std::size_t open_max = 10'000;

    Referrals(sip::UserAgent& agent, Entropy& entropy) : agent_(agent), entropy_(entropy) {}

    /// Answers 202, and says that it is being tried. None: he wants to hear nothing of it, or too
    /// many are open (503).
    std::optional<Id> accept(sip::SessionId session, const sip::InviteSession::Referred& referred,
                             bool quiet, TimePoint now);
    std::optional<Id> accept(const sip::ReferReceived& received, bool quiet, TimePoint now);
    /// Answers with another status; there is nothing to tell.
    void refuse(sip::TransactionId transaction, const sip::Message& refer, int status,
                TimePoint now);

    /// A final state is the last one.
    void tell(Id id, const sip::ReferralState& state, TimePoint now);

private:
    struct InSession {
        sip::SessionId session;
        std::uint32_t refer;
    };
    struct OutOfDialog {
        sip::Dialog dialog;
        sip::Endpoint peer;
        std::string contact;
    };

    std::optional<Id> accept(sip::TransactionId transaction, const sip::Message& refer,
                             std::variant<InSession, OutOfDialog> who, std::string_view tag,
                             const std::string& contact, bool quiet, TimePoint now);

    sip::UserAgent& agent_;
    Entropy& entropy_;
    std::uint64_t last_id_ = 0;
    std::map<Id, std::variant<InSession, OutOfDialog>> open_;
};

} // namespace lyceum::focus
