// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/transaction/server_locator.hpp"

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::routing {

/// Where a telephone number is reached by SIP, as its owner has written into the DNS: ENUM,
/// RFC 6116. Asks one question at a time and never looks a name up itself. A DNS that fails, or
/// that says nonsense, is a number without an entry.
class EnumLookup {
public:
    using Query = sip::ServerLocator::Query;
    using Answer = std::vector<std::string>;

    /// `number` is "+" and digits. The suffixes are asked in turn until one knows it.
    EnumLookup(std::string number, std::vector<std::string> suffixes);

    void handle_answer(const sip::DnsAnswer& answer);

    /// What to ask the DNS now; nothing when done.
    [[nodiscard]] std::optional<Query> query() const;
    /// When done: SIP and SIPS URIs, the best first. Empty: it has none.
    [[nodiscard]] const Answer& answer() const { return uris_; }

private:
    static constexpr int detours_max = 5; ///< Of records that name another place to ask.

    std::string number_;
    std::deque<std::string> names_;
    Answer uris_;
    int detours_ = 0;
};

/// "3.2.1.0.3.9.4.e164.arpa" for "+4930123": §3.2.
std::string enum_name(std::string_view number, std::string_view suffix);

/// What the regexp field of a NAPTR record (RFC 3402 §3.2) makes of a number: `!^.*$!sip:a@b!`.
/// None: it does not match, or it is none that we would run.
std::optional<std::string> rewritten_by(std::string_view regexp, const std::string& number);

} // namespace lyceum::routing
