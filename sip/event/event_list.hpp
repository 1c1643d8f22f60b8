// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/event/event_view.hpp"
#include "sip/event/package.hpp"
#include "sip/event/subscription.hpp"

#include <memory>

namespace lyceum::sip {

/// A port: what lists of resources there are (RFC 4662).
class EventLists {
public:
    virtual ~EventLists() = default;
    /// For a subscription to a list. One that is not there any more is empty.
    virtual std::unique_ptr<EventView> open(const Subscription& subscription,
                                            EventSource& source) = 0;
};

} // namespace lyceum::sip
