// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/log.hpp"

#include <mutex>
#include <string>
#include <vector>

namespace lyceum::kit {

/// Keeps every line, so that a test can compare what was logged. Several threads may write, and ask
/// with `has`.
class RecordingLog final : public Log {
public:
    RecordingLog() { set_level(LogLevel::debug); }

    [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
    [[nodiscard]] bool has(std::string_view part) const {
        const std::lock_guard lock(mutex_);
        for (const auto& line : lines_)
            if (line.find(part) != std::string::npos) return true;
        return false;
    }

private:
    void write(LogLevel, std::string_view line) override {
        const std::lock_guard lock(mutex_);
        lines_.emplace_back(line);
    }

    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

} // namespace lyceum::kit
