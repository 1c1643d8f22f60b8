// SPDX-License-Identifier: Apache-2.0
#include "webadmin/problem.hpp"

namespace lyceum::webadmin {

std::string_view title_of(int status) {
    switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Error";
    }
}

http::Response json_response(const Object& body, int status) {
    return {status, "application/json", json::serialize(body)};
}

http::Response response_of(const Problem& problem) {
    Object body{{"type", "about:blank"},
                {"title", title_of(problem.status)},
                {"status", problem.status},
                {"detail", problem.detail}};
    if (!problem.field.empty()) body["field"] = problem.field;
    return {problem.status, "application/problem+json", json::serialize(body)};
}

} // namespace lyceum::webadmin
