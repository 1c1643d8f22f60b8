// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline_queue.hpp"
#include "base/time.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace lyceum::events {

/// Who has not used any of his devices for a while (RPID `user-input`, RFC 4480 §3.14): as far as
/// the server sees it, by calls, and by what they publish and where they register. Knows nothing of
/// who has done nothing since the start.
class Idleness {
public:
    static constexpr Duration after = std::chrono::minutes(10);
    /// What comes sooner after the last is taken for the same: calls come in bursts of messages.
    static constexpr Duration told_apart = std::chrono::seconds(1);

    void handle_input(std::string_view member, TimePoint now) {
        const auto known = last_.find(member);
        if (known != last_.end() && now < known->second + told_apart) return;
        const std::string name(member);
        last_[name] = now;
        due_.set(name, now + after);
    }
    /// Takes one who has become idle.
    std::optional<std::string> expired(TimePoint now) { return due_.expired(now); }
    [[nodiscard]] std::optional<TimePoint> deadline() const { return due_.deadline(); }

    /// None: he is not, or it is not known.
    [[nodiscard]] std::optional<TimePoint> since(std::string_view member, TimePoint now) const {
        const auto found = last_.find(member);
        if (found == last_.end() || now - found->second < after) return std::nullopt;
        return found->second;
    }

private:
    std::map<std::string, TimePoint, std::less<>> last_;
    DeadlineQueue<std::string> due_;
};

} // namespace lyceum::events
