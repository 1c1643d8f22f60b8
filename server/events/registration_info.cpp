// SPDX-License-Identifier: Apache-2.0
#include "server/events/registration_info.hpp"

#include "presence/versioned.hpp"

namespace lyceum::events {

using presence::xml::Element;

sip::EventState RegistrationInfo::state(std::string_view resource, std::string_view,
                                        std::string_view) {
    const std::string ns = "urn:ietf:params:xml:ns:reginfo";
    const auto& bindings = location_(resource);
    Element registration{ns, "registration"};
    registration.set("aor", router_.uri_of(resource));
    registration.set("id", "r");
    registration.set("state", bindings.empty() ? "terminated" : "active");
    for (const auto& each : bindings) {
        Element contact{ns, "contact"};
        // What stays the same as long as the device does.
        contact.set("id", "c" + sip::EventBody(each.contact + each.instance).tag +
                              std::to_string(each.reg_id));
        contact.set("state", "active");
        contact.set("event", "registered");
        contact.set("callid", each.call_id);
        contact.set("cseq", std::to_string(each.cseq));
        const auto q = std::to_string(1000 + each.q_thousandths);
        contact.set("q", each.q_thousandths == 1000 ? "1" : "0." + q.substr(1));
        contact.children.push_back({ns, "uri", {}, each.contact});
        registration.children.push_back(std::move(contact));
    }
    Element root{ns, "reginfo"};
    root.set("state", "full");
    root.children.push_back(std::move(registration));
    return presence::versioned(std::move(root));
}

} // namespace lyceum::events
