// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "rtp/ice_lite.hpp"
#include "tests/fuzz/targets.hpp"

namespace lyceum::fuzz {

/// No input makes a reply longer than what RFC 8489 lets it be, and none without our password is
/// trusted.
void fuzz_stun(ByteView input) {
    const rtp::IceLite ice({"evtj", "VOkJxbRl1RmTxUk/WvJxBt"}, {"h6vY", ""});
    const SocketAddress from{IpAddress::v4(0xc0000201), 32853};
    if (const auto answer = rtp::answer_keep_alive(input, from))
        LYCEUM_ASSERT(answer->size() == 40 && !rtp::answer_keep_alive(*answer, from));
    const auto reply = ice.handle_datagram(input, from);
    if (!reply) return;
    LYCEUM_ASSERT(rtp::is_stun(reply->datagram));
    LYCEUM_ASSERT(!ice.handle_datagram(reply->datagram, from)); // No two of us talk for ever.
    const rtp::IceLite stranger({"evtj", "another password than that"}, {"h6vY", ""});
    LYCEUM_ASSERT(!stranger.handle_datagram(input, from)->authentic);
}

} // namespace lyceum::fuzz
