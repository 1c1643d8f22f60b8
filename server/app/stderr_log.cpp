// SPDX-License-Identifier: Apache-2.0
#include "server/app/stderr_log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace lyceum::app {

StderrLog::StderrLog()
    : logger_(std::make_shared<spdlog::logger>("lyceum",
                                               std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
    logger_->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    logger_->set_level(spdlog::level::debug); // The port has filtered already.
}

void StderrLog::write(LogLevel level, std::string_view line) {
    static constexpr spdlog::level::level_enum levels[] = {
        spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};
    logger_->log(levels[static_cast<int>(level)], "{}", line);
}

} // namespace lyceum::app
