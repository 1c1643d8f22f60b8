// SPDX-License-Identifier: Apache-2.0
#include "server/b2bua/relayed_media.hpp"
#include "tests/kit/relays.hpp"
#include "tests/kit/sip.hpp"

#include <gtest/gtest.h>

namespace lyceum::b2bua {
namespace {

using kit::browser_offer;
using kit::plain_description;
using Form = RelayedMedia::Form;
using Side = RelayedMedia::Side;
using Turn = RelayedMedia::Turn;

const IpAddress browser_ip = *IpAddress::parse("203.0.113.9"),
                gateway_ip = *IpAddress::parse("198.51.100.7");

class RelayedMediaTest : public testing::Test {
protected:
    void between(Form caller, Form callee) {
        media.emplace(
            relays, entropy,
            std::array<RelayedMedia::Party, 2>{{{browser_ip, caller}, {gateway_ip, callee}}});
    }
    /// What the other side is told, parsed; empty: nothing.
    sdp::Description pass(Side from, const std::string& said, Turn turn) {
        const auto told = media->pass(from, said, turn);
        if (!told) return {};
        text = *told;
        const auto parsed = sdp::Description::parse(*told);
        EXPECT_TRUE(parsed) << *told;
        return parsed ? *parsed : sdp::Description{};
    }
    [[nodiscard]] bool says(std::string_view what) const {
        return text.find(what) != std::string::npos;
    }

