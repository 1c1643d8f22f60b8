// SPDX-License-Identifier: Apache-2.0
#include "server/trunk/trunk.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <tuple>

namespace lyceum::trunk {

bool Trunk::operator==(const Trunk& other) const {
    const auto all = [](const Trunk& each) {
        return std::tie(each.name, each.gateways, each.login.user, each.login.password,
                        each.registers, each.caller, each.inbound, each.calls_max, each.sources,
                        each.trusted);
    };
    return all(*this) == all(other);
}

std::string uri_at(const Gateway& gateway, std::string_view number) {
    std::string_view rest = gateway.uri;
    const auto scheme = cut(rest, ':');
    std::string out(scheme);
    out.append(":").append(number).append("@").append(rest);
    const bool is_number = !number.empty() && std::all_of(number.begin(), number.end(), [](char c) {
        return c == '+' || (c >= '0' && c <= '9');
    });
    return is_number ? out.append(";user=phone") : out;
}

} // namespace lyceum::trunk
