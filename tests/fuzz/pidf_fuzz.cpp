// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "presence/composition.hpp"
#include "tests/fuzz/targets.hpp"

namespace lyceum::fuzz {

/// What a device may publish: whatever is taken is composed into a document that can be read, and
/// of which the blocked see nothing.
void fuzz_pidf(ByteView input) {
    using presence::Document, presence::View;
    const auto document = Document::parse(as_text(input));
    if (!document) return;
    const presence::Facts facts{true, {"on-the-phone"}, {"in <maths> & \"art\""}};
    const Document nothing;
    for (const auto& view : {View{}, View{.devices = false, .notes = false}, View::blocked()}) {
        const auto text =
            presence::compose("sip:ann@school.test", {&*document, &nothing}, facts, view);
        LYCEUM_ASSERT(
            text == presence::compose("sip:ann@school.test", {&nothing, &*document}, facts, view));
        const auto read = presence::xml::parse(text);
        // Ours is added to it: what was at a limit may be beyond it now.
        LYCEUM_ASSERT(read || text.size() > presence::xml::document_bytes_max / 8);
        LYCEUM_ASSERT(view != View::blocked() ||
                      text == presence::compose("sip:ann@school.test", {}, {}, View::blocked()));
    }
}

} // namespace lyceum::fuzz
