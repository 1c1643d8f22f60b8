// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <concepts>
#include <optional>

namespace lyceum {

/// The contract of every protocol core, and the first rule of the house: a core is a plain object
/// that is handed input and the time, and hands back outputs and its next deadline. It opens no
/// socket, starts no thread, reads no clock and no random device.
///
/// Four kinds of method, told apart by name:
///   - getters: `const`, named by the noun;
///   - `handle_*(input, now)`: something happened on the network or the clock;
///   - commands: verbs from the owner (`invite`, `accept`, `mute`);
///   - `poll()` and `deadline()`: what the owner must do now, and when to come back.
///
/// The single-mutation rule: call one `handle_*` or command, then `poll()` until it returns
/// nothing, then read `deadline()`. `handle_timeout` before the deadline does nothing, so a driver
/// may be early.
template <class C>
concept SansIoCore = requires(C core, const C& view, TimePoint now) {
    core.handle_timeout(now);
    { static_cast<bool>(core.poll()) } -> std::same_as<bool>;
    { view.deadline() } -> std::same_as<std::optional<TimePoint>>;
};

} // namespace lyceum
