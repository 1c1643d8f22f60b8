// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace lyceum::sip {

/// A MESSAGE of ours inside of a session (RFC 3428 §4).
struct OutgoingText {
    std::string display; ///< Who wrote it, for people; empty: nobody in particular.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string type, body;
};

} // namespace lyceum::sip
