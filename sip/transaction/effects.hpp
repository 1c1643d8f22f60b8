// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace lyceum::sip {

/// What one step of a transaction's state machine asks its layer to do. The machines hold states
/// and timers, the layer holds the messages.
struct Effects {
    enum class Failure { none, timeout, transport };

    bool transmit = false; ///< (Re)transmit the request of a client, the last response of a server.
    bool trying = false;   ///< Server: send 100 Trying, the TU has not answered within 200 ms.
    bool ack = false;      ///< Client: acknowledge the non-2xx final response.
    bool pass_up = false;  ///< Hand the message to the transaction user.
    Failure failure = Failure::none;

    bool operator==(const Effects&) const = default;
};

} // namespace lyceum::sip
