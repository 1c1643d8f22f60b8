// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/log.hpp"

#include <memory>

namespace spdlog {
class logger;
}

namespace lyceum::app {

/// Writes the log to standard error, a line an event, with time and level. Safe from any thread.
class StderrLog final : public Log {
public:
    StderrLog();

private:
    void write(LogLevel level, std::string_view line) override;

    std::shared_ptr<spdlog::logger> logger_;
};

} // namespace lyceum::app
