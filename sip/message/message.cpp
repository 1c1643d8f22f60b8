// SPDX-License-Identifier: Apache-2.0
#include "sip/message/message.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace lyceum::sip {

std::optional<std::string_view> Message::header(Header id) const {
    for (const auto& field : fields_)
        if (field.id == id) return value(field);
    return std::nullopt;
}

std::optional<std::string_view> Message::header(std::string_view wanted) const {
    for (const auto& field : fields_)
        if (iequals(name(field), wanted)) return value(field);
    return std::nullopt;
}

std::size_t Message::count(Header id) const {
    std::size_t found = 0;
    for (const auto& field : fields_) found += field.id == id;
    return found;
}

std::vector<std::string_view> Message::values(Header id) const {
    std::vector<std::string_view> all;
    for (const auto& field : fields_) {
        if (field.id != id) continue;
        if (value(field).find(',') == std::string_view::npos) {
            if (!value(field).empty()) all.push_back(value(field));
            continue;
        }
        for (auto rest = value(field); const auto element = next_element(rest);)
            all.push_back(*element);
    }
    return all;
}

bool Message::lists(Header id, std::string_view token) const {
    for (const auto element : values(id))
        if (iequals(element, token)) return true;
    return false;
}

void Message::prepend(Header id, std::string_view value) {
    const auto start = fields_.empty() ? bytes_.find("\r\n", version_.at) + 2 : fields_[0].name_at;
    const auto field_name = name_of(id);
    const auto line = std::string(field_name) + ": " + std::string(value) + "\r\n";
    insert(start, line);
    const auto at = static_cast<std::uint32_t>(start);
    const auto name_size = static_cast<std::uint32_t>(field_name.size());
    fields_.insert(fields_.begin(), {id, at, name_size, at + name_size + 2,
                                     static_cast<std::uint32_t>(value.size())});
}

void Message::insert_after(std::string_view part, std::string_view text) {
    const auto at = static_cast<std::size_t>(part.data() - bytes_.data()) + part.size();
    for (auto& field : fields_)
        if (field.value_at < at && at <= field.value_at + field.value_size)
            field.value_size += static_cast<std::uint32_t>(text.size());
    insert(at, text);
}

/// Everything that starts at or behind the place moves along.
void Message::insert(std::size_t at, std::string_view text) {
    bytes_.insert(at, text);
    const auto grown = static_cast<std::uint32_t>(text.size());
    const auto shift = [&](std::uint32_t& place) {
        if (place >= at) place += grown;
    };
    for (auto* span : {&first_, &second_, &version_, &body_}) shift(span->at);
    for (auto& field : fields_) {
        shift(field.name_at);
        shift(field.value_at);
    }
}

std::string_view first_element(std::string_view text) {
    const auto comma = text.find(',');
    if (comma == std::string_view::npos) return trim(text);
    if (text.find('"') > comma && text.find('<') > comma) return trim(text.substr(0, comma));
    return next_element(text).value_or(std::string_view{});
}

std::optional<std::string_view> next_element(std::string_view& rest) {
    while (!rest.empty()) {
        bool quoted = false, bracketed = false;
        std::size_t end = 0;
        for (; end < rest.size(); ++end) {
            const char c = rest[end];
            if (quoted) {
                if (c == '\\') ++end;
                else if (c == '"') quoted = false;
            } else if (c == '"') {
                quoted = true;
            } else if (c == '<') {
                bracketed = true;
            } else if (c == '>') {
                bracketed = false;
            } else if (c == ',' && !bracketed) {
                break;
            }
        }
        const auto element = trim(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (!element.empty()) return element;
    }
    return std::nullopt;
}

std::vector<std::string_view> split_list(std::string_view text) {
    std::vector<std::string_view> elements;
    while (const auto element = next_element(text)) elements.push_back(*element);
    return elements;
}

} // namespace lyceum::sip
