// SPDX-License-Identifier: Apache-2.0
#include "sip/event/package.hpp"

#include "base/text.hpp"

namespace lyceum::sip {
namespace {

/// FNV-1a: no secret, and the same on every machine.
std::string tag_for(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325ull;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
    std::string out;
    for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[(hash >> shift) & 15];
    return out;
}

} // namespace

EventBody::EventBody(std::string rendered, std::optional<std::size_t> version_place)
    : text(std::move(rendered)), version_at(version_place), tag(tag_for(text)) {}

std::string EventBody::numbered(std::uint32_t version) const {
    auto out = text;
    if (version_at) out.insert(*version_at, std::to_string(version));
    return out;
}

std::optional<EventName> EventName::parse(std::string_view text) {
    const auto semicolon = std::min(text.find(';'), text.size());
    EventName out{trim(text.substr(0, semicolon)), Params(text.substr(semicolon))};
    const bool named = !out.package.empty() && out.package.find(' ') == std::string_view::npos;
    if (!named || !out.params.well_formed()) return std::nullopt;
    return out;
}

} // namespace lyceum::sip
