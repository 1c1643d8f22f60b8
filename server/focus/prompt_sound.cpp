// SPDX-License-Identifier: Apache-2.0
#include "server/focus/prompt_sound.hpp"

#include "base/assert.hpp"
#include "mixer/prompts.hpp"

namespace lyceum::focus {

mixer::Sound sound_of(const Said& said, std::string_view language) {
    switch (said.prompt) {
    case Prompt::joined_tone: return mixer::tones({{660, 90}, {0, 20}, {880, 140}});
    case Prompt::left_tone: return mixer::tones({{880, 90}, {0, 20}, {660, 140}});
    case Prompt::hand_tone: return mixer::tones({{988, 70}, {0, 50}, {988, 70}});
    case Prompt::key_tone: return mixer::tones({{880, 60}});
    default: break;
    }
    const auto name = clip_of(said);
    auto file = mixer::prompt(language, name);
    if (file.empty()) file = mixer::prompt("en", name);
    auto sound = mixer::opus_file(file);
    LYCEUM_ASSERT(sound); // They are part of the program.
    return std::move(*sound);
}

} // namespace lyceum::focus
