// SPDX-License-Identifier: Apache-2.0
#include "sip/message/refusal.hpp"

#include "base/text.hpp"
#include "sip/message/writer.hpp"

#include <algorithm>

namespace lyceum::sip {

Message Refusal::reply(const Message& request, std::string_view server,
                       std::string_view tag) const {
    auto writer = MessageWriter::reply(request, status, reason, tag);
    for (const auto& [name, value] : headers) writer.header(name, value);
    return writer.header(Header::server, server).finish();
}

Refusal Refusal::too_brief(Duration least) {
    return {423, {}, {{Header::min_expires, std::to_string(least / 1s)}}};
}

Refusal Refusal::busy(std::chrono::seconds again_after, std::string reason) {
    return {503, std::move(reason), {{Header::retry_after, std::to_string(again_after.count())}}};
}

std::optional<Refusal> Refusal::of_extensions(const Message& request,
                                              std::span<const std::string_view> known,
                                              Header needs) {
    std::string unknown;
    for (const auto option : request.values(needs))
        if (std::none_of(known.begin(), known.end(),
                         [&](std::string_view each) { return iequals(each, option); }))
            unknown.append(unknown.empty() ? "" : ", ").append(option);
    if (unknown.empty()) return std::nullopt;
    return Refusal{420, {}, {{Header::unsupported, unknown}}};
}

Refusal Refusal::not_kept(std::string reason) {
    return {500, std::move(reason), {{Header::retry_after, "30"}}};
}

} // namespace lyceum::sip
