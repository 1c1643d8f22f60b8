// SPDX-License-Identifier: Apache-2.0
#include "server/app/access_log.hpp"

#include "webadmin/api.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <stdexcept>

namespace lyceum::app {
namespace {

/// "27/Nov/2026:09:05:01 +0000".
std::string time_text(WallTime now) {
    static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
    const auto day = std::chrono::floor<std::chrono::days>(seconds);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(seconds - day);
    char out[64];
    std::snprintf(out, sizeof out, "%02u/%s/%04d:%02d:%02d:%02d +0000", unsigned{date.day()},
                  months.at(unsigned{date.month()} - 1), int{date.year()},
                  static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return out;
}

/// What somebody has sent must not end the field that it is written in.
std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(c));
            out += escaped;
        } else out += c;
    }
    return out + "\"";
}

} // namespace

std::string access_line(const http::Request& request, int status, std::size_t octets,
                        WallTime now) {
    const auto said = [&](std::string_view header) {
        const auto value = request.header(header);
        return quoted(value.empty() ? "-" : value);
    };
    const bool sets_up = request.target.starts_with(webadmin::Api::setup_root);
    const auto target = sets_up ? std::string(webadmin::Api::setup_root) + "-" : request.target;
    return request.peer.ip.to_string() + " - - [" + time_text(now) + "] " +
           quoted(request.method + " " + target + " HTTP/1.1") + " " + std::to_string(status) +
           " " + std::to_string(octets) + " " + said("Referer") + " " + said("User-Agent");
}

AccessLog::AccessLog(std::string path) : path_(std::move(path)) {
    if (!path_.empty() && !reopen())
        throw std::runtime_error("access_log: cannot write to " + path_);
}

bool AccessLog::reopen() {
    if (path_.empty()) return true;
    file_ = std::ofstream(path_, std::ios::app);
    return file_.is_open();
}

void AccessLog::write(const http::Request& request, int status, std::size_t octets, WallTime now) {
    if (!file_.is_open()) return;
    file_ << access_line(request, status, octets, now) << '\n';
    file_.flush();
}

} // namespace lyceum::app
