// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "sip/event/event_view.hpp"
#include "sip/message/uri.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::sip {

/// Event, RFC 6665 §8.2.1: `presence;id=1;max-rate=0.2`. A view into the text given.
struct EventName {
    std::string_view package;
    Params params;

    /// None, if there is no name or a parameter without one.
    static std::optional<EventName> parse(std::string_view text);
};

/// What a watcher is told: one rendering, shared by all who see the same.
struct EventBody {
    explicit EventBody(std::string rendered, std::optional<std::size_t> version_place = {});

    /// What one watcher gets as the Nth.
    [[nodiscard]] std::string numbered(std::uint32_t version) const;

    std::string text;
    /// Where documents that count themselves have their number: 0 to the watcher's first.
    std::optional<std::size_t> version_at;
    std::string
        tag; ///< The entity-tag of RFC 5839: the same for the same text, also after a restart.
};
using EventState = std::shared_ptr<const EventBody>;

/// A port: where the state of a package comes from. Answers at once.
class EventSource {
public:
    virtual ~EventSource() = default;
    /// The state of the resource as this watcher may see it, in one of the package's formats. None:
    /// there is nothing to say, and the NOTIFY has no body.
    virtual EventState state(std::string_view resource, std::string_view watcher,
                             std::string_view type) = 0;
    /// The same in parts, for this watcher from now on; none: it is always told whole.
    virtual std::unique_ptr<EventView> follow(std::string_view resource, std::string_view watcher,
                                              std::string_view type) {
        static_cast<void>(resource), static_cast<void>(watcher), static_cast<void>(type);
        return nullptr;
    }
    /// It is another one now: what was made of it before is old.
    virtual void forget(std::string_view resource) { static_cast<void>(resource); }
};

/// An event package, RFC 6665 §5, as a value: all that the notifier has to know of one.
struct EventPackage {
    std::string name;               ///< As Event says it.
    std::vector<std::string> types; ///< Formats; who names none gets the first.
    EventSource* source;            ///< Not null; lives longer than the notifier.
    Duration spacing{};             ///< At least so much time between the NOTIFYs to one watcher.
    Duration expires_standard = std::chrono::seconds(3600); ///< For who does not say how long.
};

} // namespace lyceum::sip
