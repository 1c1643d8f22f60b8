// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include "base/text.hpp"

namespace lyceum {
namespace {

/// Text from the network must not be able to break a line or forge a field.
void append_quoted(std::string& line, std::string_view text) {
    const bool plain = !text.empty() && text.find_first_of(" \"=\\") == std::string_view::npos;
    if (!plain) line += '"';
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            line += '?';
            continue;
        }
        if (c == '"' || c == '\\') line += '\\';
        line += c;
    }
    if (!plain) line += '"';
}

} // namespace

std::string fingerprint(std::string_view text, std::uint64_t salt) {
    std::uint64_t hash = 0xcbf29ce484222325ull ^ salt;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
    hash ^= hash >> 29;
    std::string out = "~";
    for (int shift = 20; shift >= 0; shift -= 4) out += "0123456789abcdef"[(hash >> shift) & 15];
    return out;
}

void Log::emit(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
    if (level < level_) return;
    std::string line(event);
    for (const auto& field : fields) {
        line += ' ';
        line += field.name;
        line += '=';
        if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
            line += std::to_string(*number);
        } else if (const auto* text = std::get_if<std::string_view>(&field.value)) {
            append_quoted(line, *text);
        } else {
            const auto& personal = std::get<Redacted>(field.value).text;
            append_quoted(line, show_personal_ ? personal : fingerprint(personal, salt_));
        }
    }
    write(level, line);
}

} // namespace lyceum
