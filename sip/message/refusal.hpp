// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "sip/message/message.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lyceum::sip {

/// Why a request is answered with 3xx to 6xx, and what the answer says besides. A value, so that
/// what decides need not be what answers.
struct Refusal {
    int status;
    std::string reason{}; ///< Empty: the usual one.
    std::vector<std::pair<Header, std::string>> headers{};

    /// The answer; `tag` is added to its To if that has none.
    [[nodiscard]] Message reply(const Message& request, std::string_view server,
                                std::string_view tag) const;

    /// 423: it asks for less than this (RFC 3261 §10.3, RFC 3903 §6, RFC 6665 §4.2.1.1).
    static Refusal too_brief(Duration least);
    /// 503, and when to try again.
    static Refusal busy(std::chrono::seconds again_after, std::string reason = {});
    /// 420, if the request needs an extension that is not among these (RFC 3261 §8.2.2.3).
    static std::optional<Refusal> of_extensions(const Message& request,
                                                std::span<const std::string_view> known = {},
                                                Header needs = Header::require);
    /// 500: what it asks for could not be put on disk.
    static Refusal not_kept(std::string reason);
};

} // namespace lyceum::sip
