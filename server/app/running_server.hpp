// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/configuration.hpp"
#include "webadmin/json.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lyceum::app {

/// What the server that runs on this data directory answers to a GET of its API, as an
/// administrator sees it: for what is not on disk. Whoever may write there may ask: the token that
/// he shows is made for the moment, and taken back. None: no server runs, or it has no such thing.
std::optional<webadmin::Object> ask_running_server(const Configuration& configuration,
                                                   std::string_view path);

} // namespace lyceum::app
