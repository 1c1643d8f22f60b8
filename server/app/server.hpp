// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/log.hpp"
#include "server/app/configuration.hpp"

#include <iosfwd>

namespace lyceum::app {

/// Runs the server until SIGTERM or SIGINT: opens the data, binds the ports, says what to dial,
/// serves, and hangs up politely. Throws what keeps it from starting.
void serve(const Configuration& configuration, Log& log, std::ostream& out);

/// The directory with its database and certificate; made if it is not there. Throws.
void prepare_data(const Configuration& configuration);

} // namespace lyceum::app
