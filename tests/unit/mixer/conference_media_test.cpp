// SPDX-License-Identifier: Apache-2.0
/// Whole conferences of sound on the virtual clock: phones made of the codecs say tones and listen.
#include "tests/kit/conference.hpp"

#include <gtest/gtest.h>

#include <map>

namespace lyceum::mixer {
namespace {

using kit::Conference, kit::Phone;

TEST(ConferenceMedia, EachHearsTheOthersAndNotHimselfInMixedCodecs) {
    Conference room;
    auto& a = room.add("PCMU", 8000, 500);
    auto& b = room.add("G722", 8000, 900);
    auto& c = room.add("opus", 48000, 1300);
    room.run(3s);
    for (const auto& phone : room.phones)
        for (const auto* other : {&a, &b, &c}) {
            const auto peak = room.hears(*phone, other->hertz_);
            if (other == phone.get()) {
                EXPECT_LT(peak, 250) << phone->codec->name << " hears himself";
            } else {
                EXPECT_GT(peak, 4500) << phone->codec->name << " hears " << other->codec->name;
            }
        }
}

TEST(ConferenceMedia, ListenersOfOneKindGetTheSameOctetsEncodedOnce) {
    Conference room;
    auto& speaker = room.add("opus", 48000, 700);
    for (int i = 0; i < 20; ++i) room.add("opus", 48000, 0).speaking = false;
    for (int i = 0; i < 10; ++i) room.add("PCMA", 8000, 0).speaking = false;
    room.run(2s);
    const auto encoded = room.media.counters().encoded, ticks = room.media.counters().ticks;
    EXPECT_EQ(ticks, 100u);
    EXPECT_LE(encoded, 3 * ticks) << "one Opus mix, one PCMA mix, one for the speaker";
    const auto& first = *room.phones[1];
    for (std::size_t i = 2; i <= 20; ++i) {
        ASSERT_EQ(room.phones[i]->payloads, first.payloads);
        EXPECT_NE(room.phones[i]->headers[0].ssrc, first.headers[0].ssrc);
    }
    EXPECT_GT(room.hears(first, 700), 5000);
    EXPECT_LT(room.hears(speaker, 700), 100);
}

TEST(ConferenceMedia, SilenceIsNotDecoded) {
    for (const auto& [name, clock] : {std::pair{"opus", 48000u}, std::pair{"PCMU", 8000u}}) {
        SCOPED_TRACE(name);
        Conference room;
        auto& speaker = room.add("PCMU", 8000, 500);
        auto& listener = room.add(name, clock, 700);
        listener.speaking = false;
        room.run(3s);
        const auto& counters = room.media.leg(listener.leg)->counters();
        EXPECT_GT(counters.known_silent, 130u);
        EXPECT_LT(counters.decoded, 15u);
        EXPECT_EQ(room.media.leg(speaker.leg)->counters().known_silent, 0u);
        listener.speaking = true;
        speaker.heard.clear();
        room.run(200ms);
        EXPECT_GT(kit::tone_peak(std::span(speaker.heard).last(4800), 700), 4000);
    }
}

/// What an encoder makes of noise in a quiet place does not look like silence; its sender knows.
TEST(ConferenceMedia, SaidSilenceIsNotDecodedEither) {
    Conference room;
    auto& speaker = room.add("opus", 48000, 500);
    auto& listener = room.add("G722", 8000, 700);
    auto settings = listener.settings();
    settings.own_level = 3;
    room.media.update_leg(listener.leg, settings);
    listener.speaking = false;
    listener.says_level = 90;
    room.run(3s);
    EXPECT_GT(room.media.leg(listener.leg)->counters().known_silent, 120u);
    listener.speaking = true;
    listener.says_level = 20;
    speaker.heard.clear();
    room.run(200ms);
    EXPECT_GT(kit::tone_peak(std::span(speaker.heard).last(4800), 700), 4000);
    listener.says_level = 127;
    room.run(1s);
    EXPECT_GT(room.hears(speaker, 700), 4000) << "who speaks is decoded, whatever he says";
}

TEST(ConferenceMedia, WhoAsksForItIsToldWhoSpeaksHowLoud) {
    Conference room;
    room.add("PCMU", 8000, 500);
    auto& silent = room.add("PCMU", 8000, 700);
    auto& asks = room.add("opus", 48000, 900);
    auto& shares = room.add("opus", 48000, 1100);
    silent.speaking = shares.speaking = false;
    auto settings = asks.settings();
    settings.mixed_levels = 2;
    room.media.update_leg(asks.leg, settings);
    room.run(1s);
    const auto& packet = asks.last;
    ASSERT_GT(packet.size(), 24u);
    EXPECT_EQ(packet[0], 0x91) << "one source, an extension";
    EXPECT_EQ(Bytes(packet.begin() + 12, packet.begin() + 21),
              (Bytes{0, 0, 0, 1, 0xbe, 0xde, 0, 1, 0x20}));
    EXPECT_NEAR(packet[21], 18, 2) << "a tone of 6000 is at -18 dBov";
    EXPECT_EQ(shares.last[0], 0x80) << "nobody else is told";
    EXPECT_GT(room.hears(asks, 500), 4000);
    room.media.set_part(asks.leg, {.hears = false});
    room.run(100ms);
    EXPECT_EQ(asks.last[0], 0x80);
    room.media.set_part(asks.leg, {});
    rtp::SrtpKey key{rtp::SrtpSuite::aes_cm_128_sha1_80, Bytes(30, 1)};
    settings.send_key = settings.receive_key = key;
    asks.sending = false;
    room.media.update_leg(asks.leg, settings);
    room.run(100ms);
    EXPECT_EQ(asks.last[0], 0x91);
    rtp::SrtpContext peer(key, rtp::SrtpContext::Direction::inbound);
    const auto opened = peer.unprotect_rtp(asks.last);
    ASSERT_TRUE(opened) << "encrypted behind a longer header";
    EXPECT_TRUE(rtp::parse_packet(*opened));
}

/// In a silent room no packet is computed, and in Opus one in twenty is sent; the first word is
/// heard as ever.
TEST(ConferenceMedia, SilenceIsNotEncoded) {
    for (const auto& [name, clock] :
         {std::pair{"opus", 48000u}, {"G722", 8000u}, {"PCMA", 8000u}}) {
        Conference room;
        auto& a = room.add(name, clock, 500);
        auto& b = room.add(name, clock, 800);
        a.speaking = b.speaking = false;
        room.run(4s);
        const auto encoded = room.media.counters().encoded;
        const auto packets = b.headers.size();
        const auto last = b.headers.back();
        room.run(10s);
        EXPECT_EQ(room.media.counters().encoded, encoded) << name;
        const double sent = b.codec->may_rest ? 25 : 500;
        EXPECT_NEAR(static_cast<double>(b.headers.size() - packets), sent, 2) << name;
        EXPECT_EQ(static_cast<std::uint16_t>(b.headers.back().sequence - last.sequence),
                  b.headers.size() - packets)
            << "a pause is no loss";
        EXPECT_LT(room.hears(b, 500), 4) << name; // −78 dBFS: G.722 hums on its last bit.
        a.speaking = true;
        room.run(1s);
        EXPECT_GT(room.hears(b, 500), 4500) << name;
    }
}

TEST(ConferenceMedia, PacketsComeAsTheClockAndThePtimeSay) {
    for (const int ptime : {10, 20, 30, 40, 60})
        for (const auto& [name, clock] :
             {std::pair{"opus", 48000u}, std::pair{"PCMU", 8000u}, std::pair{"G722", 8000u}}) {
            SCOPED_TRACE(testing::Message() << name << " " << ptime);
            Conference room;
            auto& talker = room.add("PCMU", 8000, 600);
            auto& listener = room.add(name, clock, 0, ptime);
            listener.speaking = false;
            room.run(1200ms);
            talker.speaking = false; // He changes over from his own stream to the common one.
            room.run(1200ms);
            EXPECT_NEAR(static_cast<double>(listener.headers.size()), 2400.0 / ptime, 2);
            for (std::size_t i = 1; i < listener.headers.size(); ++i) {
                ASSERT_EQ(static_cast<std::uint16_t>(listener.headers[i].sequence -
                                                     listener.headers[i - 1].sequence),
                          1);
                ASSERT_EQ(listener.headers[i].timestamp - listener.headers[i - 1].timestamp,
                          static_cast<std::uint32_t>(ptime) * clock / 1000);
            }
            EXPECT_TRUE(listener.headers[0].marker);
        }
}

TEST(ConferenceMedia, TheFirstSyllableAfterAnHourOfSilenceIsHeard) {
    Conference room;
    auto& a = room.add("PCMU", 8000, 500);
    auto& b = room.add("PCMU", 8000, 900);
    a.speaking = b.speaking = false;
    for (int minute = 0; minute < 60; ++minute, b.heard.clear()) room.run(60s);
    a.speaking = true;
    room.run(100ms);
    EXPECT_GT(kit::tone_peak(std::span(b.heard).last(1920), 500), 4000);
}

/// Whatever the phase of a speaker's packets, the beat of the mixer comes to meet them, slowly
/// enough for everybody's buffers, and nothing is lost over it.
TEST(ConferenceMedia, NobodyWaitsForTheBeatForLong) {
    for (int phase_ms = 1; phase_ms < 20; phase_ms += 3) {
        Conference room;
        auto& speaker = room.add("PCMU", 8000, 500);
        auto& listener = room.add("PCMU", 8000, 700);
        listener.speaking = false;
        speaker.next_send = TimePoint(phase_ms * 1ms + 50us);
        room.run(4s);
        const auto lost_before = room.media.leg(speaker.leg)->jitter_counters().concealed;
        EXPECT_LT(room.wait_of(speaker, listener), 9ms) << "phase " << phase_ms;
        EXPECT_EQ(room.media.leg(speaker.leg)->jitter_counters().concealed, lost_before);
        EXPECT_GT(room.hears(listener, 500), 4500);
    }
}

/// Who reports loss gets second copies (FEC), from the encoder that all such listeners share; when
/// the way is good again he comes back.
TEST(ConferenceMedia, WhoLosesPacketsIsSentThemTwice) {
    Conference room;
    room.add("opus", 48000, 500);
    auto& good = room.add("opus", 48000, 700);
    auto& bad = room.add("opus", 48000, 900);
    good.speaking = bad.speaking = false;
    for (auto* phone : {&good, &bad}) {
        auto settings = phone->settings();
        settings.sending.fmtp = "useinbandfec=1";
        room.media.update_leg(phone->leg, settings);
    }
    room.run(1s);
    EXPECT_EQ(good.payloads.back(), bad.payloads.back());
    const auto report = [&](std::uint8_t lost_256ths) {
        rtp::Rtcp out;
        out.ssrc = 77;
        out.reports.push_back({.ssrc = bad.headers.back().ssrc,
                               .fraction_lost = lost_256ths,
                               .highest_sequence = bad.headers.back().sequence});
        const SocketAddress rtcp{bad.own.ip, static_cast<std::uint16_t>(bad.own.port + 1)};
        room.media.handle_datagram(bad.leg, rtp::write_rtcp(out), rtcp, room.now);
        room.run(1s);
    };
    const auto is_silk = [](const Bytes& payload) { return payload[0] >> 3 < 16; };
    report(3);
    EXPECT_EQ(good.payloads.back(), bad.payloads.back()) << "one in a hundred is nothing";
    report(25);
    EXPECT_NE(good.payloads.back(), bad.payloads.back());
    EXPECT_TRUE(is_silk(bad.payloads.back()));
    EXPECT_FALSE(is_silk(good.payloads.back()));
    EXPECT_GT(room.hears(bad, 500), 4000);
    report(0);
    EXPECT_TRUE(is_silk(bad.payloads.back())) << "one good report is not enough";
    for (int i = 0; i < 4; ++i) report(0);
    EXPECT_EQ(good.payloads.back(), bad.payloads.back());
    EXPECT_GT(room.hears(bad, 500), 4000);
}

TEST(ConferenceMedia, OnlyTheLoudestAreHeardAndEveryoneHearsThem) {
    ConferenceMedia::Options options;
    options.speakers_max = 2;
    Conference room(options);
    auto& loud = room.add("PCMU", 8000, 500);
    auto& middle = room.add("PCMU", 8000, 800);
    auto& faint = room.add("PCMU", 8000, 1100);
    auto& listener = room.add("PCMU", 8000, 1400);
    loud.tone = kit::Tone(500, 8000);
    middle.tone = kit::Tone(800, 6000);
    faint.tone = kit::Tone(1100, 2000);
    listener.speaking = false;
    room.run(3s);
    for (const auto* phone : {&listener, &faint}) {
        EXPECT_GT(room.hears(*phone, 500), 6000);
        EXPECT_GT(room.hears(*phone, 800), 4500);
        EXPECT_LT(room.hears(*phone, 1100), 100);
    }
    EXPECT_GT(room.hears(loud, 800), 4500);
    EXPECT_LT(room.hears(loud, 500), 200) << "nobody hears himself";
    loud.speaking = false;
    room.run(2s);
    EXPECT_GT(room.hears(listener, 1100), 1500) << "there is room for the faint one now";
}

TEST(ConferenceMedia, AHostIsHeardHoweverFaintHeIs) {
    ConferenceMedia::Options options;
    options.speakers_max = 1;
    Conference room(options);
    room.add("PCMU", 8000, 500).tone = kit::Tone(500, 8000);
    room.add("PCMU", 8000, 800).tone = kit::Tone(800, 8000);
    auto& host = room.add("PCMU", 8000, 1100);
    auto& listener = room.add("PCMU", 8000, 1400);
    host.tone = kit::Tone(1100, 1000);
    listener.speaking = false;
    room.media.set_part(host.leg, {.always_heard = true});
    room.run(3s);
    EXPECT_GT(room.hears(listener, 1100), 800);
}

TEST(ConferenceMedia, CareIsTakenOfALegsSoundAndHowlingIsTold) {
    Conference room;
    auto& faint = room.add("PCMU", 8000, 600);
    auto& listener = room.add("PCMU", 8000, 1400);
    faint.tone = kit::Tone(600, 1500);
    listener.speaking = false;
    room.run(3s);
    EXPECT_NEAR(room.hears(listener, 600), 1500, 200);
    EXPECT_TRUE(room.howling.empty()) << "too faint for it";
    auto settings = faint.settings();
    settings.care.gain_control = true;
    room.media.update_leg(faint.leg, settings);
    room.run(8s);
    EXPECT_NEAR(room.hears(listener, 600), 4600, 500) << "-20 dBFS";
    ASSERT_EQ(room.howling.size(), 1u) << "a tone that stays, and now it is loud";
    EXPECT_EQ(room.howling[0].leg, faint.leg);
}

TEST(ConferenceMedia, WhoSendsTheRoomBackIsTold) {
    Conference room;
    auto& speaker = room.add("PCMU", 8000, 600);
    auto& loudspeaker = room.add("PCMU", 8000, 1400);
    loudspeaker.sending = false;
    Random random(1);
    std::uint16_t number = 0;
    for (int i = 0; i < 1500; ++i) {
        if (i % 7 == 0) speaker.tone = kit::Tone(600, static_cast<double>(random.below(12000)));
        room.run(20ms);
        // What it hears comes back after 100 ms, half as loud.
        const auto end = loudspeaker.heard.size();
        if (end < 6 * tick_samples) continue;
        std::vector<Sample> back(loudspeaker.heard.end() - 6 * tick_samples,
                                 loudspeaker.heard.end() - 5 * tick_samples);
        for (auto& sample : back) sample = static_cast<Sample>(sample / 2);
        Bytes payload, wire;
        loudspeaker.encoder->encode(back, payload);
        rtp::write_packet(wire, {0, false, number, number * 160u, 5}, payload);
        ++number;
        room.media.handle_datagram(loudspeaker.leg, wire, loudspeaker.own, room.now);
    }
    ASSERT_EQ(room.echoes.size(), 1u);
    EXPECT_EQ(room.echoes[0].leg, loudspeaker.leg);
    EXPECT_GE(room.echoes[0].after, 100ms);
    EXPECT_LE(room.echoes[0].after, 180ms) << "and the way through the jitter buffer";
}

/// Two who are about as loud do not take turns in one place.
TEST(ConferenceMedia, EqualsDoNotChopEachOtherUp) {
    ConferenceMedia::Options options;
    options.speakers_max = 1;
    Conference room(options);
    room.add("PCMU", 8000, 500).tone = kit::Tone(500, 6000);
    auto& second = room.add("PCMU", 8000, 800);
    auto& listener = room.add("PCMU", 8000, 1400);
    second.speaking = listener.speaking = false;
    room.run(1s);
    second.speaking = true;
    second.tone = kit::Tone(800, 8000); // 2.5 dB more.
    room.run(3s);
    EXPECT_GT(room.hears(listener, 500), 4500);
    EXPECT_LT(room.hears(listener, 800), 100);
    second.tone = kit::Tone(800, 20000); // 10 dB more.
    room.run(3s);
    EXPECT_GT(room.hears(listener, 800), 12000);
    EXPECT_LT(room.hears(listener, 500), 100);
}

TEST(ConferenceMedia, EchoReturnsYourSound) {
    Conference room({.echo = true});
    auto& a = room.add("opus", 48000, 640);
    room.run(2s);
    EXPECT_GT(room.hears(a, 640), 5000);
}

TEST(ConferenceMedia, WhoIsNotAdmittedHearsAndIsHeardByNobody) {
    Conference room;
    auto& inside = room.add("PCMU", 8000, 500);
    auto& outside = room.add("PCMU", 8000, 900);
    room.media.set_part(outside.leg, {.admitted = false});
    room.run(2s);
    EXPECT_LT(room.hears(inside, 900), 10);
    EXPECT_LT(room.hears(outside, 500), 10);
    EXPECT_GT(outside.headers.size(), 90u) << "but is sent silence";
    room.media.set_part(outside.leg, {});
    room.run(2s);
    EXPECT_GT(room.hears(inside, 900), 4500);
}

TEST(ConferenceMedia, HoldStopsBothWaysAndResumes) {
    Conference room;
    auto& a = room.add("PCMU", 8000, 500);
    auto& b = room.add("PCMU", 8000, 900);
    room.run(1s);
    auto settings = a.settings();
    settings.send = settings.receive = false;
    room.media.update_leg(a.leg, settings);
    const auto before = a.headers.size();
    room.run(2s);
    EXPECT_EQ(a.headers.size(), before);
    EXPECT_LT(room.hears(b, 500), 10);
    room.media.update_leg(a.leg, a.settings());
    room.run(2s);
    EXPECT_GT(room.hears(b, 500), 4500);
    EXPECT_TRUE(a.headers[before].marker);
}

TEST(ConferenceMedia, KeysBecomeDigits) {
    Conference room;
    auto& a = room.add("PCMU", 8000, 500);
    std::uint32_t timestamp = 1000;
    for (const std::uint8_t key : std::array<std::uint8_t, 3>{1, 2, 11}) {
        for (int i = 0; i < 4; ++i) {
            Bytes wire;
            const auto payload = rtp::write_telephone_event({key, i == 3, 10, 160});
            rtp::write_packet(wire, {101, i == 0, a.sequence++, timestamp, 77}, payload);
            room.media.handle_datagram(a.leg, wire, a.own, room.now);
        }
        timestamp += 4000;
    }
    room.collect();
    EXPECT_EQ(room.digits, "12#");
}

TEST(ConferenceMedia, AGhostIsFoundAfterItsTimeAndOnce) {
    Conference room({.rtp_timeout = 5s});
    auto& a = room.add("PCMU", 8000, 500);
    room.add("PCMU", 8000, 900);
    room.run(1s);
    a.sending = false;
    room.run(4900ms);
    EXPECT_TRUE(room.lost_legs.empty());
    room.run(3s);
    EXPECT_EQ(room.lost_legs, std::vector<LegId>{a.leg});
}

TEST(ConferenceMedia, RtcpReportsAndSaysGoodbye) {
    Conference room;
    auto& a = room.add("PCMU", 8000, 500);
    room.add("PCMU", 8000, 900);
    room.run(20s);
    ASSERT_GE(room.rtcp.size(), 4u);
    const auto report = rtp::parse_rtcp(room.rtcp.back().packet);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->sender);
    ASSERT_EQ(report->reports.size(), 1u);
    EXPECT_EQ(report->reports[0].ssrc, 77u);
    EXPECT_EQ(report->reports[0].cumulative_lost, 0);
    EXPECT_EQ(room.rtcp.back().to.port % 2, 1) << "to the RTCP port";
    room.rtcp.clear();
    const auto record = room.media.remove_leg(a.leg, room.now);
    room.collect();
    EXPECT_NEAR(static_cast<double>(record->counters.packets_received), 1000, 2);
    EXPECT_GT(record->quality.mos, 4.3);
    EXPECT_EQ(record->quality.loss, 0);
    EXPECT_NEAR(record->quality.level_db, -18, 2) << "the tone's";
    ASSERT_EQ(room.rtcp.size(), 1u);
    EXPECT_EQ(rtp::parse_rtcp(room.rtcp[0].packet)->bye.size(), 1u);
}

TEST(ConferenceMedia, RubbishIsCountedAndDisturbsNobody) {
    Conference room;
    auto& a = room.add("PCMU", 8000, 500);
    auto& b = room.add("PCMU", 8000, 900);
    Random random(9);
    for (int i = 0; i < 2000; ++i) {
        Bytes rubbish(random.below(200));
        for (auto& octet : rubbish) octet = static_cast<std::uint8_t>(random.u16());
        room.media.handle_datagram(
            a.leg, rubbish, random.chance(50) ? a.own : kit::address("198.51.100.66", 5), room.now);
        room.media.handle_datagram(LegId{99}, rubbish, a.own, room.now);
        if (i % 20 == 0) room.run(20ms);
    }
    room.run(1s);
    EXPECT_GT(room.hears(b, 500), 4500);
    EXPECT_GT(room.media.leg(a.leg)->counters().malformed, 100u);
    EXPECT_EQ(room.media.counters().strangers, 2000u);
}

} // namespace
} // namespace lyceum::mixer
