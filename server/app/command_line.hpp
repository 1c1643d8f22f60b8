// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace lyceum::app {

/// What `lyceum` was asked to do, done. Returns the exit status: 0 done, 1 failed, 2 not
/// understood. Throws what keeps it from starting.
int run_command(const std::vector<std::string>& arguments);

} // namespace lyceum::app
