// SPDX-License-Identifier: Apache-2.0
#include "mixer/media_leg.hpp"
#include "rtp/packet.hpp"
#include "rtp/rtcp.hpp"
#include "tests/kit/address.hpp"
#include "tests/kit/tone.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

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

TEST_F(MediaLegTest, RedundancyAroundPacketsOfNextToNothing) {
    auto agreed = settings();
    agreed.redundancy = 63;
    leg.update(agreed);
    Frame frame;
    for (int i = 0; i < 50; ++i, now += 20ms) {
        Bytes wire;
        const Bytes body = i % 2 ? Bytes{0x80, 0, 1, 0, 0, 0x20} : Bytes{0, 0x20};
        rtp::write_packet(wire, {63, false, sequence, sequence * 1u, 1}, body);
        ++sequence;
        leg.handle_datagram(wire, nat, now);
        leg.pull(frame, true, now + 15ms);
    }
    EXPECT_EQ(leg.counters().packets_received, 50u);
}

/// Drift of ±200 ppm for ten minutes, with speech that pauses: the delay stays, and little is
/// concealed.
TEST_F(MediaLegTest, DriftIsFollowedWhereThereIsSilence) {
    for (const int ppm : {-200, 200}) {
        MediaLeg drifting(settings(), random, {});
        kit::Tone tone(500, 6000);
        const auto* codec = find_codec("PCMU", 8000);
        const auto encoder = codec->make_encoder({});
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

/// The same for a day, of which an eighth is speech: nothing adds up, and no sentence is hurt by
/// more than a packet here and there.
TEST_F(MediaLegTest, DriftOverADayAddsUpToNothing) {
    constexpr int turn = 400, speech = 50; // Packets: a second of speech every eight.
    kit::Tone tone(500, 6000);
    const auto* codec = find_codec("PCMU", 8000);
    const auto encoder = codec->make_encoder({});
    std::vector<Bytes> payloads(turn);
    for (int i = 0; i < turn; ++i)
        encoder->encode(i < speech ? tone.next(960) : std::vector<Sample>(960), payloads[i]);
    for (const int ppm : {-200, 200}) {
        MediaLeg drifting(settings(), random, {});
        TimePoint tick{};
        double sent_at = 0;
        std::uint32_t number = 0;
        Frame frame;
        Bytes wire;
        Duration longest{};
        for (; tick < TimePoint(24h); tick += 20ms) {
            while (sent_at <= static_cast<double>(tick.time_since_epoch().count())) {
                wire.clear();
                rtp::write_packet(wire,
                                  {0, false, static_cast<std::uint16_t>(number), number * 160, 9},
                                  payloads[number % turn]);
                drifting.handle_datagram(wire, nat,
                                         TimePoint(Duration(static_cast<std::int64_t>(sent_at))));
                ++number;
                sent_at += 20'000.0 * (1 + ppm * 1e-6);
            }
            const bool speaking = number % turn < speech + 20;
            drifting.pull(frame, speaking, tick + 1ms);
            longest = std::max(longest, drifting.playout_delay());
        }
        const auto& jitter = drifting.jitter_counters();
        EXPECT_LT(longest, 40ms) << ppm;
        EXPECT_LT(jitter.concealed + jitter.late, 10u) << ppm;
        EXPECT_EQ(jitter.overflow, 0u) << ppm;
        std::printf(
            "a day at %+d ppm: %llu packets, %llu concealed, %llu late, longest delay %lld ms\n",
            ppm, static_cast<unsigned long long>(number),
            static_cast<unsigned long long>(jitter.concealed),
            static_cast<unsigned long long>(jitter.late), static_cast<long long>(longest / 1ms));
    }
}

/// Half a packet is left over every other tick: that is how it has to be, and nothing is cut.
TEST_F(MediaLegTest, PacketsOfThirtyMillisecondsArePlayedAsTheyAre) {
    kit::Tone tone(440, 6000);
    const auto encoder = find_codec("PCMU", 8000)->make_encoder({});
    Frame frame;
    std::uint16_t number = 0;
    rtp::JitterBuffer::Counters found; // Once the delay is found, in the first second.
    std::uint64_t rescaled = 0;
    for (int i = 0; i < 3000; ++i, now += 10ms) {
        if (i == 100) {
            found = leg.jitter_counters();
            rescaled = leg.counters().rescaled;
        }
        if (i % 3 == 0) {
            Bytes wire, payload;
            const bool pause = number % 100 > 70;
            encoder->encode(pause ? std::vector<Sample>(1440) : tone.next(1440), payload);
            rtp::write_packet(wire, {0, false, number, number * 240u, 9}, payload);
            leg.handle_datagram(wire, nat, now);
            ++number;
        }
        if (i % 2 == 0) leg.pull(frame, true, now + 5ms);
    }
    EXPECT_EQ(leg.jitter_counters().concealed, found.concealed);
    EXPECT_EQ(leg.jitter_counters().late, found.late);
    EXPECT_EQ(leg.counters().rescaled, rescaled);
}

/// A sender that stops in silence loses nothing, whatever was made up until it was clear.
TEST_F(MediaLegTest, APauseWithoutPacketsIsNoLoss) {
    kit::Tone tone(440, 6000);
    const auto encoder = find_codec("PCMU", 8000)->make_encoder({});
    Frame frame;
    std::uint16_t number = 0;
    for (std::uint32_t i = 0; i < 1000; ++i, now += 20ms) {
        if (i % 100 < 50) { // A second of speech, a second of none.
            Bytes wire, payload;
            encoder->encode(tone.next(960), payload);
            const bool lost = i == 230;
            rtp::write_packet(wire, {0, false, number++, i * 160u, 9}, payload);
            if (!lost) leg.handle_datagram(wire, nat, now);
        }
        leg.pull(frame, true, now + 5ms);
    }
    const auto quality = leg.quality();
    EXPECT_NEAR(quality.loss + quality.discard, 1.0 / 500, 1e-4);
    EXPECT_EQ(quality.concealed, 20ms);
}

class EncryptedLegTest : public MediaLegTest {
protected:
    static rtp::SrtpKey key(std::uint8_t octet) {
        return {rtp::SrtpSuite::aes_cm_128_sha1_80, Bytes(30, octet)};
    }
    EncryptedLegTest() {
        agreed = settings();
        agreed.send_key = key(1);
        agreed.receive_key = key(2);
        leg.update(agreed);
    }
    Bytes sealed(rtp::SrtpContext& with) {
        Bytes header, out;
        rtp::write_packet(header, {0, false, sequence, sequence * 160u, 5}, {});
        ++sequence;
        with.protect_rtp(header, Bytes(160, 0x20), out);
        return out;
    }
    void send(const Bytes& datagram) { leg.handle_datagram(datagram, nat, now); }

    LegSettings agreed;
    rtp::SrtpContext phone{key(2), rtp::SrtpContext::Direction::outbound};
};

TEST_F(EncryptedLegTest, TakesItsKeyAndNothingElse) {
    send(sealed(phone));
    EXPECT_EQ(leg.counters().packets_received, 1u);
    rtp::SrtpContext wrong(key(3), rtp::SrtpContext::Direction::outbound);
    send(sealed(wrong));
    MediaLegTest::send(nat); // In clear.
    EXPECT_EQ(leg.counters().unauthentic, 2u);
    const auto packet = sealed(phone);
    send(packet);
    send(packet);
    EXPECT_EQ(leg.counters().replayed, 1u);
    EXPECT_EQ(leg.counters().packets_received, 2u);
}

TEST_F(EncryptedLegTest, AForgedPacketDoesNotLatch) {
    rtp::SrtpContext wrong(key(3), rtp::SrtpContext::Direction::outbound);
    send(sealed(wrong));
    EXPECT_EQ(leg.rtp_target(), agreed.remote_rtp);
    send(sealed(phone));
    EXPECT_EQ(leg.rtp_target(), nat);
}

TEST_F(EncryptedLegTest, ARekeyTakesTheNewKeyAndTheSameKeyGoesOn) {
    send(sealed(phone));
    const auto old = sealed(phone);
    leg.update(agreed);
    send(old);
    send(old);
    EXPECT_EQ(leg.counters().replayed, 1u) << "the replay list of the same key went on";
    agreed.receive_key = key(4);
    leg.update(agreed);
    send(sealed(phone));
    EXPECT_EQ(leg.counters().unauthentic, 1u);
    rtp::SrtpContext fresh(key(4), rtp::SrtpContext::Direction::outbound);
    send(sealed(fresh));
    EXPECT_EQ(leg.counters().packets_received, 3u);
}

/// 45 minutes on hold: the sequence number wraps twice, hardly anything is decrypted, and the
/// first packet afterwards is understood.
TEST_F(EncryptedLegTest, OnHoldLittleIsDecryptedAndTheRollOverIsFollowed) {
    send(sealed(phone));
    agreed.receive = false;
    leg.update(agreed);
    for (int i = 0; i < 140'000; ++i) send(sealed(phone));
    EXPECT_EQ(leg.counters().held, 140'000u);
    EXPECT_LT(leg.counters().packets_received, 30u) << "decrypted";
    agreed.receive = true;
    leg.update(agreed);
    send(sealed(phone));
    EXPECT_EQ(leg.counters().unauthentic, 0u);
}

TEST_F(EncryptedLegTest, RtcpIsSealedBothWays) {
    const auto own = leg.rtcp(now, 1, true);
    rtp::SrtpContext ear(key(1), rtp::SrtpContext::Direction::inbound);
    const auto opened = ear.unprotect_rtcp(*own);
    ASSERT_TRUE(opened);
    EXPECT_TRUE(rtp::parse_rtcp(*opened));
    rtp::Rtcp report;
    report.ssrc = 5;
    leg.handle_datagram(rtp::write_rtcp(report), agreed.remote_rtcp, now);
    EXPECT_GT(leg.counters().unauthentic + leg.counters().malformed, 0u) << "in clear";
}

} // namespace
} // namespace lyceum::mixer
