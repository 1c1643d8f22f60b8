// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "sip/transaction/endpoint.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::records {

/// The SIP messages of calls that crossed the wire last, as far back as `bytes_max` reaches: to see
/// afterwards what was said in one. In memory only. What is no part of a call (registrations,
/// presence, messages between people) is not kept; passwords, keys and digits are not shown.
class MessageTrace {
public:
    static constexpr std::size_t shown_max = 500;      ///< Of one call.
    static constexpr std::size_t related_max = 10'000; ///< The last ones.

    struct Seen {
        WallTime at;
        bool received; ///< Else we have sent it.
        sip::Endpoint peer;
        SocketAddress own;
        std::string text;
    };

    /// 0: nothing is kept.
    explicit MessageTrace(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    void note(bool received, const sip::Endpoint& peer, const SocketAddress& own,
              std::string_view bytes, WallTime at);
    /// A call goes on under another Call-ID: through a gateway, where neither side sees the other.
    void relate(const std::string& call_id, const std::string& other);
    /// Of all that the call goes by, in the order in which they crossed the wire, fit to be shown.
    [[nodiscard]] std::vector<Seen> messages_of(std::string_view call_id) const;
    /// Where that of this message has begun; empty: there, or nothing is known of it.
    [[nodiscard]] std::string_view origin_of(std::string_view call_id) const;
    [[nodiscard]] std::size_t size() const { return seen_.size(); }

private:
    std::size_t bytes_max_, bytes_ = 0;
    std::deque<Seen> seen_;
    std::map<std::string, std::string, std::less<>> origins_; ///< By what it goes by later.
    std::deque<std::string> related_;
};

bool is_of_a_call(std::string_view message);
/// As long as it was, with x in place of passwords, keys and digits; of what is no call, of the
/// whole body, which is somebody's own.
std::string masked(std::string_view message);

} // namespace lyceum::records