    kit::Relays relays;
    SeededEntropy entropy{1};
    std::optional<RelayedMedia> media;
    std::string text; ///< As it was told last.
};

TEST_F(RelayedMediaTest, ABrowserTalksToAGateway) {
    between(Form::open, Form::plain);
    const auto offer = pass(Side::first, browser_offer(), Turn::offer);
    ASSERT_EQ(offer.media.size(), 2u);
    EXPECT_EQ(offer.media[0].proto, "RTP/AVP");
    EXPECT_EQ(offer.media[0].port, 20'012);
    EXPECT_EQ(offer.media[1].port, 20'022) << "pictures, too: it may refuse them itself";
    EXPECT_EQ(offer.value('c'), "IN IP4 192.0.2.1");
    for (const auto* line : {"ice", "candidate", "fingerprint", "setup", "mux", "BUNDLE", "mid:",
                             "extmap", "ssrc", "msid", "203.0.113.9", "127.0.0.1", "transport-cc"})
        EXPECT_FALSE(says(line)) << line << "\n" << text;
    EXPECT_TRUE(says("a=rtcp-fb:96 nack pli")) << "what pictures need";
    EXPECT_TRUE(says("a=fmtp:111 useinbandfec=1\r\na=rtpmap:0 PCMU/8000"));

    const auto answer = pass(
        Side::second, plain_description("a=sendrecv\r\nm=video 0 RTP/AVP 96\r\n"), Turn::answer);
    ASSERT_EQ(answer.media.size(), 2u);
    EXPECT_EQ(answer.media[0].proto, "UDP/TLS/RTP/SAVPF");
    EXPECT_EQ(answer.media[0].port, 20'010);
    EXPECT_EQ(answer.media[1].proto, "UDP/TLS/RTP/SAVPF");
    EXPECT_EQ(answer.media[1].port, 0);
    EXPECT_TRUE(says("a=group:BUNDLE 0\r\n"));
    EXPECT_TRUE(says("a=ice-lite\r\n"));
    EXPECT_TRUE(says("a=setup:passive\r\n"));
    EXPECT_TRUE(says("a=rtcp-mux\r\n"));
    EXPECT_TRUE(says("typ host\r\n"));
    EXPECT_FALSE(says("198.51.100.7")) << "nothing of the gateway: " << text;

    ASSERT_EQ(relays.running.size(), 1u) << "the one of the video is gone";
    const auto &hers = relays.side(Side::first), &its = relays.side(Side::second);
    EXPECT_EQ(hers.toward, browser_ip);
    ASSERT_TRUE(hers.dtls && hers.settings.ice && hers.settings.by_handshake);
    EXPECT_FALSE(hers.dtls->we_begin);
    EXPECT_EQ(hers.settings.ice->remote.ufrag, "wXyZ");
    EXPECT_TRUE(says("a=ice-ufrag:" + hers.settings.ice->local.ufrag));
    EXPECT_TRUE(hers.settings.rtcp_mux);
    EXPECT_EQ(its.settings.rtp, kit::address("198.51.100.7", 6000));
    EXPECT_EQ(its.settings.rtcp, kit::address("198.51.100.7", 6001));
    EXPECT_FALSE(its.dtls || its.settings.ice || its.settings.send_key);
    media.reset();
    EXPECT_TRUE(relays.running.empty());
}

TEST_F(RelayedMediaTest, AGatewayTalksToABrowser) {
    between(Form::open, Form::web);
    const auto offer = pass(Side::first, plain_description(), Turn::offer);
    EXPECT_EQ(offer.media.at(0).proto, "UDP/TLS/RTP/SAVPF");
    for (const auto* line : {"a=setup:actpass\r\n", "a=mid:0\r\n", "a=group:BUNDLE 0\r\n",
                             "a=rtcp-mux\r\n", "a=ice-lite\r\n", "a=rtpmap:0 PCMU/8000\r\n"})
        EXPECT_TRUE(says(line)) << line << text;
    auto answered = browser_offer();
    answered.resize(answered.find("m=video"));
    answered.replace(answered.find("actpass"), 7, "active");
    const auto answer = pass(Side::second, answered, Turn::answer);
    EXPECT_EQ(answer.media.at(0).proto, "RTP/AVP");
    EXPECT_FALSE(says("fingerprint"));
    EXPECT_FALSE(says("mid:"));
    EXPECT_FALSE(relays.side(Side::second).dtls->we_begin);
    // One that waits is begun with.
    answered.replace(answered.find("active"), 6, "passive");
    pass(Side::second, answered, Turn::answer);
    EXPECT_TRUE(relays.side(Side::second).dtls->we_begin);
}

/// RFC 8643: any phone can read it, and who can do more does.
TEST_F(RelayedMediaTest, APhoneIsOfferedWhatItMayTake) {
    between(Form::open, Form::open);
    const auto offer = pass(Side::first, browser_offer(), Turn::offer);
    EXPECT_EQ(offer.media.at(0).proto, "RTP/AVP");
    EXPECT_TRUE(says("a=fingerprint:"));
    EXPECT_TRUE(says("a=ice-ufrag:"));
    pass(Side::second, plain_description("m=video 0 RTP/AVP 96\r\n"), Turn::answer);
    EXPECT_FALSE(relays.side(Side::second).dtls);
    EXPECT_FALSE(relays.side(Side::second).settings.ice);
    pass(Side::second,
         plain_description("a=fingerprint:" + kit::Relays::fingerprint +
                           "\r\na=setup:active\r\nm=video 0 RTP/AVP 96\r\n"),
         Turn::answer);
    EXPECT_TRUE(relays.side(Side::second).dtls);
}

TEST_F(RelayedMediaTest, KeysInSdpEndHere) {
    const std::string theirs = "a=crypto:4 AES_CM_128_HMAC_SHA1_80 "
                               "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
    auto secure = plain_description(theirs);
    secure.replace(secure.find("RTP/AVP"), 7, "RTP/SAVP");
    between(Form::open, Form::plain);
    const auto offer = pass(Side::first, secure, Turn::offer);
    EXPECT_EQ(offer.media.at(0).proto, "RTP/AVP");
    EXPECT_FALSE(says("crypto"));
    const auto answer = pass(Side::second, plain_description(), Turn::answer);
    EXPECT_EQ(answer.media.at(0).proto, "RTP/SAVP");
    const auto ours = sdp::Crypto::parse(answer.media[0].attribute("crypto").value_or(""));
    ASSERT_TRUE(ours);
    EXPECT_EQ(ours->tag, 4u);
    EXPECT_EQ(ours->suite, "AES_CM_128_HMAC_SHA1_80");
    EXPECT_EQ(relays.side(Side::first).settings.send_key->key, ours->key);
    EXPECT_NE(relays.side(Side::first).settings.receive_key->key, ours->key);
    EXPECT_FALSE(relays.side(Side::second).settings.send_key);

    // A gateway that is reached by TLS is offered keys, and a browser hears nothing of them.
    between(Form::open, Form::secure);
    EXPECT_EQ(pass(Side::first, browser_offer(), Turn::offer).media.at(0).proto, "RTP/SAVP");
    EXPECT_TRUE(says("a=crypto:1 AEAD_AES_256_GCM inline:"));
    EXPECT_EQ(pass(Side::second, secure + "m=video 0 RTP/SAVP 96\r\n", Turn::answer).media.size(),
              2u);
    EXPECT_FALSE(says("crypto"));
    EXPECT_TRUE(relays.side(Side::second).settings.receive_key);

    // What it insists on and we cannot do is refused.
    secure.replace(secure.find("AES_CM_128_HMAC_SHA1_80"), 23, "F8_128_HMAC_SHA1_80");
    between(Form::open, Form::plain);
    pass(Side::first, secure, Turn::offer);
    EXPECT_EQ(pass(Side::second, plain_description(), Turn::answer).media.at(0).port, 0);
}

/// Two sides of a NAT that speak alike: their keys are theirs.
TEST_F(RelayedMediaTest, OfWhoSpeaksAlikeOnlyThePlaceChanges) {
    between(Form::as_offered, Form::as_offered);
    auto offer = plain_description("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\na=rtcp:7001\r\n"
                                   "a=x-own:1\r\nm=image 7100 udptl t38\r\n",
                                   1, "10.0.0.5");
    offer.replace(offer.find("RTP/AVP"), 7, "RTP/SAVP");
    const auto told = pass(Side::first, offer, Turn::offer);
    EXPECT_EQ(text, "v=0\r\n" + text.substr(5, text.find("\r\ns=") - 5) +
                        "\r\ns=call\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 20012 RTP/SAVP 0\r\n"
                        "a=rtpmap:0 PCMU/8000\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n"
                        "a=x-own:1\r\nm=image 7100 udptl t38\r\nc=IN IP4 10.0.0.5\r\n");
    pass(Side::second, plain_description("m=image 0 udptl t38\r\n"), Turn::answer);
    const auto& hers = relays.side(Side::first).settings;
    EXPECT_EQ(hers.rtp, kit::address("10.0.0.5", 6000));
    EXPECT_EQ(hers.trusted, std::vector{browser_ip})
        << "she is latched to where her SIP comes from";
    EXPECT_FALSE(hers.send_key || hers.by_handshake);
}

TEST_F(RelayedMediaTest, HoldAndResumeChangeTheDirectionAlone) {
    between(Form::open, Form::web);
    auto answered = browser_offer();
    answered.resize(answered.find("m=video"));
    pass(Side::first, plain_description(), Turn::offer);
    const auto first = text;
    pass(Side::second, answered, Turn::answer);
    const auto before = relays.side(Side::second).settings.ice;
    const auto version = [&] { return std::string(text.substr(0, text.find(" IN IP4"))).back(); };
    // The old way to hold, which would be lost with the address.
    pass(Side::first, plain_description({}, 2, "0.0.0.0"), Turn::offer);
    EXPECT_TRUE(says("a=sendonly\r\n")) << text;
    EXPECT_EQ(version(), '2');
    EXPECT_EQ(text.substr(0, text.find(" 2 IN")), first.substr(0, first.find(" 1 IN")));
    pass(Side::second, answered, Turn::answer);
    pass(Side::first, plain_description({}, 3), Turn::offer);
    EXPECT_FALSE(says("a=sendonly"));
    EXPECT_EQ(version(), '3');
    pass(Side::second, answered, Turn::answer);
    EXPECT_EQ(relays.last, 1u) << "the same relay all the time";
    EXPECT_EQ(relays.side(Side::second).settings.ice, before) << "and no ICE restart";
    // But hers is one of both.
    auto restarted = browser_offer("nEw1");
    restarted.resize(restarted.find("m=video"));
    pass(Side::second, restarted, Turn::offer);
    pass(Side::first, plain_description({}, 4), Turn::answer);
    EXPECT_NE(relays.side(Side::second).settings.ice->local, before->local);
}

TEST_F(RelayedMediaTest, AMediumComesAndGoes) {
    between(Form::as_offered, Form::as_offered);
    const std::string video = "m=video 6100 RTP/AVP 96\r\n", none = "m=video 0 RTP/AVP 96\r\n";
    pass(Side::first, plain_description(), Turn::offer);
    pass(Side::second, plain_description(), Turn::answer);
    EXPECT_EQ(relays.running.size(), 1u);
    pass(Side::second, plain_description(video), Turn::offer);
    pass(Side::first, plain_description(video), Turn::answer);
    EXPECT_EQ(relays.running.size(), 2u);
    pass(Side::first, plain_description(none), Turn::offer);
    EXPECT_EQ(pass(Side::second, plain_description(none), Turn::answer).media.size(), 2u);
    EXPECT_EQ(relays.running.size(), 1u);
}

TEST_F(RelayedMediaTest, NobodyGetsMoreThanAFewPorts) {
    between(Form::open, Form::plain);
    auto many = plain_description();
    for (int i = 0; i < 60; ++i) many += "m=video 6100 RTP/AVP 96\r\n";
    const auto told = pass(Side::first, many, Turn::offer);
    EXPECT_EQ(relays.running.size(), RelayedMedia::relays_max);
    EXPECT_EQ(told.media.size(), 61u);
    EXPECT_NE(told.media[3].port, 0);
    EXPECT_EQ(told.media[4].port, 0);
}

/// Names of media without a group are for something else.
TEST_F(RelayedMediaTest, WhoDoesNotBundleIsAnsweredWithoutAGroup) {
    between(Form::open, Form::web);
    pass(Side::first, plain_description("a=mid:a\r\n"), Turn::offer);
    auto answered = browser_offer();
    answered.resize(answered.find("m=video"));
    pass(Side::second, answered, Turn::answer);
    EXPECT_TRUE(says("a=mid:a\r\n"));
    EXPECT_FALSE(says("BUNDLE"));
}

TEST_F(RelayedMediaTest, WhatIsRefusedLeavesWhatWasAgreedOn) {
    between(Form::as_offered, Form::as_offered);
    pass(Side::first, plain_description(), Turn::offer);
    pass(Side::second, plain_description(), Turn::answer);
    pass(Side::first, plain_description({}, 2, "10.0.0.99"), Turn::offer);
    EXPECT_TRUE(media->awaits_answer_of(Side::second));
    media->withdraw(Side::first);
    EXPECT_FALSE(media->awaits_answer_of(Side::second));
    pass(Side::second, plain_description({}, 2), Turn::offer);
    pass(Side::first, plain_description(), Turn::answer);
    EXPECT_EQ(relays.side(Side::first).settings.rtp.ip, gateway_ip);
}

TEST_F(RelayedMediaTest, SomebodyElseComesInThePlaceOfOne) {
    between(Form::open, Form::plain);
    auto hers = browser_offer();
    hers.resize(hers.find("m=video"));
    pass(Side::first, hers, Turn::offer);
    pass(Side::second, plain_description("a=sendonly\r\n"), Turn::answer);
    const auto before = relays.side(Side::first).settings.ice;
    media->replace(Side::first, {});
    const auto told = media->introduce(Side::first);
    ASSERT_TRUE(told);
    EXPECT_NE(told->find("m=audio 20010 RTP/AVP 0\r\n"), std::string::npos) << *told;
    EXPECT_EQ(told->find("sendonly"), std::string::npos) << "nobody is on hold";
    // He does not come, and she has the call as before…
    media->restore(Side::first);
    pass(Side::second, plain_description({}, 2), Turn::offer);
    EXPECT_TRUE(says("UDP/TLS/RTP/SAVPF"));
    pass(Side::first, hers, Turn::answer);
    EXPECT_EQ(relays.side(Side::first).settings.ice, before);
    // …or he does: what he says is asked of the gateway, and both are known.
    media->replace(Side::first, {});
    ASSERT_TRUE(media->introduce(Side::first));
    pass(Side::first, plain_description({}, 1, "192.0.2.20"), Turn::offer);
    EXPECT_TRUE(says("m=audio 20012 RTP/AVP 0"));
    pass(Side::second, plain_description({}, 3), Turn::answer);
    EXPECT_EQ(relays.side(Side::first).settings.rtp, kit::address("192.0.2.20", 6000));
    EXPECT_FALSE(relays.side(Side::first).dtls);
}

/// A call by a trunk to a browser: what comes from inside has no address.
TEST_F(RelayedMediaTest, WhoseSignallingSaysNothingIsWhereItsMediaIs) {
    media.emplace(
        relays, entropy,
        std::array<RelayedMedia::Party, 2>{{{IpAddress{}, Form::open}, {browser_ip, Form::web}}});
    pass(Side::first, plain_description(), Turn::offer);
    EXPECT_EQ(relays.side(Side::first).toward, gateway_ip);
    EXPECT_EQ(relays.side(Side::second).toward, browser_ip);
}

TEST_F(RelayedMediaTest, WhereNothingIsLeftTheDescriptionIsStillOne) {
    between(Form::open, Form::plain);
    const auto told = pass(Side::first,
                           "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nt=0 0\r\n"
                           "m=image 4000 udptl t38\r\n",
                           Turn::offer);
    ASSERT_EQ(told.media.size(), 1u);
    EXPECT_EQ(told.media[0].port, 0);
    EXPECT_EQ(told.media[0].proto, "udptl");
    EXPECT_TRUE(says(" 1 IN IP4 0.0.0.0\r\n")) << text;
}

TEST_F(RelayedMediaTest, WhatIsNoDescriptionIsNotPassed) {
    between(Form::open, Form::plain);
    EXPECT_FALSE(media->pass(Side::first, "hello", Turn::offer));
    EXPECT_FALSE(media->pass(Side::first, "v=0\r\n", Turn::offer)) << "of nothing";
    EXPECT_FALSE(media->pass(Side::second, plain_description(), Turn::answer)) << "to nothing";
    pass(Side::first, plain_description(), Turn::offer);
    EXPECT_FALSE(media->pass(Side::second, browser_offer(), Turn::answer)) << "of more media";
    relays.full = true;
    between(Form::open, Form::plain);
    EXPECT_FALSE(media->pass(Side::first, plain_description(), Turn::offer)) << "no port is free";
}

} // namespace
} // namespace lyceum::b2bua
