// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/event/package.hpp"
#include "sip/event/subscription.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lyceum::sip {

/// A list of resources as one watcher watches it (RFC 4662): remembers what he has been told of
/// each. The subscriptions to the resources behind it are ones in memory, without any SIP.
class EventList {
public:
    virtual ~EventList() = default;

    /// What is in it; a change of any of these is news for the watcher.
    [[nodiscard]] virtual const std::vector<std::string>& resources() const = 0;

    struct Listing {
        std::string type, text; ///< A multipart body.
        bool more;              ///< It did not hold all; the rest is for the next one.
    };
    /// The next body: of all the resources, or of those that have changed since the last one. None:
    /// nothing has. `version` grows by one from body to body (§5.2).
    virtual std::optional<Listing> tell(bool all, std::uint32_t version) = 0;
};

/// A port: what lists there are.
class EventLists {
public:
    virtual ~EventLists() = default;
    /// For a subscription to a list. One that is not there any more is empty.
    virtual std::unique_ptr<EventList> open(const Subscription& subscription,
                                            EventSource& source) = 0;
};

} // namespace lyceum::sip
