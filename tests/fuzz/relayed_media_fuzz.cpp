// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "server/b2bua/relayed_media.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/kit/relays.hpp"

namespace lyceum::fuzz {

namespace {

using b2bua::RelayedMedia;
using Form = RelayedMedia::Form;
using Turn = RelayedMedia::Turn;

/// What a side is told can be read, has the media that it shall, and says of no address but ours.
void expect_ours(const std::string& told, std::size_t media, bool hides = true) {
    const auto read = sdp::Description::parse(told);
    LYCEUM_ASSERT(read && read->media.size() == media);
    for (const auto& medium : read->media)
        LYCEUM_ASSERT(!hides || medium.port == 0 ||
                      read->address(medium) == IpAddress::v4(0xc0000201));
}

void update_all(kit::Relays& relays) {
    for (auto& [id, sides] : relays.running)
        for (const auto side : {rtp::Relay::first, rtp::Relay::second}) {
            rtp::Relay relay;
            relay.update(side, sides[side].settings);
        }
}

const RelayedMedia::Party one{IpAddress::v4(0xc0000209), Form::open};

/// As an offer beside that of a browser, a telephone, and one like itself.
void cross(const std::string& text) {
    const auto own = sdp::Description::parse(text);
    for (const auto& other : {kit::browser_offer(), kit::plain_description(), text}) {
        kit::Relays relays;
        SeededEntropy entropy(1);
        {
            RelayedMedia media(relays, entropy,
                               {one, RelayedMedia::Party{IpAddress::v4(0xc633640a), Form::secure}});
            if (const auto told = media.cross({text, other})) {
                LYCEUM_ASSERT(own.has_value());
                expect_ours((*told)[0], own->media.size());
                expect_ours((*told)[1], own->media.size());
                update_all(relays);
            }
        }
        LYCEUM_ASSERT(relays.running.empty());
    }
}

} // namespace

/// Any text as what both sides of a relayed call say, whatever each understands: what is told can
/// be read and has the media of what was said, where the other side is found is not told, and what
/// was agreed on can be given to relays.
void fuzz_relayed_media(ByteView input) {
    const std::string text(as_text(input));
    const auto said = sdp::Description::parse(text);
    cross(text);
    for (const auto form : {Form::as_offered, Form::plain, Form::secure, Form::open, Form::web}) {
        kit::Relays relays;
        SeededEntropy entropy(1);
        {
            RelayedMedia media(relays, entropy,
                               {one, RelayedMedia::Party{IpAddress::v4(0xc633640a), form}});
            for (int i = 0; i < 4; ++i) {
                const auto from = i % 2 == 0 ? rtp::Relay::first : rtp::Relay::second;
                const auto told = media.pass(from, text, i % 2 == 0 ? Turn::offer : Turn::answer);
                LYCEUM_ASSERT(!told || said);
                if (!told) break;
                expect_ours(*told, said->media.size(), form != Form::as_offered);
            }
            update_all(relays);
        }
        LYCEUM_ASSERT(relays.running.empty());
    }
}

} // namespace lyceum::fuzz
