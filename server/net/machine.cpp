// SPDX-License-Identifier: Apache-2.0
#include "server/net/machine.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace lyceum::net {

Machine machine_now(const std::string& data_directory) {
    Machine out;
    out.cores = std::thread::hardware_concurrency();
    double load = 0;
    if (out.cores > 0 && getloadavg(&load, 1) == 1)
        out.load_percent = static_cast<std::int64_t>(load * 100 / static_cast<double>(out.cores));
    rusage used{};
    if (getrusage(RUSAGE_SELF, &used) == 0)
        for (const auto& time : {used.ru_utime, used.ru_stime})
            out.cpu_ms += time.tv_sec * 1000 + time.tv_usec / 1000;
    std::int64_t total = 0, resident = 0; // Pages.
    if (std::ifstream("/proc/self/statm") >> total >> resident)
        out.resident_bytes = resident * sysconf(_SC_PAGESIZE);
    std::error_code error;
    const auto space = std::filesystem::space(data_directory, error);
    if (!error) out.disk_free_bytes = static_cast<std::int64_t>(space.available);
    return out;
}

void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

} // namespace lyceum::net
