// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "rtp/packet.hpp"
#include "rtp/srtp.hpp"
#include "tests/fuzz/targets.hpp"

namespace lyceum::fuzz {

/// The first octet chooses the suite and what the rest is: a datagram from the network, of which
/// none may pass, or a payload that must come back as it went.
void fuzz_srtp(ByteView input) {
    if (input.empty()) return;
    const auto suite = rtp::srtp_suites[input[0] % rtp::srtp_suites.size()];
    const rtp::SrtpKey key{suite, Bytes(rtp::srtp_key_bytes(suite), 7)};
    rtp::SrtpContext in(key, rtp::SrtpContext::Direction::inbound);
    const auto rest = input.subspan(1);
    if (input[0] & 0x80) {
        LYCEUM_ASSERT(!in.unprotect_rtp(rest));
        LYCEUM_ASSERT(!in.unprotect_rtcp(rest));
        return;
    }
    const auto payload = rest.first(std::min<std::size_t>(rest.size(), 1500));
    Bytes header, sealed;
    rtp::write_packet(header, {96, false, 1, 2, 3}, {});
    rtp::SrtpContext out(key, rtp::SrtpContext::Direction::outbound);
    out.protect_rtp(header, payload, sealed);
    const auto opened = in.unprotect_rtp(sealed);
    LYCEUM_ASSERT(opened && std::equal(payload.begin(), payload.end(),
                                       opened->begin() + rtp::header_bytes, opened->end()));
}

} // namespace lyceum::fuzz
