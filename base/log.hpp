// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/redacted.hpp"

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace lyceum {

enum class LogLevel { debug, info, warning, error };

/// One `name=value` of a log line.
struct LogField {
    std::string_view name;
    std::variant<std::int64_t, std::string_view, Redacted> value;

    template <class Integer>
    requires std::integral<Integer> LogField(std::string_view n, Integer v)
        : name(n), value(static_cast<std::int64_t>(v)) {}
    LogField(std::string_view n, std::string_view v) : name(n), value(v) {}
    LogField(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
    LogField(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
    LogField(std::string_view n, Redacted v) : name(n), value(std::move(v)) {}
};

/// The structured log: one event a line, values and not prose. A port; the edge writes to standard
/// error, tests compare lines. Formatting and redaction are done here, once for all sinks.
class Log {
public:
    virtual ~Log() = default;

    void debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
        emit(LogLevel::debug, event, fields);
    }
    void info(std::string_view event, std::initializer_list<LogField> fields = {}) {
        emit(LogLevel::info, event, fields);
    }
    void warning(std::string_view event, std::initializer_list<LogField> fields = {}) {
        emit(LogLevel::warning, event, fields);
    }
    void error(std::string_view event, std::initializer_list<LogField> fields = {}) {
        emit(LogLevel::error, event, fields);
    }

    void set_level(LogLevel level) { level_ = level; }
    /// Shows personal text in clear; for debugging on a machine of one's own.
    void show_personal(bool show) { show_personal_ = show; }
    void set_salt(std::uint64_t salt) { salt_ = salt; }

protected:
    virtual void write(LogLevel level, std::string_view line) = 0;

private:
    void emit(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);

    LogLevel level_ = LogLevel::info;
    bool show_personal_ = false;
    std::uint64_t salt_ = 0;
};

/// Swallows everything.
class NullLog final : public Log {
    void write(LogLevel, std::string_view) override {}
};

} // namespace lyceum
