// SPDX-License-Identifier: Apache-2.0
#include "mixer/media_leg.hpp"
#include "rtp/packet.hpp"
#include "tests/kit/address.hpp"
#include "tests/kit/tone.hpp"

#include <gtest/gtest.h>

namespace lyceum::mixer {
namespace {

class MediaLegTest : public testing::Test {
protected:
    static LegSettings settings() {
        LegSettings out;
        out.remote_rtp = kit::address("10.0.0.4", 4000); // What a phone behind a NAT believes.
        out.remote_rtcp = kit::address("10.0.0.4", 4001);
        const auto* codec = find_codec("PCMU", 8000);
        out.sending = {0, codec, ""};
        out.receiving = {out.sending, {8, find_codec("PCMA", 8000), ""}};
        out.trusted_sources = {*IpAddress::parse("203.0.113.5")};
        return out;
    }
    void send(const SocketAddress& from, std::uint32_t ssrc = 1, std::uint8_t type = 0) {
        Bytes wire;
        rtp::write_packet(wire, {type, false, sequence, sequence * 160u, ssrc}, Bytes(160, 0x20));
        ++sequence;
        leg.handle_datagram(wire, from, now);
    }

    Random random{1};
    TimePoint now{};
    MediaLeg leg{settings(), random, now};
    std::uint16_t sequence = 0;
    const SocketAddress nat = kit::address("203.0.113.5", 61234),
                        stranger = kit::address("198.51.100.66", 4000);
};

TEST_F(MediaLegTest, LatchesToWhereThePacketsComeFrom) {
    EXPECT_EQ(leg.rtp_target(), kit::address("10.0.0.4", 4000));
    send(nat);
    EXPECT_EQ(leg.rtp_target(), nat);
}

TEST_F(MediaLegTest, AStrangerTakesNothingOver) {
    send(stranger);
    EXPECT_EQ(leg.rtp_target(), kit::address("10.0.0.4", 4000));
    send(nat);
    send(stranger);
    now += 10s;
    send(stranger);
    EXPECT_EQ(leg.rtp_target(), nat);
    EXPECT_EQ(leg.counters().foreign, 3u);
    EXPECT_EQ(leg.counters().packets_received, 1u);
}

TEST_F(MediaLegTest, APeerThatMovedIsFollowedOnceItsOldPlaceIsSilent) {
    send(nat);
    const auto moved = kit::address("203.0.113.5", 50000);
    now += 1s;
    send(moved);
    EXPECT_EQ(leg.rtp_target(), nat) << "the old place spoke a second ago";
    now += 2s;
    send(moved);
    EXPECT_EQ(leg.rtp_target(), moved);
}

TEST_F(MediaLegTest, ANewAddressInSdpStartsAnew) {
    send(nat);
    auto changed = settings();
    changed.remote_rtp = kit::address("203.0.113.5", 7000);
    leg.update(changed);
    EXPECT_EQ(leg.rtp_target(), changed.remote_rtp);
}

TEST_F(MediaLegTest, UnknownPayloadTypesAreCounted) {
    send(nat, 1, 97);
    EXPECT_EQ(leg.counters().unknown_type, 1u);
    EXPECT_EQ(leg.rtp_target(), kit::address("10.0.0.4", 4000)) << "and do not latch";
}

TEST_F(MediaLegTest, ACodecMayChangeInTheMiddleAndASourceToo) {
    Frame frame;
    int heard = 0;
    for (int i = 0; i < 100; ++i, now += 20ms) {
        send(nat, i < 50 ? 1 : 2, i % 10 < 5 ? 0 : 8);
        heard += leg.pull(frame, true, now + 15ms);
    }
    EXPECT_GT(heard, 90);
}

/// Drift of ±200 ppm for an hour, with speech that pauses: the delay stays, and little is
/// concealed.
TEST_F(MediaLegTest, DriftIsFollowedWhereThereIsSilence) {
    for (const int ppm : {-200, 200}) {
        MediaLeg drifting(settings(), random, {});
        kit::Tone tone(500, 6000);
        const auto* codec = find_codec("PCMU", 8000);
        const auto encoder = codec->make_encoder("");
        TimePoint tick{};
        double sent_at = 0;
        std::uint16_t number = 0;
        Frame frame;
        for (int i = 0; i < 30'000; ++i, tick += 20ms) {
            while (sent_at <= static_cast<double>(tick.time_since_epoch().count())) {
                Bytes wire, payload;
                const bool pause = number % 200 > 150;
                encoder->encode(pause ? std::vector<Sample>(960) : tone.next(960), payload);
                rtp::write_packet(wire, {0, false, number, number * 160u, 9}, payload);
                drifting.handle_datagram(wire, nat,
                                         TimePoint(Duration(static_cast<std::int64_t>(sent_at))));
                ++number;
                sent_at += 20'000.0 * (1 + ppm * 1e-6);
            }
            drifting.pull(frame, i % 200 < 150, tick + 1ms);
        }
        EXPECT_LT(drifting.jitter_counters().concealed, 60u) << ppm;
        EXPECT_LT(drifting.jitter_counters().late, 60u) << ppm;
        EXPECT_EQ(drifting.jitter_counters().overflow, 0u) << ppm;
    }
}

} // namespace
} // namespace lyceum::mixer
