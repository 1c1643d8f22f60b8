// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// ASCII text as the protocols use it: no locale, no allocation where a view will do.
namespace lyceum {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alnum(char c) { return is_alpha(c) || is_digit(c); }
constexpr bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr int hex_value(char c) { return is_digit(c) ? c - '0' : lower(c) - 'a' + 10; }

/// Linear white space: blank, tab, CR, LF.
constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// What is asked of every word of every message stands here, so that it costs no call.

constexpr bool iequals(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
    return true;
}
/// With which a table of strings finds a view without making a string of it.
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
        return std::hash<std::string_view>{}(text);
    }
};

bool icontains(std::string_view text, std::string_view part);
bool istarts_with(std::string_view text, std::string_view prefix);
std::string to_lower(std::string_view text);

/// Without linear white space at either end.
constexpr std::string_view trim(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

/// Cuts `rest` at the first `separator` and returns what stood before it; without one, all of it.
constexpr std::string_view cut(std::string_view& rest, char separator) {
    const auto at = rest.find(separator);
    const auto head = rest.substr(0, at);
    rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
    return head;
}
/// The same at the end of a line, be it LF or CRLF.
std::string_view cut_line(std::string_view& rest);

/// Decimal digits and nothing else, within the range of the type.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    if (text.empty() || !is_digit(text.front())) return std::nullopt;
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// Hexadecimal digits, all that the type has room for and no more.
template <class Number>
std::optional<Number> parse_hex(std::string_view text) {
    if (text.size() != 2 * sizeof(Number)) return std::nullopt;
    Number value = 0;
    for (const char c : text) {
        if (!is_hex(c)) return std::nullopt;
        value = value << 4 | static_cast<Number>(hex_value(c));
    }
    return value;
}

/// Two lower-case hexadecimal digits for each octet, and back; what are no digits count as zeros.
std::string hex_of(std::string_view octets);
std::string hex_of(std::uint64_t word); ///< Always sixteen digits.
std::string octets_of_hex(std::string_view digits);

/// Whether it is well-formed UTF-8 (RFC 3629 §4).
bool is_utf8(std::string_view text);

/// Replaces %HH escapes; a broken escape stays as it is.
std::string unescape_percent(std::string_view text);

} // namespace lyceum
