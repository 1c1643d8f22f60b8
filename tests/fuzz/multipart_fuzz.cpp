// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "base/text.hpp"
#include "presence/resource_list.hpp"
#include "server/messages/multipart.hpp"
#include "sip/message/parser.hpp"
#include "sip/message/values.hpp"
#include "tests/fuzz/targets.hpp"

namespace lyceum::fuzz {

/// The body of a MESSAGE for many, behind a line that says of what type it is: parts are found
/// within it and nowhere else, and what goes on to each is in it, without the list.
void fuzz_multipart(ByteView input) {
    auto body = as_text(input);
    const auto type = trim(cut(body, '\n'));
    std::string text = "MESSAGE sip:a@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
                       "From: <sip:b@h>;tag=1\r\nTo: <sip:a@h>\r\nCall-ID: 1\r\nCSeq: 1 MESSAGE\r\n"
                       "Max-Forwards: 70\r\nContent-Type: ";
    text.append(type).append("\r\nContent-Length: ").append(std::to_string(body.size()));
    text.append("\r\n\r\n").append(body);
    const auto message = sip::parse_message(std::move(text));
    if (!message) return;
    const auto whole = message->body();
    for (const auto* subtype : {"sdp", "resource-lists+xml"}) {
        const auto part = sip::find_body(*message, "application", subtype);
        if (!part || part->empty()) continue;
        LYCEUM_ASSERT(part->data() >= whole.data() &&
                      part->data() + part->size() <= whole.data() + whole.size());
        if (const auto uris = presence::uris_listed(*part))
            LYCEUM_ASSERT(uris->size() <= presence::listed_max);
    }
    const auto [kind, rest] = messages::without_list(*message);
    LYCEUM_ASSERT(rest.size() <= whole.size() + 8 * sip::body_parts_max);
    LYCEUM_ASSERT(kind.find('\n') == std::string::npos);
}

} // namespace lyceum::fuzz
