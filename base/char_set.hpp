// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/text.hpp"

#include <array>
#include <string_view>

namespace lyceum {

/// Some of the characters, put together when the program is compiled. Whether one is among them is
/// one look-up, where `find_first_of` of a string searches all of them for each character.
class CharSet {
public:
    constexpr explicit CharSet(std::string_view members) {
        for (const char c : members) has_[index(c)] = true;
    }
    /// ASCII letters, digits, and these.
    static constexpr CharSet alnum_and(std::string_view more) {
        CharSet out(more);
        for (int c = 0; c < 128; ++c) out.has_[c] |= is_alnum(static_cast<char>(c));
        return out;
    }
    /// What is below the blank, and these.
    static constexpr CharSet controls_and(std::string_view more) {
        CharSet out(more);
        for (int c = 0; c < ' '; ++c) out.has_[index(static_cast<char>(c))] = true;
        return out;
    }

    [[nodiscard]] constexpr bool has(char c) const { return has_[index(c)]; }
    [[nodiscard]] constexpr bool has_all(std::string_view text) const {
        for (const char c : text)
            if (!has(c)) return false;
        return true;
    }
    /// Where the first of them stands; npos: nowhere.
    [[nodiscard]] constexpr std::size_t first_in(std::string_view text) const {
        for (std::size_t i = 0; i < text.size(); ++i)
            if (has(text[i])) return i;
        return std::string_view::npos;
    }
    [[nodiscard]] constexpr bool any_in(std::string_view text) const {
        return first_in(text) != std::string_view::npos;
    }

private:
    static constexpr std::size_t index(char c) { return static_cast<unsigned char>(c); }

    std::array<bool, 256> has_{};
};

inline constexpr CharSet blanks(" \t\r\n");
/// A token of RFC 3261 §25.1, which is nearly that of HTTP.
inline constexpr auto token_characters = CharSet::alnum_and("-.!%*_+`'~");

} // namespace lyceum
