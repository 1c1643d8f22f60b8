// SPDX-License-Identifier: Apache-2.0
#include "presence/watcher_info.hpp"

#include "presence/versioned.hpp"

namespace lyceum::presence {

sip::EventState WatcherInfo::state(std::string_view resource, std::string_view, std::string_view) {
    const std::string ns = "urn:ietf:params:xml:ns:watcherinfo";
    xml::Element list{ns, "watcher-list"};
    list.set("resource", surroundings_.uri_of(resource));
    list.set("package", "presence");
    for (const auto* each : notifier_.watchers("presence", resource)) {
        const auto handling =
            each->list ? lists_.handling(resource, each->watcher) : Handling::allow;
        if (handling == Handling::block) continue;
        const bool pending = each->pending || handling == Handling::confirm;
        xml::Element watcher{ns, "watcher", {}, surroundings_.uri_of(each->watcher)};
        watcher.set("id", "w" + std::to_string(each->id.value));
        watcher.set("status", pending ? "pending" : "active");
        watcher.set("event", "subscribe");
        list.children.push_back(std::move(watcher));
    }
    xml::Element root{ns, "watcherinfo"};
    root.set("state", "full");
    root.children.push_back(std::move(list));
    return versioned(std::move(root));
}

} // namespace lyceum::presence
