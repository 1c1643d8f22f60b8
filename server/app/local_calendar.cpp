// SPDX-License-Identifier: Apache-2.0
#include "server/app/local_calendar.hpp"

#include <ctime>

namespace lyceum::app {

LocalCalendar::LocalCalendar() { tzset(); } // localtime_r need not do so.

std::chrono::sys_days LocalCalendar::date(WallTime time) {
    const auto seconds = static_cast<std::time_t>(
        std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
    std::tm local{};
    localtime_r(&seconds, &local);
    return std::chrono::year_month_day(std::chrono::year(local.tm_year + 1900),
                                       std::chrono::month(static_cast<unsigned>(local.tm_mon + 1)),
                                       std::chrono::day(static_cast<unsigned>(local.tm_mday)));
}

WallTime LocalCalendar::at(std::chrono::sys_days date, std::chrono::minutes of_day) {
    const std::chrono::year_month_day day(date);
    std::tm local{};
    local.tm_year = int{day.year()} - 1900;
    local.tm_mon = static_cast<int>(unsigned{day.month()}) - 1;
    local.tm_mday = static_cast<int>(unsigned{day.day()});
    local.tm_hour = static_cast<int>(of_day.count() / 60);
    local.tm_min = static_cast<int>(of_day.count() % 60);
    local.tm_isdst = -1; // The zone knows.
    return WallTime(std::chrono::seconds(std::mktime(&local)));
}

} // namespace lyceum::app
