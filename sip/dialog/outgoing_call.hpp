// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace lyceum::sip {

/// A call that we make.
struct OutgoingCall {
    std::string uri, from;     ///< Whom, and as whom: what To and From say, without tags.
    std::string description;   ///< An offer; empty: the peer makes one.
    std::string served_user{}; ///< For whom it is done, if not for who calls (RFC 5502); or empty.
    std::string replaces{};    ///< The dialog that the peer has and that this one is to replace
                               ///< (RFC 3891), as Replaces says it; or empty.
};

} // namespace lyceum::sip
