// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "server/routing/enum_lookup.hpp"
#include "tests/fuzz/targets.hpp"

namespace lyceum::fuzz {

/// The regexp field of a NAPTR record, which any holder of a number may have written.
void fuzz_enum(ByteView input) {
    const std::string regexp(as_text(input));
    const auto uri = routing::rewritten_by(regexp, "+493012345678901");
    LYCEUM_ASSERT(!uri || uri->size() <= 20 * regexp.size());
    routing::EnumLookup lookup("+49", {"e164.arpa"});
    lookup.handle_answer(
        {{{1, 1, "u", "E2U+sip", "", regexp}, {1, 1, "", regexp, regexp, ""}}, {}, {}});
    for (const auto& each : lookup.answer()) LYCEUM_ASSERT(sip::Uri::parse(each));
}

} // namespace lyceum::fuzz
