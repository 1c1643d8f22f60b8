// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json.hpp>

#include <string>
#include <string_view>

namespace lyceum::webadmin {

namespace json = boost::json;
using Object = json::object;

/// Of what was checked to be text; empty: it is not there.
inline std::string text_in(const Object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// The key of something, which is a text or a number, as it stands in a path.
inline std::string key_of(const Object& object, std::string_view name) {
    const auto& key = object.at(name);
    return key.is_string() ? std::string(key.get_string()) : json::serialize(key);
}

} // namespace lyceum::webadmin
