// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    lyceum::fuzz::LYCEUM_FUZZ_TARGET({data, size});
    return 0;
}
