// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/strong_id.hpp"

#include <cstddef>
#include <vector>

/// Who hears whom in a conference: a table that is changed between two ticks, without any agreement
/// with anybody.
namespace lyceum::mixer {

/// Those who hear each other: a room, a group that works apart, two who whisper.
using CircleId = StrongId<struct CircleTag>;

/// What one leg takes part in, and how. A change is heard within a tick, without a click.
struct Part {
    CircleId circle;
    bool admitted = true;            ///< Else it waits outside: heard by nobody, and hears silence.
    bool speaks = true;              ///< Else it is muted.
    bool hears = true;               ///< Else it hears only what is played to it alone.
    float gain_in = 1, gain_out = 1; ///< Of its voice to others, and of what it hears.
    bool always_heard = false;       ///< However many others speak: a host.

    bool operator==(const Part&) const = default;
};

/// What a circle hears besides itself. Nothing here makes it heard in turn.
struct CircleOptions {
    struct Overheard {
        CircleId circle;
        float gain = 1;
        bool operator==(const Overheard&) const = default;
    };
    std::vector<Overheard> overhears;
    std::size_t speakers_max = 8; ///< So many are heard at once, the loudest.

    bool operator==(const CircleOptions&) const = default;
};

} // namespace lyceum::mixer
