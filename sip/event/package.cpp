// SPDX-License-Identifier: Apache-2.0
#include "sip/event/package.hpp"

#include "base/text.hpp"

#include <cstdint>

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

EventBody::EventBody(std::string rendered) : text(std::move(rendered)), tag(tag_for(text)) {}

std::optional<EventName> EventName::parse(std::string_view text) {
    const auto semicolon = std::min(text.find(';'), text.size());
    EventName out{trim(text.substr(0, semicolon)), Params(text.substr(semicolon))};
    const bool named = !out.package.empty() && out.package.find(' ') == std::string_view::npos;
    if (!named || !out.params.well_formed()) return std::nullopt;
    return out;
}

} // namespace lyceum::sip
