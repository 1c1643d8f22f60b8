// SPDX-License-Identifier: Apache-2.0
/// The media threads over real sockets on loopback.
#include "server/net/clock.hpp"
#include "server/net/media_plane.hpp"
#include "server/net/media_socket.hpp"
#include "server/net/os_entropy.hpp"
#include "tests/kit/address.hpp"
#include "tests/kit/recording_log.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace lyceum::net {
namespace {

using focus::ConferenceId;
using mixer::LegId;

/// A phone that sends silence and counts what comes.
struct Phone {
    explicit Phone(std::uint16_t port)
        : own(kit::address("127.0.0.1", port)), socket(MediaSocket::bind(own)) {}

    mixer::LegSettings settings() const {
        const auto* codec = mixer::find_codec("PCMU", 8000);
        mixer::LegSettings out;
        out.remote_rtp = out.remote_rtcp = own;
        out.rtcp_mux = true;
        out.sending = {codec->payload_type, codec, ""};
        out.receiving = {out.sending};
        return out;
    }
    /// Whether one more packet than up to now came within some seconds.
    bool hears() {
        std::size_t fresh = 0;
        for (int i = 0; i < 500 && fresh == 0; ++i) {
            std::this_thread::sleep_for(10ms);
            fresh = socket->receive({}, monotonic_now(), [&](ByteView datagram, const auto&, auto) {
                if (!rtp::is_rtcp(datagram)) last = rtp::parse_packet(datagram)->header;
            });
        }
        return fresh > 0;
    }

