// SPDX-License-Identifier: Apache-2.0
#include "webadmin/target.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace lyceum::webadmin {
namespace {

bool is_clean(std::string_view text) {
    return is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
               return static_cast<unsigned char>(c) < ' ' || c == 0x7f;
           });
}

} // namespace

std::optional<Target> Target::parse(std::string_view text) {
    if (!text.starts_with('/')) return std::nullopt;
    auto query = text;
    auto path = cut(query, '?');
    Target out;
    path.remove_prefix(1);
    while (!path.empty()) {
        auto segment = unescape_percent(cut(path, '/'));
        if (segment == "." || segment == ".." || !is_clean(segment)) return std::nullopt;
        out.path.push_back(std::move(segment));
    }
    while (!query.empty()) {
        auto value = cut(query, '&');
        const auto name = unescape_percent(cut(value, '='));
        std::string plain(value);
        std::replace(plain.begin(), plain.end(), '+', ' ');
        auto decoded = unescape_percent(plain);
        if (!is_clean(name) || !is_clean(decoded)) return std::nullopt;
        out.query[name] = std::move(decoded);
    }
    return out;
}

} // namespace lyceum::webadmin
