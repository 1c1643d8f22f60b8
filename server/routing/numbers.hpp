// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/message/uri.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace lyceum::routing {

/// How people here dial.
struct NumberPlan {
    std::string country_code;                ///< "49"; empty: national numbers stay as dialled.
    std::string international_prefix = "00"; ///< What they dial for +.
    std::string national_prefix = "0";       ///< What they dial before the area code.
    std::set<std::string, std::less<>> emergency{"110", "112", "911", "999"};
    bool asks_dns = false; ///< Numbers in the world may be reached by SIP, as ENUM says.
};

/// What is dialled, in both forms that a dial plan may speak of.
struct Number {
    std::string dialled; ///< Digits, + * #; visual separators taken out (RFC 3966 §5.1.1).
    std::string global;  ///< "+" and digits (E.164), or as dialled where that cannot be known.

    bool operator==(const Number&) const = default;

    [[nodiscard]] bool is_global() const { return global.starts_with('+'); }
};

/// The number in a tel URI, or in the user part of a SIP URI if it looks like one (RFC 3966 §3; its
/// parameters, `postd` among them, are not part of it). A `phone-context` that is a prefix goes
/// before the number.
std::optional<Number> number_in(const sip::Uri& uri, const NumberPlan& plan);

/// One line of the dial plan.
struct NumberRoute {
    /// Digits, + * #; `x` is any digit, `.` at the end any more of them: "+4989.", "3xxx", "112".
    std::string pattern;
    /// A name of ours, a URI, or `trunk:name`; `{number}` in it is the number once it is rewritten.
    std::string target;
    unsigned strip = 0;      ///< So many characters are taken off its front,
    std::string add;         ///< and these put there.
    bool redirects = false;  ///< 302 with the target, in place of a call to it (RFC 3261 §8.3).
    bool for_members = true; ///< Who has to show his password; else everybody may.

    bool operator==(const NumberRoute&) const = default;

    /// How well it fits, the more the better; none: it does not.
    [[nodiscard]] std::optional<unsigned> fits(std::string_view number) const;
    [[nodiscard]] std::string rewritten(std::string_view number) const;
    /// The trunk that it leads to, as `trunk:name` says; empty: to no trunk.
    [[nodiscard]] std::string_view trunk() const;
    /// The target with `number` where it says `{number}`.
    [[nodiscard]] std::string target_with(std::string_view number) const;
    /// Empty: it can be used. Else what is wrong with it.
    [[nodiscard]] std::string fault() const;
};

} // namespace lyceum::routing
