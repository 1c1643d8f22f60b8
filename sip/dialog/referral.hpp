// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "sip/message/message.hpp"

#include <string>
#include <string_view>

namespace lyceum::sip {

/// What a REFER asks for, RFC 3515 §2.1: whom to reach, by which method, and in the place of which
/// dialog (RFC 3891 §3). RFC 4579 §5 says what it means to a conference.
struct Referral {
    std::string uri;    ///< Without its headers.
    std::string target; ///< The same with them: for who calls by such a URI.
    Method method = Method::invite;
    std::string replaces; ///< The value of a Replaces header, or empty.
    bool quiet = false;   ///< He wants to hear nothing of it (RFC 4488).

    /// The status to refuse with: 400, or 416 for a scheme that is not dialled.
    static Result<Referral, int> of(const Message& refer);
};

/// How it goes, told in a NOTIFY (RFC 3515 §2.4.4).
struct ReferralState {
    int status; ///< Of what was asked for; 200 and above ends the subscription.
    std::string reason;

    [[nodiscard]] bool is_final() const { return status >= 200; }
    [[nodiscard]] std::string subscription_state() const {
        return is_final() ? "terminated;reason=noresource" : "active;expires=180";
    }
    [[nodiscard]] std::string sipfrag() const {
        return "SIP/2.0 " + std::to_string(status) + " " + reason + "\r\n";
    }
};

} // namespace lyceum::sip
