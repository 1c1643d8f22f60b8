// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "server/focus/media_settings.hpp"
#include "sip/sdp/offer_answer.hpp"
#include "tests/fuzz/targets.hpp"

namespace lyceum::fuzz {

/// Any text as an offer and as an answer: what is accepted is lossless, an answer has the lines of
/// its offer, and what was agreed on can be given to the mixer.
void fuzz_sdp(ByteView input) {
    const std::string text(as_text(input));
    const auto parsed = sdp::Description::parse(text);
    if (!parsed) return;
    const auto again = sdp::Description::parse(parsed->to_string());
    LYCEUM_ASSERT(again && *again == *parsed);
    const auto local = focus::local_media({IpAddress::v4(0xc0000201), 20000}, false);
    sdp::OfferAnswer callee(1, "fuzz");
    if (!callee.handle_offer(text)) {
        if (const auto answer = callee.answer(local)) {
            const auto description = sdp::Description::parse(*answer);
            LYCEUM_ASSERT(description && description->media.size() == parsed->media.size());
            static_cast<void>(focus::leg_settings(*callee.stream(), {}));
        }
    }
    sdp::OfferAnswer caller(1, "fuzz");
    caller.offer(local);
    if (!caller.handle_answer(text)) static_cast<void>(focus::leg_settings(*caller.stream(), {}));
}

} // namespace lyceum::fuzz
