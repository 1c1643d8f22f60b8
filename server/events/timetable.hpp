// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "server/routing/groups.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::events {

/// What is on each week: a group, its teacher, or both, perhaps in a room of ours.
struct Lesson {
    std::int64_t id = 0;
    std::string title, group, teacher, room; ///< But the title, each may be empty.
    unsigned days = 0;                       ///< Bit 0: on Mondays.
    std::chrono::minutes from{}, until{};    ///< Of the day, where the school is.

    bool operator==(const Lesson&) const = default;

    /// "mon,wed", "09:00", "10:45"; a fault says what was expected.
    static Result<unsigned, Fault> parse_days(std::string_view text);
    static Result<std::chrono::minutes, Fault> parse_time(std::string_view text);
    [[nodiscard]] std::string days_text() const;
};
/// "10:45".
std::string time_text(std::chrono::minutes of_day);

/// A port: the clock on the wall of the school, with its summer time.
class Calendar {
public:
    virtual ~Calendar() = default;
    virtual std::chrono::sys_days date(WallTime time) = 0;
    virtual WallTime at(std::chrono::sys_days date, std::chrono::minutes of_day) = 0;
};

/// One lesson on one day.
struct Sitting {
    const Lesson* lesson;
    WallTime from, until;
};

/// The timetable of the organisation: who is in class when.
class Timetable {
public:
    static constexpr std::size_t lessons_max = 10'000;

    explicit Timetable(Calendar& calendar) : calendar_(calendar) {}

    void set(std::vector<Lesson> lessons);
    /// The groups are others now.
    void forget_day() { day_.reset(); }
    [[nodiscard]] const std::vector<Lesson>& lessons() const { return lessons_; }

    /// What is on for a member or a room from now to the end of the day, in order of time.
    [[nodiscard]] std::vector<Sitting> rest_of_day(std::string_view who,
                                                   const routing::Groups& groups, WallTime now);
    /// When a lesson begins or ends next, or another day begins; none: there are no lessons.
    [[nodiscard]] std::optional<WallTime> changes_after(WallTime now) const;

private:
    struct Day { ///< Worked out once: who has what on it.
        std::chrono::sys_days date;
        std::map<std::string, std::vector<Sitting>, std::less<>> sittings{};
    };
    [[nodiscard]] Day day_of(std::chrono::sys_days date, const routing::Groups& groups) const;

    Calendar& calendar_;
    std::vector<Lesson> lessons_;
    std::optional<Day> day_{};
};

} // namespace lyceum::events
