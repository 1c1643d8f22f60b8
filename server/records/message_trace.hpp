// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "sip/transaction/endpoint.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::records {

/// The SIP messages of calls that crossed the wire last, as far back as `bytes_max` reaches: to see
/// afterwards what was said in one. In memory only. What is no part of a call (registrations,
/// presence, messages between people) is not kept; passwords, keys and digits are not shown.
class MessageTrace {
public:
    static constexpr std::size_t shown_max = 500; ///< Of one call.

    struct Seen {
        WallTime at;
        bool received; ///< Else we have sent it.
        sip::Endpoint peer;
        std::string text;
    };

    /// 0: nothing is kept.
    explicit MessageTrace(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    void note(bool received, const sip::Endpoint& peer, std::string_view bytes, WallTime at);
    /// In the order in which they crossed the wire, fit to be shown.
    [[nodiscard]] std::vector<Seen> messages_of(std::string_view call_id) const;
    [[nodiscard]] std::size_t size() const { return seen_.size(); }

private:
    std::size_t bytes_max_, bytes_ = 0;
    std::deque<Seen> seen_;
};

} // namespace lyceum::records
