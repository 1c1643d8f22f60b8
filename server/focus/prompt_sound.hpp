// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mixer/sound_source.hpp"
#include "server/focus/prompt.hpp"

#include <string_view>

namespace lyceum::focus {

/// The sound of a prompt in a language (en, de, es; any other is English), or its tone.
mixer::Sound sound_of(const Said& said, std::string_view language);

} // namespace lyceum::focus
