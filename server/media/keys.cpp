// SPDX-License-Identifier: Apache-2.0
#include "server/media/keys.hpp"

#include "base/assert.hpp"

#include <utility>

namespace lyceum::media {

std::vector<sdp::Crypto> fresh_keys(Entropy& entropy) {
    std::vector<sdp::Crypto> out;
    for (const auto suite : rtp::srtp_suites) {
        out.push_back({static_cast<unsigned>(out.size() + 1), std::string(rtp::name_of(suite)),
                       Bytes(rtp::srtp_key_bytes(suite))});
        entropy.fill(out.back().key);
    }
    return out;
}

sdp::Ice fresh_ice(Entropy& entropy) { return {entropy.hex(4), entropy.hex(16)}; }

rtp::SrtpKey srtp_key(const sdp::Crypto& crypto) {
    const auto suite = rtp::srtp_suite_of(crypto.suite);
    LYCEUM_ASSERT(suite); // Only suites of ours are ever agreed on.
    return {*suite, crypto.key};
}

rtp::DtlsPeer dtls_peer(const sdp::Dtls& dtls) {
    auto fingerprint = rtp::Fingerprint::parse(dtls.fingerprint);
    LYCEUM_ASSERT(fingerprint); // SDP takes only those that can be read.
    return {dtls.we_begin, std::move(*fingerprint)};
}

rtp::IcePair ice_pair(const sdp::Ice& local, const sdp::Ice& remote) {
    return {{local.ufrag, local.password}, {remote.ufrag, remote.password}};
}

} // namespace lyceum::media
