// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/strong_id.hpp"
#include "base/time.hpp"
#include "sip/dialog/dialog.hpp"
#include "sip/transaction/endpoint.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lyceum::sip {

using SubscriptionId = StrongId<struct SubscriptionTag>;

/// One subscription as its notifier knows it, RFC 6665 §4.2: who watches what, and in which dialog.
/// A value, the same in memory and on disk.
struct Subscription {
    SubscriptionId id;
    std::string package, resource;
    std::string watcher;  ///< Who has proven to be it.
    std::string event_id; ///< Of several in one dialog (§4.5.2); empty: the only one.
    std::string type;     ///< Of the bodies.
    bool pending = false; ///< Until the owner has decided (§4.1.3).
    Duration spacing{};   ///< NOTIFYs have at least so much time between them (RFC 6446 §4)…
    Duration at_least{};  ///< …and at most so much, if it is not zero (§5).
    Dialog dialog;
    Endpoint source; ///< Where its SUBSCRIBEs come from.
    WallTime expires{};
    /// Of a list (RFC 4662): the URIs that its SUBSCRIBE brought (RFC 5367); none of them: the list
    /// that the resource names.
    std::optional<std::vector<std::string>> list{};
};

} // namespace lyceum::sip
