// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace lyceum::sip {

/// Why a session is over.
enum class EndCause {
    hung_up,         ///< We sent BYE, or CANCEL before an answer.
    peer_hung_up,    ///< BYE came.
    cancelled,       ///< CANCEL came before an answer.
    rejected,        ///< We, or the peer, refused the INVITE.
    no_ack,          ///< No ACK to our 2xx, or no PRACK, within 64·T1.
    session_expired, ///< No refresh in time (RFC 4028 §10).
    failed,          ///< Timeout, transport failure, or 481/408 inside the dialog (§12.2.1.2).
};
std::string_view name_of(EndCause cause);

} // namespace lyceum::sip
