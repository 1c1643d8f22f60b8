// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/configuration.hpp"

#include <cstdint>
#include <iosfwd>
#include <string>

namespace lyceum::app {

/// Where the server is reached now.
struct Doors {
    std::uint16_t sip, sips, web;
    std::string first_link; ///< By which the first administrator chooses a password; or empty.
};

/// Says that it is ready, and what to dial.
void greet(std::ostream& out, const Configuration& configuration, const Doors& doors);

} // namespace lyceum::app
