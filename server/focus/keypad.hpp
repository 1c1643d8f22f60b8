// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "server/focus/conference.hpp"

#include <optional>
#include <string>

namespace lyceum::focus {

/// A telephone's keys as a skin of a conference, one for each leg. Everything is answered by voice:
///
///     *1 mute   *2 hand   *3 who is here, my place   *4 *6 what I hear   *7 *9 my voice   *0 menu
///     hosts:  **1 mute all  **2 unmute all  **3 next speaker  **4 let in  **5 turn away
///             **6 lock      **7 lecture     **8 hands down    **9 end      **0 menu
///
/// Digits without a star are a PIN: that of the room at the door, that of its host at any time;
/// ended by # or by being right. Between a star and its key may be 4 seconds.
class Keypad {
public:
    static constexpr std::size_t pin_digits_max = 16;
    static constexpr Duration patience = 4s;

    void press(Conference& conference, mixer::LegId leg, char key, TimePoint now);

private:
    std::string keys_;
    TimePoint last_{};
};

} // namespace lyceum::focus
