// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "server/b2bua/relayed_media.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/kit/relays.hpp"

namespace lyceum::fuzz {

/// Any text as what both sides of a relayed call say, whatever each understands: what is told can
/// be read and has the media of what was said, where the other side is found is not told, and what
/// was agreed on can be given to relays.
void fuzz_relayed_media(ByteView input) {
    using b2bua::RelayedMedia;
    using Form = RelayedMedia::Form;
    using Turn = RelayedMedia::Turn;
    const std::string text(as_text(input));
    const auto said = sdp::Description::parse(text);
    for (const auto form : {Form::as_offered, Form::plain, Form::secure, Form::open, Form::web}) {
        kit::Relays relays;
        SeededEntropy entropy(1);
        {
            RelayedMedia media(relays, entropy,
                               {RelayedMedia::Party{IpAddress::v4(0xc0000209), Form::open},
                                RelayedMedia::Party{IpAddress::v4(0xc633640a), form}});
            for (int i = 0; i < 4; ++i) {
                const auto from = i % 2 == 0 ? rtp::Relay::first : rtp::Relay::second;
                const auto told = media.pass(from, text, i % 2 == 0 ? Turn::offer : Turn::answer);
                LYCEUM_ASSERT(!told || said);
                if (!told) break;
                const auto read = sdp::Description::parse(*told);
                LYCEUM_ASSERT(read && read->media.size() == said->media.size());
                for (const auto& medium : read->media) {
                    const auto ip = read->address(medium);
                    LYCEUM_ASSERT(form == Form::as_offered || medium.port == 0 ||
                                  ip == IpAddress::v4(0xc0000201));
                }
            }
            for (auto& [id, sides] : relays.running)
                for (const auto side : {rtp::Relay::first, rtp::Relay::second}) {
                    rtp::Relay relay;
                    relay.update(side, sides[side].settings);
                }
        }
        LYCEUM_ASSERT(relays.running.empty());
    }
}

} // namespace lyceum::fuzz
