// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"
#include "base/strong_id.hpp"
#include "sip/message/values.hpp"

namespace lyceum::sip {

/// One connection of a stream transport, RFC 5626 §2.
using FlowId = StrongId<struct FlowTag>;

/// Where a message came from or goes to. With a flow, the connection is used while it lives; else,
/// or afterwards, one to the address is found or opened.
struct Endpoint {
    Transport transport = Transport::udp;
    SocketAddress address;
    FlowId flow{};

    auto operator<=>(const Endpoint&) const = default;
};

/// A port of the core: which of our own addresses a peer reaches us by. Answered from the routing
/// table by the edge, from a constant in tests.
class LocalAddresses {
public:
    virtual ~LocalAddresses() = default;
    /// Our address and listening port for this transport, as this peer sees it.
    [[nodiscard]] virtual SocketAddress toward(const Endpoint& peer) const = 0;
};

} // namespace lyceum::sip
