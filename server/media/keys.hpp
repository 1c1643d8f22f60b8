// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "rtp/dtls.hpp"
#include "rtp/ice_lite.hpp"
#include "rtp/srtp.hpp"
#include "sip/sdp/connection.hpp"
#include "sip/sdp/crypto.hpp"

#include <vector>

/// What SDP says of how media is protected and found, in the words of RTP, and the other way round.
namespace lyceum::media {

/// A master key for each suite that we can, in the order of our preference: what one stream is
/// encrypted with on our side.
std::vector<sdp::Crypto> fresh_keys(Entropy& entropy);
/// ICE credentials of ours for one stream: 24 and 128 bits at the least, as RFC 8839 §5.4 asks.
sdp::Ice fresh_ice(Entropy& entropy);

/// \name Of what was agreed on, which is only what we can.
///@{
rtp::SrtpKey srtp_key(const sdp::Crypto& crypto);
rtp::DtlsPeer dtls_peer(const sdp::Dtls& dtls);
rtp::IcePair ice_pair(const sdp::Ice& local, const sdp::Ice& remote);
///@}

} // namespace lyceum::media
