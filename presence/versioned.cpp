// SPDX-License-Identifier: Apache-2.0
#include "presence/versioned.hpp"

namespace lyceum::presence {

sip::EventState versioned(xml::Element root) {
    root.attributes.insert(root.attributes.begin(), {{}, "version", {}});
    auto text = xml::write(root);
    // The root comes first, and no text can look like this: its quotes would be escaped.
    static constexpr std::string_view place = " version=\"\"";
    const auto at = text.find(place) + place.size() - 1;
    return std::make_shared<sip::EventBody>(std::move(text), at);
}

} // namespace lyceum::presence
