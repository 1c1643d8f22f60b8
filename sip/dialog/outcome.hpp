// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/dialog/user_agent.hpp"

#include <optional>

namespace lyceum::sip {

/// What has become of a request that was sent by `UserAgent::request`, for who needs no more of the
/// answer than its status.
struct Outcome {
    TransactionId transaction;
    int status; ///< 408 where there is no response (RFC 3261 §8.1.3.1).

    /// None: what was shown is no response and no failure.
    static std::optional<Outcome> of(const UserAgent::Output& shown) {
        if (const auto* response = std::get_if<ResponseReceived>(&shown))
            return Outcome{response->transaction, response->response.status()};
        if (const auto* failed = std::get_if<RequestFailed>(&shown))
            return Outcome{failed->transaction, 408};
        return std::nullopt;
    }
    [[nodiscard]] bool is_final() const { return status >= 200; }
};

} // namespace lyceum::sip
