// SPDX-License-Identifier: Apache-2.0
#include "rtp/telephone_event.hpp"

namespace lyceum::rtp {

Result<TelephoneEvent, Fault> parse_telephone_event(ByteView payload) {
    ByteReader in(payload);
    TelephoneEvent out;
    out.event = in.u8();
    const auto flags = in.u8();
    out.end = flags & 0x80;
    out.volume = flags & 0x3f;
    out.duration = in.u16();
    if (!in.ok()) return Fault{"truncated telephone-event", 0};
    return out;
}

Bytes write_telephone_event(const TelephoneEvent& event) {
    Bytes out;
    ByteWriter writer(out);
    writer.u8(event.event);
    writer.u8(static_cast<std::uint8_t>((event.end ? 0x80 : 0) | (event.volume & 0x3f)));
    writer.u16(event.duration);
    return out;
}

std::optional<char> digit_of(std::uint8_t event) {
    if (event > 15) return std::nullopt;
    return "0123456789*#ABCD"[event];
}

std::optional<char> DigitDetector::handle(std::uint32_t timestamp, const TelephoneEvent& event) {
    if (last_timestamp_) {
        // The same press, or a late packet of one before it.
        const auto ahead = static_cast<std::int32_t>(timestamp - *last_timestamp_);
        if (ahead <= 0 && ahead > -80'000) return std::nullopt;
    }
    last_timestamp_ = timestamp;
    return digit_of(event.event);
}

} // namespace lyceum::rtp
