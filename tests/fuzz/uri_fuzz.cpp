// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "sip/message/values.hpp"
#include "tests/fuzz/targets.hpp"

namespace lyceum::fuzz {

/// Any text as every kind of header value; a URI is equivalent to itself.
void fuzz_uri(ByteView input) {
    const auto text = as_text(input);
    if (const auto uri = sip::Uri::parse(text)) {
        LYCEUM_ASSERT(sip::equivalent(*uri, *uri));
        static_cast<void>(uri->user_name());
    }
    if (const auto address = sip::NameAddr::parse(text)) static_cast<void>(address->uri());
    static_cast<void>(sip::Via::parse(text));
    static_cast<void>(sip::CSeq::parse(text));
    static_cast<void>(sip::RAck::parse(text));
    static_cast<void>(sip::ContentType::parse(text));
    static_cast<void>(sip::SessionExpires::parse(text));
    static_cast<void>(sip::parse_multipart(text, "b"));
    for (const auto element : sip::split_list(text))
        LYCEUM_ASSERT(element.data() >= text.data() && element.size() <= text.size());
}

} // namespace lyceum::fuzz
