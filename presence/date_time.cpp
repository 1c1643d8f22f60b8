// SPDX-License-Identifier: Apache-2.0
#include "presence/date_time.hpp"

#include "base/text.hpp"

#include <cstdio>

namespace lyceum::presence {
namespace {

std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t size) {
    return at + size <= text.size() ? parse_number<int>(text.substr(at, size)) : std::nullopt;
}

} // namespace

std::optional<WallTime> parse_date_time(std::string_view text) {
    if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
        text[13] != ':' || text[16] != ':')
        return std::nullopt;
    const auto year = number_at(text, 0, 4), month = number_at(text, 5, 2);
    const auto day = number_at(text, 8, 2), hour = number_at(text, 11, 2);
    const auto minute = number_at(text, 14, 2), second = number_at(text, 17, 2);
    if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok() || *hour > 24 || *minute > 59 || *second > 60) return std::nullopt;
    auto rest = text.substr(19);
    if (rest.starts_with('.')) { // Fractions of a second do not matter here.
        rest.remove_prefix(1);
        while (!rest.empty() && is_digit(rest.front())) rest.remove_prefix(1);
    }
    std::chrono::minutes zone{};
    if (rest != "Z") {
        const auto zone_hour = number_at(rest, 1, 2), zone_minute = number_at(rest, 4, 2);
        if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || !zone_hour || !zone_minute)
            return std::nullopt;
        zone = std::chrono::hours(*zone_hour) + std::chrono::minutes(*zone_minute);
        if (rest[0] == '-') zone = -zone;
    }
    return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
           std::chrono::minutes(*minute) + std::chrono::seconds(*second) - zone;
}

std::string date_time_text(WallTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const auto day = std::chrono::floor<std::chrono::days>(seconds);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(seconds - day);
    char out[32];
    std::snprintf(
        out, sizeof out, "%04d-%02u-%02uT%02d:%02d:%02dZ", int{date.year()}, unsigned{date.month()},
        unsigned{date.day()}, static_cast<int>(clock.hours().count()),
        static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
    return out;
}

} // namespace lyceum::presence
