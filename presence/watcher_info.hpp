// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "presence/presentities.hpp"
#include "presence/resource_list.hpp"
#include "sip/event/notifier.hpp"

namespace lyceum::presence {

inline constexpr std::string_view watcher_info_type = "application/watcherinfo+xml";

/// The package `presence.winfo` (RFC 3857, 3858): who watches a presentity, and who waits to be
/// allowed to, be it by himself or with a list. Always all of them; those who are gone are just not
/// there any more.
class WatcherInfo final : public sip::EventSource {
public:
    WatcherInfo(const sip::Notifier& notifier, Surroundings& surroundings, ListContents& lists)
        : notifier_(notifier), surroundings_(surroundings), lists_(lists) {}

    sip::EventState state(std::string_view resource, std::string_view watcher,
                          std::string_view type) override;

private:
    const sip::Notifier& notifier_;
    Surroundings& surroundings_;
    ListContents& lists_;
};

} // namespace lyceum::presence
