// SPDX-License-Identifier: Apache-2.0
#include "server/app/route_trial.hpp"

#include "server/app/options.hpp"

namespace lyceum::app {

std::string explain_route(const Configuration& configuration, store::Store& store,
                          store::BindingStore& bindings, const std::string& dialled) {
    std::map<std::string, std::vector<registrar::Binding>, std::less<>> known;
    for (auto& each : bindings.load()) known[each.user] = std::move(each.bindings);
    using Bindings = std::vector<registrar::Binding>;
    const auto where = [&known](std::string_view user) -> const Bindings& {
        static const Bindings nowhere;
        const auto found = known.find(user);
        return found == known.end() ? nowhere : found->second;
    };
    const auto options = router_options(configuration);
    const routing::Router router(options, store, where);
    const bool is_uri = dialled.find(':') != std::string::npos;
    const auto uri = is_uri ? dialled : "sip:" + dialled + "@" + options.domains.first();
    return uri + "\n" + routing::explain(router.plan(uri));
}

} // namespace lyceum::app
