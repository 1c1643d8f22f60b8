// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/http.hpp"
#include "base/time.hpp"

#include <fstream>
#include <string>

namespace lyceum::app {

/// Who asked for what on the web port, a line a request, as web servers write it (the "combined"
/// format): for the tools that read such files. Secrets that stand in a path are left out.
class AccessLog {
public:
    /// Appends to the file; empty: writes nothing. Throws std::runtime_error.
    explicit AccessLog(std::string path);

    void write(const http::Request& request, int status, std::size_t octets, WallTime now);
    /// The file has been moved away: begins a new one. False: that cannot be opened.
    bool reopen();

private:
    std::string path_;
    std::ofstream file_;
};

/// The line, without its end.
std::string access_line(const http::Request& request, int status, std::size_t octets, WallTime now);

} // namespace lyceum::app
