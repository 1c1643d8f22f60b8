// SPDX-License-Identifier: Apache-2.0
#include "mixer/codec.hpp"

#include "base/text.hpp"

#include <array>

namespace lyceum::mixer {

extern const Codec opus;
extern const Codec g722;
extern const Codec pcmu;
extern const Codec pcma;

std::span<const Codec* const> codecs() {
    static constexpr std::array all{&opus, &g722, &pcma, &pcmu};
    return all;
}

const Codec* find_codec(std::string_view name, std::uint32_t clock_rate) {
    for (const auto* codec : codecs())
        if (iequals(codec->name, name) && codec->clock_rate == clock_rate) return codec;
    return nullptr;
}

} // namespace lyceum::mixer
