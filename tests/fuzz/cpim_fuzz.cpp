// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "presence/cpim.hpp"
#include "presence/xml.hpp"
#include "tests/fuzz/targets.hpp"

namespace lyceum::fuzz {

/// What somebody writes in an envelope: a receipt that is made of it can be read, is about it, and
/// asks for none itself.
void fuzz_cpim(ByteView input) {
    using presence::Cpim, presence::Receipt, presence::ReceiptRequest;
    const auto text = as_text(input);
    const auto message = Cpim::parse(text);
    const auto asked = ReceiptRequest::of("message/cpim", text);
    if (!message) LYCEUM_ASSERT(!asked);
    if (!asked) return;
    for (const auto kind : {Receipt::Kind::stored, Receipt::Kind::failed}) {
        const Receipt receipt{kind,      asked->message_id, "1",
                              "sip:a@h", "sip:b@h",         "2026-01-01T00:00:00Z"};
        const auto sent = receipt.text();
        const auto read = Cpim::parse(sent);
        LYCEUM_ASSERT(read && read->header(presence::imdn_ns, "Message-ID") == "1");
        LYCEUM_ASSERT(!ReceiptRequest::of("message/cpim", sent));
        const auto inside = presence::xml::parse(read->content.substr(read->content.find('<')));
        LYCEUM_ASSERT(inside);
        const auto* about = inside->child("urn:ietf:params:xml:ns:imdn", "message-id");
        LYCEUM_ASSERT(about && about->text == asked->message_id);
    }
}

} // namespace lyceum::fuzz
