// SPDX-License-Identifier: Apache-2.0
#include "presence/presentities.hpp"

namespace lyceum::presence {

sip::EventState Presentities::state(std::string_view resource, std::string_view watcher,
                                    std::string_view) {
    auto known = rendered_.find(resource);
    if (known == rendered_.end()) {
        if (rendered_.size() >= remembered_max) rendered_.clear();
        known = rendered_.emplace(resource, Views{}).first;
    }
    const auto view = surroundings_.view(resource, watcher);
    auto& body = known->second[view];
    if (!body) body = render(resource, view);
    return body;
}

bool Presentities::change(std::string_view resource) {
    const auto known = rendered_.find(resource);
    if (known == rendered_.end()) return true; // Nobody has seen it.
    bool differs = false;
    for (auto& [view, body] : known->second) {
        if (!body) continue;
        auto fresh = render(resource, view);
        if (fresh->text == body->text) continue;
        body = std::move(fresh);
        differs = true;
    }
    return differs;
}

sip::EventState Presentities::render(std::string_view resource, const View& view) const {
    return std::make_shared<sip::EventBody>(compose(surroundings_.uri_of(resource),
                                                    publications_.of(resource),
                                                    surroundings_.facts(resource), view));
}

} // namespace lyceum::presence
