// SPDX-License-Identifier: Apache-2.0
#include "server/b2bua/descriptions.hpp"

#include "base/text.hpp"

namespace lyceum::b2bua {
/// o=<username> <sess-id> <sess-version> <nettype> <addrtype> <address>
std::optional<Origin> Origin::in(std::string_view description) {
    while (!description.empty()) {
        const auto line = cut_line(description);
        if (!line.starts_with("o=")) continue;
        const auto first = line.find(' ');
        const auto second = line.find(' ', first == line.npos ? first : first + 1);
        const auto third = line.find(' ', second == line.npos ? second : second + 1);
        if (third == std::string_view::npos) return std::nullopt;
        const auto version =
            parse_number<std::uint64_t>(line.substr(second + 1, third - second - 1));
        return Origin{std::string(line.substr(0, second + 1)), std::string(line.substr(third)),
                      version.value_or(0)};
    }
    return std::nullopt;
}

std::string described_by(Origin& origin, std::string_view description) {
    std::string out;
    while (!description.empty()) {
        const auto line = cut_line(description);
        if (line.starts_with("o="))
            out.append(origin.head).append(std::to_string(++origin.version)).append(origin.tail);
        else out.append(line);
        out.append("\r\n");
    }
    return out;
}

std::string with_description(std::string body, std::string_view own, std::string_view other) {
    const auto at = body.find(own);
    if (at == std::string::npos) return std::string(other);
    return body.replace(at, own.size(), other);
}

std::string off_hold(std::string_view description) {
    std::string out;
    while (!description.empty()) {
        const auto line = cut_line(description);
        if (line == "a=sendonly" || line == "a=recvonly" || line == "a=inactive") continue;
        out.append(line).append("\r\n");
    }
    return out;
}

} // namespace lyceum::b2bua
