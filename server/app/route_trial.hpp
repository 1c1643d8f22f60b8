// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/configuration.hpp"
#include "server/store/binding_store.hpp"
#include "server/store/store.hpp"

#include <string>

namespace lyceum::app {

/// What happens when this is dialled: the answer of the router itself, in its words, with who is
/// tried, when, and for how long. A line for each; the first is the URI.
std::string explain_route(const Configuration& configuration, store::Store& store,
                          store::BindingStore& bindings, const std::string& dialled);

} // namespace lyceum::app
