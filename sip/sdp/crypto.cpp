// SPDX-License-Identifier: Apache-2.0
#include "sip/sdp/crypto.hpp"

#include "base/base64.hpp"
#include "base/text.hpp"

namespace lyceum::sdp {

std::optional<Crypto> Crypto::parse(std::string_view value) {
    auto rest = trim(value);
    const auto tag = parse_number<unsigned>(cut(rest, ' '));
    rest = trim(rest);
    Crypto out;
    out.suite = cut(rest, ' ');
    rest = trim(rest);
    auto key_params = cut(rest, ' ');
    if (!tag || *tag > 999'999'999 || out.suite.empty()) return std::nullopt;
    out.tag = *tag;
    if (!istarts_with(key_params, "inline:") || key_params.find(';') != std::string_view::npos)
        return std::nullopt;
    key_params.remove_prefix(std::string_view("inline:").size());
    auto key = from_base64(cut(key_params, '|'));
    if (!key || key->empty()) return std::nullopt;
    out.key = std::move(*key);
    // What follows is a lifetime ("2^20") or an MKI with its length ("1:4").
    if (key_params.find(':') != std::string_view::npos) return std::nullopt;
    for (rest = trim(rest); !rest.empty(); rest = trim(rest))
        if (!istarts_with(cut(rest, ' '), "WSH=")) return std::nullopt;
    return out;
}

std::string Crypto::to_string() const {
    return std::to_string(tag) + " " + suite + " inline:" + to_base64(key);
}

} // namespace lyceum::sdp
