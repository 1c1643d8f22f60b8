// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "presence/composition.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::presence {

inline constexpr std::string_view rules_type = "application/auth-policy+xml";

/// What becomes of a subscription (RFC 5025 §3.2.1), in the order in which one rule overrules
/// another.
enum class Handling { block, confirm, polite_block, allow };

/// What an owner grants to a watcher.
struct Grant {
    Handling handling = Handling::block;
    View view = View::blocked(); ///< Where it is allowed.

    bool operator==(const Grant&) const = default;
};

/// The presence rules of one owner (RFC 5025 on RFC 4745): who may see what of him. What several
/// rules grant is added up; whom no rule is about is blocked (4745 §10.2).
///
/// Read are the conditions identity and validity, the action sub-handling, and the transformations
/// that a View knows. A rule with another condition (a sphere) never holds, as 4745 §7 asks.
class Rules {
public:
    static Result<Rules, Fault> parse(std::string_view text);

    [[nodiscard]] Grant grant(std::string_view watcher_uri, WallTime now) const;
    /// When `grant` may say something else than now; none: never.
    [[nodiscard]] std::optional<WallTime> changes_after(WallTime now) const;

    static constexpr std::size_t rules_max = 200;

private:
    struct Group { ///< Everybody, or everybody of a domain, but those.
        std::string domain;
        std::vector<std::string> except_ids, except_domains;
    };
    struct Period {
        WallTime from, until;
    };
    struct Rule {
        bool for_anybody = true; ///< Without an identity condition.
        bool holds = true;       ///< Its conditions are ones that we can tell.
        std::vector<std::string> ids;
        std::vector<Group> groups;
        std::vector<Period> periods; ///< Empty: always.
        Grant grant;
    };

    static std::optional<Fault> read_conditions(const xml::Element& conditions, Rule& rule);
    static std::optional<Fault> read_identity(const xml::Element& identity, Rule& rule);
    static void read_transformations(const xml::Element& transformations, View& view);
    [[nodiscard]] static bool is_about(const Rule& rule, std::string_view uri, WallTime now);

    std::vector<Rule> rules_;
};

} // namespace lyceum::presence
