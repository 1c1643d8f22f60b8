// SPDX-License-Identifier: Apache-2.0
#include "server/routing/enum_lookup.hpp"

#include "base/text.hpp"
#include "sip/message/uri.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <utility>

namespace lyceum::routing {
namespace {

constexpr std::size_t regexp_max = 255;
constexpr std::int64_t program_bytes_max = 256 << 10;

/// "E2U+sip", or among others: "E2U+email:mailto+sip" (§3.4.3).
bool offers_sip(std::string_view service) {
    if (!iequals(trim(cut(service, '+')), "E2U")) return false;
    while (!service.empty()) {
        auto each = cut(service, '+');
        if (iequals(cut(each, ':'), "sip")) return true;
    }
    return false;
}

bool is_sip(std::string_view text) {
    const auto uri = sip::Uri::parse(text);
    return uri && uri->is_sip() && uri->headers.empty();
}

} // namespace

std::string enum_name(std::string_view number, std::string_view suffix) {
    std::string out;
    for (auto digit = number.rbegin(); digit != number.rend(); ++digit)
        if (is_digit(*digit)) out.append({*digit, '.'});
    return out.append(suffix);
}

EnumLookup::EnumLookup(std::string number, std::vector<std::string> suffixes)
    : number_(std::move(number)) {
    for (const auto& suffix : suffixes) names_.push_back(enum_name(number_, suffix));
}

std::optional<EnumLookup::Query> EnumLookup::query() const {
    if (!uris_.empty() || names_.empty()) return std::nullopt;
    return Query{Query::Type::naptr, names_.front()};
}

/// §3.4 with RFC 3403 §4.1: of the lowest order that has something for us, by preference.
void EnumLookup::handle_answer(const sip::DnsAnswer& answer) {
    if (names_.empty()) return;
    names_.pop_front();
    auto records = answer.naptr;
    std::stable_sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
        return std::pair(a.order, a.preference) < std::pair(b.order, b.preference);
    });
    std::optional<std::uint16_t> order;
    for (const auto& record : records) {
        if (order && record.order != *order) break;
        const bool ends = iequals(record.flags, "u");
        if (record.flags.empty() && !record.replacement.empty() && detours_ < detours_max) {
            ++detours_; // The holder of the number keeps it elsewhere (§5.2.1).
            names_.push_front(record.replacement);
            return;
        }
        if (!ends || !offers_sip(record.service)) continue;
        auto uri = rewritten_by(record.regexp, number_);
        if (!uri || !is_sip(*uri)) continue;
        order = record.order;
        uris_.push_back(std::move(*uri));
    }
}

std::optional<std::string> rewritten_by(std::string_view regexp, const std::string& number) {
    if (regexp.size() < 3 || regexp.size() > regexp_max) return std::nullopt;
    const char delimiter = regexp.front();
    if (is_digit(delimiter) || delimiter == '\\') return std::nullopt;
    auto rest = regexp.substr(1);
    const auto pattern = cut(rest, delimiter);
    const auto replacement = cut(rest, delimiter);
    if (pattern.empty()) return std::nullopt;
    // Whoever holds a number wrote it: no engine that goes back, and none whose memory is not
    // bounded.
    re2::RE2::Options options(re2::RE2::POSIX);
    options.set_log_errors(false);
    options.set_max_mem(program_bytes_max);
    options.set_case_sensitive(!iequals(rest, "i"));
    const re2::RE2 expression(re2::StringPiece(pattern.data(), pattern.size()), options);
    std::array<re2::StringPiece, 10> groups;
    if (!expression.ok() ||
        !expression.Match(number, 0, number.size(), re2::RE2::UNANCHORED, groups.data(),
                          std::min(expression.NumberOfCapturingGroups() + 1, 10)))
        return std::nullopt;
    std::string out;
    for (std::size_t i = 0; i < replacement.size(); ++i) {
        const bool escaped = replacement[i] == '\\' && i + 1 < replacement.size();
        const char next = replacement[escaped ? ++i : i];
        if (!escaped || !is_digit(next)) {
            out += next;
            continue;
        }
        const auto& group = groups[static_cast<std::size_t>(next - '0')];
        out.append(group.data() ? std::string_view(group.data(), group.size()) : "");
    }
    return out;
}

} // namespace lyceum::routing
