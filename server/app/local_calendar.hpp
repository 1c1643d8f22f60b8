// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/events/timetable.hpp"

namespace lyceum::app {

/// The time zone of this machine.
class LocalCalendar final : public events::Calendar {
public:
    LocalCalendar();

    std::chrono::sys_days date(WallTime time) override;
    WallTime at(std::chrono::sys_days date, std::chrono::minutes of_day) override;
};

} // namespace lyceum::app
