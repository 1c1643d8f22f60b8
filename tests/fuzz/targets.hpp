// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"

#include <string_view>

/// The functions that are fuzzed. Each takes any octets and aborts if an invariant does not hold.
namespace lyceum::fuzz {

void fuzz_sip_message(ByteView input);
void fuzz_uri(ByteView input);
void fuzz_sdp(ByteView input);
void fuzz_relayed_media(ByteView input);
void fuzz_rtp(ByteView input);
void fuzz_rtcp(ByteView input);
void fuzz_srtp(ByteView input);
void fuzz_stun(ByteView input);
void fuzz_dtls(ByteView input);
void fuzz_session(ByteView input);
void fuzz_register(ByteView input);
void fuzz_proxy(ByteView input);
void fuzz_enum(ByteView input);
void fuzz_cpim(ByteView input);
void fuzz_multipart(ByteView input);
void fuzz_pidf(ByteView input);
void fuzz_xcap(ByteView input);
void fuzz_conference(ByteView input);
void fuzz_api(ByteView input);

inline std::string_view as_text(ByteView input) {
    return {reinterpret_cast<const char*>(input.data()), input.size()};
}

} // namespace lyceum::fuzz
