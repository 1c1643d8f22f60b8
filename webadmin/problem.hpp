// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/http.hpp"
#include "webadmin/json.hpp"

#include <string>

namespace lyceum::webadmin {

/// Why something is not done, for who asked for it.
struct Problem {
    int status = 400;
    std::string detail{};
    std::string field{}; ///< That is wrong; empty: none in particular.

    bool operator==(const Problem&) const = default;
};

/// Problem details (RFC 9457), with the field that is wrong as a member of its own.
http::Response response_of(const Problem& problem);

http::Response json_response(const Object& body, int status = 200);

/// "Not Found"
std::string_view title_of(int status);

} // namespace lyceum::webadmin
