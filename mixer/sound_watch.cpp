// SPDX-License-Identifier: Apache-2.0
#include "mixer/sound_watch.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace lyceum::mixer {

std::optional<int> HowlDetector::handle_sound(const Frame& frame, int level_db) {
    static constexpr std::size_t thin = 6;                   // 8 kHz
    static constexpr std::size_t lag_low = 2, lag_high = 27; // 4 kHz to 300 Hz
    static constexpr std::size_t samples_of_howl = 2 * sample_rate;
    static constexpr int loud_db = -25;
    static constexpr double pure = 0.97;
    std::array<double, tick_samples / thin> sound;
    const auto points = frame.size() / thin;
    for (std::size_t i = 0; i < points; ++i) {
        int sum = 0;
        for (std::size_t j = 0; j < thin; ++j) sum += frame[i * thin + j];
        sound[i] = sum;
    }
    const auto likeness = [&](std::size_t lag) {
        double product = 0, first = 0, second = 0;
        for (std::size_t i = 0; i + lag < points; ++i) {
            product += sound[i] * sound[i + lag];
            first += sound[i] * sound[i];
            second += sound[i + lag] * sound[i + lag];
        }
        return first * second > 0 ? product / std::sqrt(first * second) : 0;
    };
    std::size_t lag = 0;
    double most = pure;
    for (auto at = lag_low; level_db >= loud_db && at <= lag_high; ++at)
        if (const double found = likeness(at); found > most) {
            most = found;
            lag = at;
        }
    const bool same = lag > 0 && lag == lag_;
    lag_ = lag;
    const auto before = std::exchange(samples_, same ? samples_ + frame.size() : 0);
    if (samples_ < samples_of_howl || before >= samples_of_howl) return std::nullopt;
    return static_cast<int>(sample_rate / thin / lag);
}

std::optional<Duration> EchoDetector::handle_tick(int sent_db, int received_db) {
    static constexpr double alike = 0.8;
    static constexpr int audible_db = -60, loud_ticks_min = 20;
    next_ = (next_ + 1) % sent_.size();
    sent_[next_] = static_cast<signed char>(std::max(sent_db, audible_db));
    received_[next_] = static_cast<signed char>(std::max(received_db, audible_db));
    loud_ticks_ = received_db > audible_db ? loud_ticks_ + 1 : loud_ticks_;
    if (++seen_ < sent_.size() || --until_look_ > 0) return std::nullopt;
    until_look_ = every;
    if (std::exchange(loud_ticks_, loud_ticks_ / 2) < loud_ticks_min) return std::nullopt;
    double most = alike;
    std::size_t lag = 0;
    for (std::size_t at = 0; at <= lag_max; ++at)
        if (const double found = likeness(at); found > most) {
            most = found;
            lag = at;
        }
    if (most <= alike) {
        told_ = false;
        return std::nullopt;
    }
    if (std::exchange(told_, true)) return std::nullopt;
    return tick_ * static_cast<int>(lag);
}

/// The correlation of what came in the last ticks with what was sent so many ticks earlier; 0 if it
/// is fainter than an echo that anybody minds, or if nothing rises and falls.
double EchoDetector::likeness(std::size_t lag) const {
    static constexpr double fainter_db_max = 30, variance_min = 9;
    const auto at = [&](const auto& levels, std::size_t back) {
        return static_cast<double>(levels[(next_ + levels.size() - back) % levels.size()]);
    };
    double sent = 0, received = 0;
    for (std::size_t i = 0; i < window; ++i) {
        sent += at(sent_, i + lag);
        received += at(received_, i);
    }
    sent /= window;
    received /= window;
    if (sent - received > fainter_db_max) return 0;
    double both = 0, first = 0, second = 0;
    for (std::size_t i = 0; i < window; ++i) {
        const double a = at(sent_, i + lag) - sent, b = at(received_, i) - received;
        both += a * b;
        first += a * a;
        second += b * b;
    }
    if (std::min(first, second) < variance_min * window) return 0;
    return both / std::sqrt(first * second);
}

} // namespace lyceum::mixer
