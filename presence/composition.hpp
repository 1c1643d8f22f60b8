// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "presence/document.hpp"

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::presence {

/// What the server knows of a presentity by itself, without any client's help.
struct Facts {
    bool reachable = false;              ///< A device is registered; a room: it is in session.
    std::vector<std::string> activities; ///< RPID names, such as `on-the-phone`.
    std::vector<std::string> notes{};    ///< For people: "in class: Maths, until 10:45".
    struct Coming {                      ///< What will be, today.
        WallTime from, until;
        std::string note;

        bool operator==(const Coming&) const = default;
    };
    std::vector<Coming> coming{};
    /// What can be done there: elements of RFC 5196 that are `true`, in its order.
    std::vector<std::string> capabilities{};

    /// No device of his has been used since; none: one has, or it is not known.
    std::optional<WallTime> idle_since{};

    bool operator==(const Facts&) const = default;
};

/// What of a presentity somebody may see (RFC 5025 §3.3). Nothing of it: he looks as if he were
/// away, and the watcher does not learn that this is meant for him (polite blocking, §3.2.1).
struct View {
    bool services = true; ///< Tuples: where he is reached, and whether he is.
    bool devices = true;
    bool activities = true; ///< What he does; all of RPID.
    bool notes = true;
    bool contact = true; ///< CIPID (RFC 4482): his card, name, picture, home page.
    bool others = true;  ///< What we do not know, such as where he is (RFC 4119).

    auto operator<=>(const View&) const = default;

    static constexpr View blocked() { return {false, false, false, false, false, false}; }
};

/// One document of all that is known of a presentity. The same, whatever the order in which it
/// came:
///
///   1. The published documents stand in order of their timestamps, the newest first; those of the
///      same, or without, in the order of their text. Equal ones are one.
///   2. Every tuple and every device stays. An id that is used already gets a number behind it.
///   3. The persons become one. Its activities are all that anybody says, `unknown` only if nobody
///      says more; of anything else that can be said once, the first in order counts; notes are all
///      kept.
///   4. What the server knows is added: to the person its activities, and that he is idle unless
///      his devices say something of it; a tuple with `open` or `closed`, and what can be done
///      there (RFC 5196), where no device has published one; what will be, to the first tuple (RFC
///      4481).
///   5. What the watcher may not see is left out.
std::string compose(std::string_view entity, std::vector<const Document*> published,
                    const Facts& facts, const View& view);

/// The same for people who look at many: without XML, and all of it.
struct Glance {
    bool available = false;
    std::vector<std::string> activities, notes;

    bool operator==(const Glance&) const = default;
};
Glance glance_at(const std::vector<const Document*>& published, const Facts& facts);

} // namespace lyceum::presence
