// SPDX-License-Identifier: Apache-2.0
#include "server/events/dialog_info.hpp"

#include "presence/versioned.hpp"

namespace lyceum::events {

using presence::xml::Element;

namespace {

constexpr auto ns = "urn:ietf:params:xml:ns:dialog-info";

Element end(const char* which, const std::string& uri) {
    Element out{ns, which}, target{ns, "target"};
    target.set("uri", uri);
    out.children = {{ns, "identity", {}, uri}, std::move(target)};
    return out;
}

} // namespace

sip::EventState DialogInfo::state(std::string_view resource, std::string_view watcher,
                                  std::string_view) {
    Element root{ns, "dialog-info"};
    root.set("state", "full");
    root.set("entity", surroundings_.uri_of(resource));
    const bool seen = surroundings_.view(resource, watcher).activities;
    const bool taken = seen && may_take_(resource, watcher);
    for (const auto& talk : records_.talks(resource)) {
        if (!seen) break;
        Element dialog{ns, "dialog"};
        dialog.set("id", "d" + std::to_string(talk.id.value));
        if (taken) {
            dialog.set("call-id", talk.call_id);
            if (!talk.own_tag.empty()) dialog.set("local-tag", talk.own_tag);
            if (!talk.other_tag.empty()) dialog.set("remote-tag", talk.other_tag);
        }
        dialog.set("direction", talk.initiator ? "initiator" : "recipient");
        dialog.children.push_back({ns, "state", {}, talk.confirmed ? "confirmed" : "early"});
        if (taken) {
            dialog.children.push_back(end("local", surroundings_.uri_of(resource)));
            dialog.children.push_back(end("remote", talk.other));
        }
        root.children.push_back(std::move(dialog));
    }
    return presence::versioned(std::move(root));
}

} // namespace lyceum::events
