// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "rtp/dtls.hpp"
#include "tests/fuzz/targets.hpp"

namespace lyceum::fuzz {

/// A peer that says anything: two octets of length before each datagram. It never comes to keys,
/// and what goes out stays datagrams of DTLS.
void fuzz_dtls(ByteView input) {
    static const rtp::DtlsIdentity identity;
    if (input.empty()) return;
    const bool we_begin = input[0] & 1;
    rtp::DtlsHandshake handshake(identity, {we_begin, identity.fingerprint()}, {});
    for (ByteReader in(input.subspan(1)); in.left() > 2;) {
        const std::size_t size = in.u16();
        handshake.handle_datagram(in.take(std::min(size, in.left())), {});
        while (const auto out = handshake.poll()) {
            LYCEUM_ASSERT(rtp::is_dtls(*out));
            LYCEUM_ASSERT(out->size() <= rtp::DtlsHandshake::mtu);
        }
    }
    LYCEUM_ASSERT(handshake.state() != rtp::DtlsHandshake::State::done);
}

} // namespace lyceum::fuzz
