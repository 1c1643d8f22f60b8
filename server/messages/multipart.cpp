// SPDX-License-Identifier: Apache-2.0
#include "server/messages/multipart.hpp"

#include "sip/message/values.hpp"

namespace lyceum::messages {

std::pair<std::string, std::string> without_list(const sip::Message& request) {
    const auto whole = request.header(sip::Header::content_type).value_or("");
    const auto type = sip::ContentType::parse(whole);
    const auto boundary = type ? type->params.find("boundary") : std::nullopt;
    auto parts = sip::parse_multipart(request.body(), boundary.value_or(""));
    if (!parts) return {}; // The list is all that it brought.
    std::erase_if(*parts, [](const sip::BodyPart& each) {
        const auto of = sip::ContentType::parse(each.header("Content-Type"));
        return of && of->is("application", "resource-lists+xml");
    });
    if (parts->empty()) return {};
    if (parts->size() == 1)
        return {std::string(parts->front().header("Content-Type")),
                std::string(parts->front().content)};
    std::string body;
    for (const auto& each : *parts)
        body.append("--")
            .append(*boundary)
            .append("\r\n")
            .append(each.headers)
            .append("\r\n")
            .append(each.content)
            .append("\r\n");
    return {std::string(whole), body.append("--").append(*boundary).append("--\r\n")};
}

} // namespace lyceum::messages
