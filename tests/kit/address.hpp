// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"

#include <string_view>

namespace lyceum::kit {

inline SocketAddress address(std::string_view ip, std::uint16_t port) {
    return {*IpAddress::parse(ip), port};
}

} // namespace lyceum::kit
