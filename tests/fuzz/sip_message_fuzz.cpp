// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "base/text.hpp"
#include "server/records/message_trace.hpp"
#include "sip/auth/digest.hpp"
#include "sip/dialog/user_agent.hpp"
#include "sip/message/parser.hpp"
#include "sip/message/writer.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/kit/sip.hpp"

namespace lyceum::fuzz {

/// Any octets: they can be masked and shown, parsing is lossless, what is read from a message lies
/// inside it, the stream framer finds the same message however it is cut, and a user agent survives
/// it.
void fuzz_sip_message(ByteView input) {
    const std::string text(as_text(input));
    const auto masked = records::masked(text);
    LYCEUM_ASSERT(masked.size() == text.size() && is_utf8(masked));
    auto message = sip::parse_message(text);
    if (message) {
        LYCEUM_ASSERT(message->bytes() == text);
        for (const auto& field : message->fields())
            LYCEUM_ASSERT(field.value_at + field.value_size <= text.size());
        sip::find_body(*message, "application", "sdp");
        for (const auto value : message->values(sip::Header::authorization))
            static_cast<void>(sip::DigestFields::parse(value));
        if (!sip::validate(*message) && message->is_request())
            LYCEUM_ASSERT(
                !sip::validate(sip::MessageWriter::reply(*message, 200, {}, "t").finish()));
        Random random(1);
        SeededEntropy entropy(1);
        const kit::FixedAddresses local;
        NullLog log;
        sip::UserAgent agent({}, random, entropy, local, log);
        agent.handle_message(std::move(*message), {}, {});
        while (agent.poll()) {
        }
        agent.handle_timeout(TimePoint(100s));
        while (agent.poll()) {
        }
    }
    sip::StreamFramer framer;
    std::string found;
    framer.push(std::string_view(text).substr(0, text.size() / 2));
    while (true) {
        const auto next = framer.next(found);
        if (!next || *next == sip::StreamFramer::Found::nothing) break;
    }
    framer.push(std::string_view(text).substr(text.size() / 2));
    while (true) {
        const auto next = framer.next(found);
        if (!next || *next == sip::StreamFramer::Found::nothing) break;
        if (*next == sip::StreamFramer::Found::message)
            static_cast<void>(sip::parse_message(found, sip::Framing::stream));
    }
}

} // namespace lyceum::fuzz
