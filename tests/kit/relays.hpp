// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/b2bua/media_relays.hpp"
#include "tests/kit/address.hpp"

#include <map>
#include <string>

namespace lyceum::kit {

/// Relays that only exist: what was agreed on with their sides, and who may not have one.
class Relays final : public b2bua::MediaRelays {
public:
    struct Side {
        IpAddress toward;
        rtp::Relay::Settings settings;
        std::optional<rtp::DtlsPeer> dtls;
        int configured = 0;
    };

    std::optional<Opened> open(std::array<IpAddress, 2> toward) override {
        if (full) return std::nullopt;
        const auto number = ++last;
        const b2bua::RelayId id{number};
        running[id] = {Side{toward[0], {}, {}}, Side{toward[1], {}, {}}};
        const auto port = static_cast<std::uint16_t>(20'000 + 10 * number);
        return Opened{id, {address("192.0.2.1", port), address("192.0.2.1", port + 2)}};
    }
    void configure(b2bua::RelayId relay, rtp::Relay::Side side, rtp::Relay::Settings settings,
                   std::optional<rtp::DtlsPeer> dtls) override {
        auto& configured = running.at(relay)[side];
        configured.settings = std::move(settings);
        configured.dtls = std::move(dtls);
        ++configured.configured;
    }
    void close(b2bua::RelayId relay) override { running.erase(relay); }
    [[nodiscard]] std::string dtls_fingerprint() const override { return fingerprint; }

    /// Of the only one that is there.
    [[nodiscard]] const Side& side(rtp::Relay::Side which) const {
        return running.begin()->second[which];
    }

    static inline const std::string fingerprint =
        "sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
        "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF";
    std::map<b2bua::RelayId, std::array<Side, 2>> running;
    std::uint64_t last = 0;
    bool full = false;
};

/// What a browser offers, in short.
inline std::string browser_offer(const std::string& ufrag = "wXyZ") {
    return "v=0\r\no=- 46117326 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
           "a=msid-semantic: WMS stream\r\n"
           "m=audio 51000 UDP/TLS/RTP/SAVPF 111 0\r\nc=IN IP4 203.0.113.9\r\n"
           "a=rtcp:9 IN IP4 0.0.0.0\r\n"
           "a=candidate:1 1 udp 2113937151 203.0.113.9 51000 typ host\r\n"
           "a=ice-ufrag:" +
           ufrag +
           "\r\na=ice-pwd:0123456789012345678901\r\na=ice-options:trickle\r\n"
           "a=fingerprint:" +
           Relays::fingerprint +
           "\r\na=setup:actpass\r\na=mid:0\r\na=extmap:1 "
           "urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
           "a=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n"
           "a=fmtp:111 useinbandfec=1\r\na=rtpmap:0 PCMU/8000\r\na=ssrc:1 cname:x\r\n"
           "m=video 51000 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 203.0.113.9\r\na=ice-ufrag:" +
           ufrag + "\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:" + Relays::fingerprint +
           "\r\na=setup:actpass\r\na=mid:1\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n"
           "a=rtcp-fb:96 nack pli\r\n";
}

/// And a telephone.
inline std::string plain_description(const std::string& more = {}, int version = 1,
                                     const std::string& ip = "198.51.100.7") {
    return "v=0\r\no=gw 7 " + std::to_string(version) + " IN IP4 " + ip +
           "\r\ns=call\r\nc=IN IP4 " + ip +
           "\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n" + more;
}

} // namespace lyceum::kit
