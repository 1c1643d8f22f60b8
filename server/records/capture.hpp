// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/time.hpp"
#include "server/records/message_trace.hpp"
#include "sip/message/values.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace lyceum::records {

/// A SIP message that crossed the wire, for the tools of others.
struct Captured {
    WallTime at;
    sip::Transport transport;
    SocketAddress from, to; ///< Of one family.
    std::string_view text;
};

/// `seen` outlives it.
Captured captured(const MessageTrace::Seen& seen);

/// A capture file (libpcap 2.4) of them. Each is a UDP datagram of its own, also what came by
/// another transport or encrypted: so that a tool shows it as SIP. Longer ones are cut.
Bytes pcap_of(std::span<const Captured> messages);

/// As a packet of HEP version 3, by which capture servers such as Homer collect what others see.
/// `correlation` is the Call-ID of the call that this one belongs to; empty: it is one by itself.
Bytes hep_of(const Captured& message, std::uint32_t agent, std::string_view correlation);

} // namespace lyceum::records
