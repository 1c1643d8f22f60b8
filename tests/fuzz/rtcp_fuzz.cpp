// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "rtp/rtcp.hpp"
#include "rtp/telephone_event.hpp"
#include "tests/fuzz/targets.hpp"

namespace lyceum::fuzz {

/// What is read can be written and read again, but for what does not fit into one packet.
void fuzz_rtcp(ByteView input) {
    static_cast<void>(rtp::parse_telephone_event(input));
    auto rtcp = rtp::parse_rtcp(input);
    if (!rtcp) return;
    rtcp->reports.resize(std::min<std::size_t>(rtcp->reports.size(), 31));
    rtcp->bye.resize(std::min<std::size_t>(rtcp->bye.size(), 31));
    const auto again = rtp::parse_rtcp(rtp::write_rtcp(*rtcp));
    LYCEUM_ASSERT(again && *again == *rtcp);
}

} // namespace lyceum::fuzz