    SocketAddress own;
    std::optional<MediaSocket> socket;
    rtp::Header last{};
};

MediaPlane::Events deaf_events() {
    return {[](LegId, char) {}, [](LegId) {}, [](LegId, const auto&, const auto&) {},
            [](const auto&) {}, [](const auto&) {}};
}

/// Forty people in small conferences on one thread: some move to the other, and everybody hears on,
/// in the same stream.
TEST(MediaPlane, AConferenceMovesToAnotherThreadAndNobodyHearsIt) {
    kit::RecordingLog log;
    OsEntropy entropy;
    MediaPlane plane({.ports = {*IpAddress::parse("127.0.0.1"), 21000, 21200}, .threads = 2},
                     deaf_events(), entropy, log);
    Phone phone(21300), other(21302);
    ASSERT_TRUE(phone.socket && other.socket);
    const ConferenceId first{1}, second{2};
    plane.begin(first, {});
    plane.begin(second, {}); // On the first thread, too: nobody is there yet.
    const focus::MediaSource source{phone.own.ip, phone.own, false};
    ASSERT_TRUE(plane.open(first, LegId{1}, source));
    plane.configure(first, LegId{1}, {}, phone.settings());
    ASSERT_TRUE(phone.hears());
    const auto before = phone.last;
    for (std::uint64_t i = 0; i < 40; ++i) {
        ASSERT_TRUE(plane.open(second, LegId{100 + i}, {other.own.ip, {}, false}));
        if (i == 39) plane.configure(second, LegId{100 + i}, {}, other.settings());
    }
    while (phone.hears() && !log.has("conference.moved")) {
    }
    EXPECT_TRUE(log.has("conference.moved")) << "the small one went";
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(phone.hears());
    EXPECT_TRUE(other.hears());
    EXPECT_EQ(phone.last.ssrc, before.ssrc);
    EXPECT_EQ(phone.last.timestamp - before.timestamp,
              160u * static_cast<std::uint16_t>(phone.last.sequence - before.sequence))
        << "not a packet is missing";
    plane.close(first, LegId{1});
    plane.end(first);
    plane.end(second);
}

/// Three conferences on two threads become one: whoever is in them hears on, in the same stream, is
/// known by the new name, and hears what is played to him.
TEST(MediaPlane, ConferencesBecomeOneWhereverTheyAre) {
    kit::RecordingLog log;
    OsEntropy entropy;
    std::vector<std::unique_ptr<Phone>> phones;
    MediaPlane plane({.ports = {*IpAddress::parse("127.0.0.1"), 21400, 21500}, .threads = 2},
                     deaf_events(), entropy, log);
    for (std::uint64_t i = 1; i <= 3; ++i) {
        auto& phone = *phones.emplace_back(std::make_unique<Phone>(21500 + 2 * i));
        ASSERT_TRUE(phone.socket);
        plane.begin(ConferenceId{i}, {});
        ASSERT_TRUE(plane.open(ConferenceId{i}, LegId{i}, {phone.own.ip, phone.own, false}));
        plane.tell(ConferenceId{i}, focus::SetPart{LegId{i}, {.circle = mixer::CircleId{i << 32}}});
        plane.configure(ConferenceId{i}, LegId{i}, {}, phone.settings());
        ASSERT_TRUE(phone.hears());
    }
    std::vector<rtp::Header> before;
    for (const auto& phone : phones) before.push_back(phone->last);
    const ConferenceId one{1};
    plane.absorb(one, ConferenceId{2});
    plane.absorb(one, ConferenceId{3});
    // Told at once, while two of them may still be on their way.
    for (std::uint64_t i = 1; i <= 3; ++i) {
        plane.tell(one, focus::SetPart{LegId{i}, {.circle = mixer::CircleId{9}}});
        plane.tell(one, focus::Play{LegId{i}, mixer::tones({{440, 500}})});
        plane.configure(one, LegId{i}, {}, phones[i - 1]->settings());
    }
    for (int round = 0; round < 20; ++round)
        for (const auto& phone : phones) ASSERT_TRUE(phone->hears());
    for (std::size_t i = 0; i < phones.size(); ++i) {
        const auto& last = phones[i]->last;
        EXPECT_EQ(last.ssrc, before[i].ssrc);
        EXPECT_EQ(last.timestamp - before[i].timestamp,
                  160u * static_cast<std::uint16_t>(last.sequence - before[i].sequence));
    }
    EXPECT_TRUE(log.has("conference.absorbed"));
    for (std::uint64_t i = 1; i <= 3; ++i) plane.close(one, LegId{i});
    plane.end(one);
}

/// Through the thread of the relays and back: what is sent to one of our ports leaves by the other.
TEST(MediaPlane, WhatIsRelayedArrives) {
    kit::RecordingLog log;
    OsEntropy entropy;
    MediaPlane plane({.ports = {*IpAddress::parse("127.0.0.1"), 21700, 21720}}, deaf_events(),
                     entropy, log);
    Phone one(21730), other(21732);
    ASSERT_TRUE(one.socket && other.socket);
    auto& relays = plane.relays();
    const auto relay = relays.open({one.own.ip, other.own.ip});
    ASSERT_TRUE(relay);
    relays.configure(relay->id, rtp::Relay::first, {one.own, one.own, true}, {});
    relays.configure(relay->id, rtp::Relay::second, {other.own, other.own, true}, {});
    Bytes packet, heard;
    rtp::write_packet(packet, {0, false, 1, 160, 7}, Bytes(160, 0x55));
    const auto hear = [&](Phone& by) {
        heard.clear();
        for (int i = 0; i < 500 && heard.empty(); ++i) {
            by.socket->receive({}, {}, [&](ByteView datagram, auto&&...) {
                heard.assign(datagram.begin(), datagram.end());
            });
            std::this_thread::sleep_for(2ms);
        }
        return heard;
    };
    one.socket->send(relay->local[0], packet);
    EXPECT_EQ(hear(other), packet);
    other.socket->send(relay->local[1], packet);
    EXPECT_EQ(hear(one), packet);
    // Whatever else there are ports for, there are so many.
    int more = 0;
    while (relays.open({one.own.ip, other.own.ip})) ++more;
    EXPECT_EQ(more, 4);
    relays.close(relay->id);
    for (int i = 0; i < 500 && !log.has("relay.closed"); ++i) std::this_thread::sleep_for(2ms);
    EXPECT_TRUE(log.has("relay.closed relay=1 passed=1 passed_back=1"));
}

} // namespace
} // namespace lyceum::net
