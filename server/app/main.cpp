// SPDX-License-Identifier: Apache-2.0
#include "server/app/command_line.hpp"

#include <exception>
#include <iostream>

int main(int argc, char** argv) {
    try {
        return lyceum::app::run_command({argv + 1, argv + argc});
    } catch (const std::exception& error) {
        std::cerr << "lyceum: " << error.what() << "\n";
        return 1;
    }
}
