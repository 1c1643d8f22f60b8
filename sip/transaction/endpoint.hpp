// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"
#include "base/strong_id.hpp"
#include "sip/message/values.hpp"

#include <optional>
#include <string>
#include <string_view>

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

/// The ends of the lines inside this program, two of a line. What is sent to one end is received
/// from the other, so to each the other is a peer on a connection that never breaks; nobody else
/// can get there.
enum class Inside : std::uint16_t {
    server = 1,          ///< Registrar, proxy and rooms, for who comes from outside by…
    b2bua = 2,           ///< …who keeps two sides apart.
    server_of_rooms = 3, ///< The same, for…
    rooms = 4,           ///< …rooms that call somebody.
};
constexpr Endpoint inside(Inside end) {
    return {Transport::inside, {IpAddress{}, static_cast<std::uint16_t>(end)}, {}};
}
/// Where what was sent to this end is seen to come from.
constexpr Endpoint other_end(const Endpoint& end) {
    const unsigned number = end.address.port;
    return inside(static_cast<Inside>(number % 2 == 1 ? number + 1 : number - 1));
}

/// Where a SIP URI with an IP literal leads; it needs no look-up (RFC 3263 §4.1, §4.2). None for a
/// name and for other schemes.
std::optional<Endpoint> endpoint_of(std::string_view uri);

/// "UDP 192.0.2.1:5060", for people and for disks; a flow lives no longer than the program.
std::string to_string(const Endpoint& endpoint);
std::optional<Endpoint> parse_endpoint(std::string_view text);

/// \name Where somebody is reached, as one end of a line inside tells the other in a Route value:
/// "<sip:192.0.2.1:5060;lr;by=WSS;flow=7>".
///@{
std::string route_to(const Endpoint& endpoint);
std::optional<Endpoint> endpoint_of_route(std::string_view value);
///@}

/// A port of the core: which of our own addresses a peer reaches us by. Answered from the routing
/// table by the edge, from a constant in tests.
class LocalAddresses {
public:
    virtual ~LocalAddresses() = default;
    /// Our address and listening port for this transport, as this peer sees it.
    [[nodiscard]] virtual SocketAddress toward(const Endpoint& peer) const = 0;
};

/// Where this peer reaches us, as a URI; `user` may be empty:
/// "sip:bob@192.0.2.1:5060;transport=tcp".
std::string own_uri(std::string_view user, const LocalAddresses& local, const Endpoint& peer);

} // namespace lyceum::sip
