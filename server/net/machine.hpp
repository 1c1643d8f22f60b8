// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace lyceum::net {

/// How busy and how full this machine is, as far as the system tells; what it does not tell is 0.
struct Machine {
    std::int64_t cores = 0;
    std::int64_t load_percent = 0;    ///< Of all cores, by everybody, over the last minute.
    std::int64_t cpu_ms = 0;          ///< That this process has used.
    std::int64_t resident_bytes = 0;  ///< Of this process.
    std::int64_t disk_free_bytes = 0; ///< Where the data is.
};

Machine machine_now(const std::string& data_directory);

/// Each leg has two sockets, each relay four: as many descriptors as this process may have.
void raise_descriptor_limit();

} // namespace lyceum::net
