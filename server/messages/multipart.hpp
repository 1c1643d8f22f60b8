// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/message/message.hpp"

#include <string>
#include <utility>

namespace lyceum::messages {

/// Content-Type and body of a MESSAGE that brought a list, without the list (RFC 5365 §7.3): of
/// one part that part, of more a multipart body of them, octet for octet.
std::pair<std::string, std::string> without_list(const sip::Message& request);

} // namespace lyceum::messages
