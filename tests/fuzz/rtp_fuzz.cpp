// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "mixer/conference_media.hpp"
#include "tests/fuzz/targets.hpp"

namespace lyceum::fuzz {

/// Any octets, cut into datagrams by a length octet each, at a leg of a running conference.
void fuzz_rtp(ByteView input) {
    mixer::ConferenceMedia media({}, 1, {});
    mixer::LegSettings settings;
    settings.remote_rtp = {IpAddress::v4(0xc0000209), 4000};
    settings.remote_rtcp = {IpAddress::v4(0xc0000209), 4001};
    for (const auto* codec : mixer::codecs())
        settings.receiving.push_back({codec->payload_type, codec, ""});
    settings.sending = settings.receiving.front();
    settings.telephone_event = 101;
    settings.comfort_noise = 13;
    settings.redundancy = 63;
    settings.own_level = 1;
    settings.mixed_levels = 2;
    media.add_leg(mixer::LegId{1}, settings, {});
    TimePoint now{};
    ByteReader in(input);
    while (in.left() > 0) {
        const auto datagram = in.take(std::min<std::size_t>(in.u8(), in.left()));
        media.handle_datagram(mixer::LegId{1}, datagram, settings.remote_rtp, now);
        now += 7ms;
        media.handle_timeout(now);
        while (media.poll()) {
        }
    }
    LYCEUM_ASSERT(media.size() == 1);
}

} // namespace lyceum::fuzz
