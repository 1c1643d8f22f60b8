// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"

#include <string_view>

namespace lyceum::mixer {

/// A spoken prompt that is part of the program: an Opus file of mixer/prompts, by its language and
/// its name. Empty: there is none.
ByteView prompt(std::string_view language, std::string_view name);

} // namespace lyceum::mixer
