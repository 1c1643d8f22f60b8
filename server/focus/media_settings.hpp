// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mixer/conference_media.hpp"
#include "server/focus/media_gateway.hpp"
#include "sip/sdp/offer_answer.hpp"

namespace lyceum::focus {

/// What the mixer can, in the words of SDP; protection and keys are the leg's. In a spatial room it
/// can more: stereo, and frames of 10 ms.
sdp::LocalMedia local_media(const SocketAddress& rtp, bool spatial);

/// What a conference is as sound, in the words of the mixer. Spatial ones have short ticks.
mixer::ConferenceMedia::Options media_options(const ConferenceSound& sound);

/// What was agreed in SDP, in the words of the mixer. `signalling` is where the peer's SIP comes
/// from.
mixer::LegSettings leg_settings(const sdp::Stream& stream, const IpAddress& signalling);

/// The rest of it. `local` is what our side of the agreement said.
LegAccess leg_access(const sdp::Stream& stream, const sdp::LocalMedia& local);

} // namespace lyceum::focus
