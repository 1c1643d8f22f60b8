// SPDX-License-Identifier: Apache-2.0
#include "server/events/dialog_info.hpp"

#include "presence/versioned.hpp"

namespace lyceum::events {

using presence::xml::Element;

sip::EventState DialogInfo::state(std::string_view resource, std::string_view watcher,
                                  std::string_view) {
    const std::string ns = "urn:ietf:params:xml:ns:dialog-info";
    Element root{ns, "dialog-info"};
    root.set("state", "full");
    root.set("entity", surroundings_.uri_of(resource));
    const bool seen = surroundings_.view(resource, watcher).activities;
    for (const auto& talk : records_.talks(resource)) {
        if (!seen) break;
        Element dialog{ns, "dialog"};
        dialog.set("id", "d" + std::to_string(talk.id.value));
        dialog.set("direction", talk.initiator ? "initiator" : "recipient");
        dialog.children.push_back({ns, "state", {}, talk.confirmed ? "confirmed" : "early"});
        root.children.push_back(std::move(dialog));
    }
    return presence::versioned(std::move(root));
}

} // namespace lyceum::events
