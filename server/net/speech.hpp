// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/log.hpp"
#include "mixer/codec.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace lyceum::net {

/// Text as sound, on a thread of its own: by the program `espeak-ng`, if the machine has it. It is
/// a program and not a library so that its licence and its faults stay its own. The text goes in by
/// its standard input, and is no command of it.
class Speech {
public:
    static constexpr std::size_t waiting_max = 50;
    static constexpr int seconds_max = 60; ///< Of sound; what is longer is cut off.

    /// Mono samples at 48 kHz; empty: it could not be spoken. Called on the thread of the voice.
    using Spoken = std::function<void(std::vector<mixer::Sample>)>;

    explicit Speech(Log& log);
    ~Speech(); ///< Waits for what is being spoken; a program that is silent for 5 s is ended.

    /// In a language that the program has (en, de, es).
    void speak(std::string text, std::string language, Spoken spoken);

private:
    struct Wanted {
        std::string text, language;
        Spoken spoken;
    };

    void run();
    std::vector<mixer::Sample> voice(const Wanted& wanted);

    Log& log_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Wanted> waiting_;
    bool stopping_ = false;
    std::thread thread_; ///< Last: it uses all of the above.
};

} // namespace lyceum::net
