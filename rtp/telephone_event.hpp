// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <optional>

namespace lyceum::rtp {

/// The payload of RFC 4733 §2.3.
struct TelephoneEvent {
    std::uint8_t event = 0; ///< 0–9, 10 is *, 11 is #, 12–15 are A–D, 16 is flash.
    bool end = false;
    std::uint8_t volume = 10; ///< In −dBm0.
    std::uint16_t duration = 0;

    bool operator==(const TelephoneEvent&) const = default;
};

Result<TelephoneEvent, Fault> parse_telephone_event(ByteView payload);
Bytes write_telephone_event(const TelephoneEvent& event);

/// '0'…'9', '*', '#', 'A'…'D'; none for other events.
std::optional<char> digit_of(std::uint8_t event);

/// Turns the many packets of each keypress into one digit: an event is known by its timestamp
/// (§2.5.1.2), and its first packet that arrives counts, so that a lost end loses nothing.
class DigitDetector {
public:
    std::optional<char> handle(std::uint32_t timestamp, const TelephoneEvent& event);

private:
    std::optional<std::uint32_t> last_timestamp_;
};

} // namespace lyceum::rtp
