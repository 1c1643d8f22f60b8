// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <algorithm>

namespace lyceum {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

} // namespace

bool icontains(std::string_view text, std::string_view part) {
    return std::search(text.begin(), text.end(), part.begin(), part.end(),
                       [](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

bool istarts_with(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

std::string to_lower(std::string_view text) {
    std::string out(text);
    for (auto& c : out) c = lower(c);
    return out;
}

std::string_view cut_line(std::string_view& rest) {
    auto line = cut(rest, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::string hex_of(std::string_view octets) {
    std::string text(2 * octets.size(), '0');
    auto* at = text.data();
    for (const char c : octets) {
        const auto octet = static_cast<unsigned char>(c);
        *at++ = hex_digits[octet >> 4];
        *at++ = hex_digits[octet & 15];
    }
    return text;
}

std::string hex_of(std::uint64_t word) {
    std::string text(16, '0');
    for (auto* at = text.data() + text.size(); word != 0; word >>= 4) *--at = hex_digits[word & 15];
    return text;
}

std::string octets_of_hex(std::string_view digits) {
    const auto value = [&](std::size_t at) {
        return is_hex(digits[at]) ? hex_value(digits[at]) : 0;
    };
    std::string octets;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        octets += static_cast<char>(value(i) << 4 | value(i + 1));
    return octets;
}

bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto octet = [&](std::size_t at) {
            return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
        };
        const unsigned first = octet(i);
        if (first < 0x80) {
            ++i;
            continue;
        }
        const std::size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
        if (first < 0xc2 || first > 0xf4) return false;
        for (std::size_t k = 1; k <= more; ++k)
            if ((octet(i + k) & 0xc0) != 0x80) return false;
        const unsigned second = octet(i + 1); // Overlong, surrogates, beyond U+10FFFF.
        if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
            (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
            return false;
        i += more + 1;
    }
    return true;
}

std::string unescape_percent(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2])) {
            out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

} // namespace lyceum
