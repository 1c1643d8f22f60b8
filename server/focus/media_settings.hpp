// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mixer/media_leg.hpp"
#include "sip/sdp/offer_answer.hpp"

namespace lyceum::focus {

/// What the mixer can, in the words of SDP.
sdp::LocalMedia local_media(const SocketAddress& rtp);

/// What was agreed in SDP, in the words of the mixer. `signalling` is where the peer's SIP comes
/// from.
mixer::LegSettings leg_settings(const sdp::Stream& stream, const IpAddress& signalling);

} // namespace lyceum::focus
