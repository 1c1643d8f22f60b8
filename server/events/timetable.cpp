// SPDX-License-Identifier: Apache-2.0
#include "server/events/timetable.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

namespace lyceum::events {
namespace {

constexpr std::array<std::string_view, 7> day_names{"mon", "tue", "wed", "thu",
                                                    "fri", "sat", "sun"};

bool is_on(const Lesson& lesson, std::chrono::sys_days date) {
    return (lesson.days >> (std::chrono::weekday(date).iso_encoding() - 1)) & 1;
}

} // namespace

Result<unsigned, Fault> Lesson::parse_days(std::string_view text) {
    unsigned out = 0;
    while (!text.empty()) {
        const auto name = to_lower(trim(cut(text, ',')));
        const auto* known = std::find(day_names.begin(), day_names.end(), name);
        if (known == day_names.end()) return Fault("expected days like mon,wed", 0);
        out |= 1u << (known - day_names.begin());
    }
    if (out == 0) return Fault("expected days like mon,wed", 0);
    return out;
}

Result<std::chrono::minutes, Fault> Lesson::parse_time(std::string_view text) {
    const auto hour = parse_number<int>(cut(text, ':'));
    const auto minute = parse_number<int>(text);
    const bool good = hour && minute && text.size() == 2 && *hour >= 0 && *minute >= 0 &&
                      *minute < 60 && *hour * 60 + *minute <= 24 * 60;
    if (!good) return Fault("expected a time like 09:45", 0);
    return std::chrono::minutes(*hour * 60 + *minute);
}

std::string Lesson::days_text() const {
    std::string out;
    for (std::size_t i = 0; i < day_names.size(); ++i)
        if ((days >> i) & 1) out.append(out.empty() ? "" : ",").append(day_names[i]);
    return out;
}

std::string time_text(std::chrono::minutes of_day) {
    const auto two = [](auto number) { return (number < 10 ? "0" : "") + std::to_string(number); };
    return two(of_day.count() / 60) + ":" + two(of_day.count() % 60);
}

void Timetable::set(std::vector<Lesson> lessons) {
    day_.reset(); // It points to them.
    lessons_ = std::move(lessons);
}

Timetable::Day Timetable::day_of(std::chrono::sys_days date, const routing::Groups& groups) const {
    Day out{date};
    for (const auto& each : lessons_) {
        if (!is_on(each, date)) continue;
        std::set<std::string> whose;
        if (const auto* members = groups.members(each.group))
            whose.insert(members->begin(), members->end());
        if (!each.teacher.empty()) whose.insert(each.teacher);
        if (!each.room.empty()) whose.insert(to_lower(each.room));
        const Sitting sitting{&each, calendar_.at(date, each.from), calendar_.at(date, each.until)};
        for (const auto& name : whose) out.sittings[name].push_back(sitting);
    }
    for (auto& [name, sittings] : out.sittings)
        std::stable_sort(sittings.begin(), sittings.end(),
                         [](const Sitting& a, const Sitting& b) { return a.from < b.from; });
    return out;
}

std::vector<Sitting> Timetable::rest_of_day(std::string_view who, const routing::Groups& groups,
                                            WallTime now) {
    std::vector<Sitting> out;
    if (lessons_.empty()) return out;
    const auto today = calendar_.date(now);
    if (!day_ || day_->date != today) day_ = day_of(today, groups);
    const auto found = day_->sittings.find(who);
    if (found == day_->sittings.end()) return out;
    std::copy_if(found->second.begin(), found->second.end(), std::back_inserter(out),
                 [now](const Sitting& each) { return each.until > now; });
    return out;
}

std::optional<WallTime> Timetable::changes_after(WallTime now) const {
    if (lessons_.empty()) return std::nullopt;
    const auto today = calendar_.date(now);
    auto next = calendar_.at(today + std::chrono::days(1), {});
    for (const auto& each : lessons_) {
        if (!is_on(each, today)) continue;
        for (const auto time : {calendar_.at(today, each.from), calendar_.at(today, each.until)})
            if (time > now) next = std::min(next, time);
    }
    return next;
}

} // namespace lyceum::events
