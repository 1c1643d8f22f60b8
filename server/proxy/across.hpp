// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/routing/plan.hpp"
#include "sip/dialog/user_agent.hpp"

#include <vector>

/// Which calls to devices are led through the back-to-back user agent, which keeps the two sides
/// apart and carries their media.
namespace lyceum::proxy {

/// Whether the media of who sends this INVITE does not reach the device, or is not what it
/// understands: a browser and a desk phone, two sides of a NAT. An edge proxy of the device's own
/// (Path) sees to that itself.
bool needs_relay(const sip::RequestReceived& invite, const routing::Target& target,
                 const sip::Endpoint& there);

/// Whether the device must not learn who calls and from where (RFC 3323 §4.2).
bool hides_caller(const sip::RequestReceived& invite, const routing::Target& target);

/// The target and its flows are what the back-to-back user agent is told; it is sent there instead.
void lead_across(routing::Target& target, std::vector<sip::Endpoint>& flows);

} // namespace lyceum::proxy
