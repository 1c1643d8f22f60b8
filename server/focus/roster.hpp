// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "mixer/media_leg.hpp"

#include <string>

namespace lyceum::focus {

/// One who takes part in a conference, as others may see him.
struct Participant {
    mixer::LegId leg;
    std::string uri;     ///< As he says it in From.
    std::string display; ///< Or empty.
    bool host = false;
    bool admitted = true;               ///< False: he waits to be let in, by a PIN.
    bool sends = true, receives = true; ///< His sound, seen from us: we send, we receive.
    TimePoint joined{};

    bool operator==(const Participant&) const = default;
};

} // namespace lyceum::focus
