// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "sip/transaction/timers.hpp"

#include <string>

namespace lyceum::sip {

/// What sessions have in common, and what each says of us.
struct SessionOptions {
    TimerValues timers;
    std::string contact;     ///< Our Contact, with brackets and parameters such as isfocus.
    std::string server_name; ///< For Server and User-Agent.
    std::string allow;       ///< Methods, for Allow.
    std::string extensions;  ///< For Supported, behind our own; begins with ", " or is empty.
    Duration session_interval = 1800s;
    Duration session_interval_min = 90s; ///< RFC 4028 §5.
};

} // namespace lyceum::sip
