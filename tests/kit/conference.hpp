// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mixer/conference_media.hpp"
#include "rtp/rtcp.hpp"
#include "tests/kit/address.hpp"
#include "tests/kit/tone.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

/// A whole conference of sound on the virtual clock: phones made of the codecs say tones and
/// listen.
namespace lyceum::kit {

using namespace mixer;

struct Phone {
    Phone(const Codec* c, int number, double hertz, int ptime_ms = 20)
        : codec(c), leg{static_cast<std::uint64_t>(number)}, ptime(ptime_ms), hertz_(hertz),
          tone(hertz, 6000),
          own(address("192.0.2.9", static_cast<std::uint16_t>(40000 + 2 * number))),
          encoder(c->make_encoder({})), decoder(c->make_decoder("")) {}

    LegSettings settings() const {
        LegSettings out;
        out.remote_rtp = own;
        out.remote_rtcp = {own.ip, static_cast<std::uint16_t>(own.port + 1)};
        out.sending = {codec->payload_type, codec, ""};
        out.receiving = {out.sending};
        out.telephone_event = 101;
        out.ptime = ptime;
        return out;
    }

    Bytes packet() {
        Bytes payload, wire;
        auto sound =
            speaking ? tone.next(samples_in(ptime)) : std::vector<Sample>(samples_in(ptime));
        encoder->encode(sound, payload);
        rtp::write_packet(wire, {codec->payload_type, false, sequence++, timestamp, 77}, {});
        if (says_level) {
            wire[0] |= 0x10;
            wire.insert(wire.end(), {0xbe, 0xde, 0, 1, 0x30, *says_level, 0, 0});
        }
        wire.insert(wire.end(), payload.begin(), payload.end());
        timestamp += static_cast<std::uint32_t>(ptime.count()) * codec->clock_rate / 1000;
        return wire;
    }

    const Codec* codec;
    LegId leg;
    std::chrono::milliseconds ptime;
    double hertz_;
    Tone tone;
    SocketAddress own;
    std::unique_ptr<Encoder> encoder;
    std::unique_ptr<Decoder> decoder;
    bool speaking = true, sending = true;
    std::optional<rtp::AudioLevel> says_level{}; ///< In extension 3 (RFC 6464).
    std::uint16_t sequence = 100;
    std::uint32_t timestamp = 5000;
    TimePoint next_send{};
    std::vector<Sample> heard;
    std::vector<rtp::Header> headers;
    std::vector<Bytes> payloads;
    Bytes last; ///< The last packet, as it came.
};

class Conference {
public:
    explicit Conference(ConferenceMedia::Options options = {}) : media(options, 1, {}) {}

    Phone& add(const char* codec, std::uint32_t clock, double hertz, int ptime = 20) {
        const int number = static_cast<int>(phones.size()) + 1;
        phones.emplace_back(
            std::make_unique<Phone>(find_codec(codec, clock), number, hertz, ptime));
        auto& phone = *phones.back();
        media.add_leg(phone.leg, phone.settings(), now);
        phone.next_send = now + Duration(number * 1700);
        return phone;
    }

    void run(Duration time) {
        const auto end = now + time;
        while (now < end) {
            now += 1ms;
            for (auto& phone : phones)
                while (phone->sending && phone->next_send <= now) {
                    media.handle_datagram(phone->leg, phone->packet(), phone->own, now);
                    phone->next_send += phone->ptime;
                }
            media.handle_timeout(now);
            collect();
        }
    }

    void collect() {
        while (auto output = media.poll()) {
            if (const auto* rtp = std::get_if<ConferenceMedia::SendRtp>(&*output)) {
                Bytes wire(rtp->header.begin(), rtp->header.end());
                wire.insert(wire.end(), rtp->payload.begin(), rtp->payload.end());
                auto& phone = *phones.at(rtp->leg.value - 1);
                EXPECT_EQ(rtp->to, phone.own);
                const auto packet = rtp::parse_packet(wire);
                phone.last = wire;
                phone.headers.push_back(packet->header);
                phone.payloads.emplace_back(packet->payload.begin(), packet->payload.end());
                phone.decoder->decode(packet->payload, phone.heard);
            } else if (const auto* digit = std::get_if<ConferenceMedia::Digit>(&*output)) {
                digits += digit->digit;
            } else if (const auto* lost = std::get_if<ConferenceMedia::LegLost>(&*output)) {
                lost_legs.push_back(lost->leg);
            } else if (auto* report = std::get_if<ConferenceMedia::SendRtcp>(&*output)) {
                rtcp.push_back(std::move(*report));
            } else if (const auto* howl = std::get_if<ConferenceMedia::Howling>(&*output)) {
                howling.push_back(*howl);
            } else if (const auto* echo = std::get_if<ConferenceMedia::EchoReturned>(&*output)) {
                echoes.push_back(*echo);
            } else if (auto* told = std::get_if<ConferenceMedia::Levels>(&*output)) {
                levels.push_back(std::move(*told));
            } else if (auto* said = std::get_if<ConferenceMedia::Reports>(&*output)) {
                reports.push_back(std::move(*said));
            }
        }
    }

    /// From the arrival of a speaker's packet to the packet that it makes; the mean of fifty.
    Duration wait_of(const Phone& speaker, const Phone& listener) {
        constexpr int words = 50;
        Duration waited{};
        for (int i = 0; i < words; ++i) {
            const auto arrives = speaker.next_send;
            while (now < arrives) run(1ms);
            const auto count = listener.headers.size();
            while (listener.headers.size() == count) run(1ms);
            waited += now - arrives;
        }
        return waited / words;
    }

    /// The peak of a tone in the last half second that a phone heard.
    double hears(const Phone& phone, double hertz) const {
        const auto count = std::min<std::size_t>(phone.heard.size(), 24000);
        return tone_peak(std::span(phone.heard).last(count), hertz);
    }

    TimePoint now{};
    ConferenceMedia media;
    std::vector<std::unique_ptr<Phone>> phones;
    std::string digits;
    std::vector<LegId> lost_legs;
    std::vector<ConferenceMedia::SendRtcp> rtcp;
    std::vector<ConferenceMedia::Howling> howling;
    std::vector<ConferenceMedia::EchoReturned> echoes;
    std::vector<ConferenceMedia::Levels> levels;
    std::vector<ConferenceMedia::Reports> reports;
};

} // namespace lyceum::kit
