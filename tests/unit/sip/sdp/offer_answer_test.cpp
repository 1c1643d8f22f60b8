// SPDX-License-Identifier: Apache-2.0
#include "sip/sdp/offer_answer.hpp"
#include "tests/kit/sip.hpp"

#include <gtest/gtest.h>

namespace lyceum::sdp {
namespace {

LocalMedia ours(Direction direction = Direction::sendrecv) {
    LocalMedia out;
    out.rtp = lyceum::kit::address("192.0.2.1", 20000);
    out.audio = {{"opus", 48000, 2, 96, "useinbandfec=1"},
                 {"G722", 8000, 1, 9, ""},
                 {"PCMA", 8000, 1, 8, ""},
                 {"PCMU", 8000, 1, 0, ""}};
    out.direction = direction;
    return out;
}
using lyceum::kit::phone_sdp;

Description answered(OfferAnswer& negotiation, const std::string& offer) {
    EXPECT_EQ(negotiation.handle_offer(offer), std::nullopt);
    auto text = negotiation.answer(ours());
    EXPECT_TRUE(text);
    return *Description::parse(*text);
}

TEST(OfferAnswer, KeepsTheOrderOfMediaAndRefusesWithPortZero) {
    OfferAnswer negotiation(1, "t");
    const auto answer =
        answered(negotiation, phone_sdp("0", "") +
                                  "m=video 4000 RTP/AVP 31\r\nm=application 9 UDP/BFCP *\r\n"
                                  "m=audio 4004 RTP/AVP 8\r\n");
    ASSERT_EQ(answer.media.size(), 4u);
    EXPECT_EQ(answer.media[0].port, 20000);
    EXPECT_EQ(answer.media[1].type, "video");
    EXPECT_EQ(answer.media[1].port, 0);
    EXPECT_EQ(answer.media[1].formats, std::vector<std::string>{"31"});
    EXPECT_EQ(answer.media[2].proto, "UDP/BFCP");
    EXPECT_EQ(answer.media[2].port, 0);
    EXPECT_EQ(answer.media[3].port, 0) << "one audio stream is enough";
}

TEST(OfferAnswer, TakesTheOffersNumbersAndOrder) {
    OfferAnswer negotiation(1, "t");
    const auto answer = answered(
        negotiation, phone_sdp("18 8 107 0 101",
                               "a=rtpmap:107 opus/48000/2\r\na=fmtp:107 maxaveragebitrate=16000\r\n"
                               "a=rtpmap:101 telephone-event/8000\r\na=ptime:30\r\n"));
    EXPECT_EQ(answer.media[0].formats, (std::vector<std::string>{"8", "107", "0", "101"}));
    ASSERT_TRUE(negotiation.stream());
    EXPECT_EQ(negotiation.stream()->codecs[0].name, "PCMA");
    EXPECT_EQ(negotiation.stream()->codecs[1].fmtp, "maxaveragebitrate=16000");
    EXPECT_EQ(negotiation.stream()->telephone_event->payload_type, 101);
    EXPECT_EQ(negotiation.stream()->ptime, std::chrono::milliseconds(30));
    EXPECT_EQ(negotiation.stream()->remote_rtp, lyceum::kit::address("192.0.2.9", 40000));
    EXPECT_EQ(negotiation.stream()->remote_rtcp.port, 40001);
}

TEST(OfferAnswer, OpusWithTheWrongNumberOfChannelsIsStillOpus) {
    OfferAnswer negotiation(1, "t");
    const auto answer = answered(negotiation, phone_sdp("97", "a=rtpmap:97 opus/48000/1\r\n"));
    EXPECT_EQ(answer.media[0].attribute("rtpmap"), "97 opus/48000");
    EXPECT_EQ(negotiation.stream()->codecs[0].name, "opus");
}

TEST(OfferAnswer, RedundancyIsTakenAroundTheCodecThatWeSend) {
    const std::string opus = "a=rtpmap:97 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\n";
    OfferAnswer negotiation(1, "test");
    const auto answer = answered(negotiation, phone_sdp("97 63", opus + "a=fmtp:63 97/97\r\n"));
    ASSERT_TRUE(negotiation.stream()->redundancy);
    EXPECT_EQ(negotiation.stream()->redundancy->payload_type, 63);
    EXPECT_EQ(answer.media[0].formats, (std::vector<std::string>{"97", "63"}));
    EXPECT_EQ(negotiation.stream()->codecs.size(), 1u) << "it is no codec";
    OfferAnswer eager(1, "test");
    const auto first = answered(eager, phone_sdp("63 97", opus + "a=fmtp:63 97/97\r\n"));
    EXPECT_EQ(first.media[0].formats, (std::vector<std::string>{"63", "97"}));
    EXPECT_EQ(eager.stream()->codecs.front().name, "opus");
    for (const auto* fmtp : {"", "a=fmtp:63 0/0\r\n", "a=fmtp:63 97/0\r\n", "a=fmtp:63 x\r\n"}) {
        OfferAnswer other(1, "test");
        answered(other, phone_sdp("97 63", opus + fmtp));
        EXPECT_FALSE(other.stream()->redundancy) << fmtp;
    }
}

TEST(OfferAnswer, VoipMetricsAreSentToWhoWantsThem) {
    OfferAnswer negotiation(1, "test");
    const auto answer =
        answered(negotiation, phone_sdp("0", "a=rtcp-xr:rcvr-rtt=all voip-metrics\r\n"));
    EXPECT_TRUE(negotiation.stream()->voip_metrics);
    EXPECT_EQ(answer.media[0].attribute("rtcp-xr"), "voip-metrics");
    OfferAnswer other(1, "test");
    EXPECT_FALSE(answered(other, phone_sdp("0")).media[0].has_attribute("rtcp-xr"));
}

/// RFC 8285 §5: by the number of who offers; RFC 4574 and 4796: what the stream is.
TEST(OfferAnswer, HeaderExtensionsAndALabel) {
    auto local = ours();
    local.reads_extension = "urn:level";
    local.writes_extension = "urn:levels";
    local.label = "1";
    OfferAnswer negotiation(1, "t");
    negotiation.handle_offer(phone_sdp("0", "a=extmap:3/sendonly urn:level vad=on\r\n"
                                            "a=extmap:5 urn:other\r\na=extmap:15 urn:levels\r\n"));
    auto text = *negotiation.answer(local);
    EXPECT_EQ(negotiation.stream()->read_extension, 3);
    EXPECT_EQ(negotiation.stream()->written_extension, std::nullopt) << "15 has another meaning";
    EXPECT_NE(text.find("a=extmap:3/recvonly urn:level\r\n"), std::string::npos) << text;
    EXPECT_EQ(text.find("urn:other"), std::string::npos);
    EXPECT_NE(text.find("a=label:1\r\na=content:main\r\n"), std::string::npos) << text;
    OfferAnswer offering(1, "t");
    text = offering.offer(local);
    EXPECT_NE(text.find("a=extmap:1/recvonly urn:level\r\n"), std::string::npos) << text;
    EXPECT_NE(text.find("a=extmap:2/sendonly urn:levels\r\n"), std::string::npos) << text;
    EXPECT_EQ(offering.handle_answer(phone_sdp("0", "a=extmap:2 urn:levels\r\n")), std::nullopt);
    EXPECT_EQ(offering.stream()->read_extension, std::nullopt);
    EXPECT_EQ(offering.stream()->written_extension, 2);
    text = offering.offer(local);
    EXPECT_EQ(text.find("urn:level\r\n"), std::string::npos)
        << "what was not taken is not asked again";
    OfferAnswer plain(1, "t");
    EXPECT_EQ(plain.offer(ours()).find("extmap"), std::string::npos);
}

TEST(OfferAnswer, Ptime) {
    struct Row {
        const char* lines;
        int ptime;
    };
    for (const auto& row : {Row{"", 20}, Row{"a=ptime:10\r\n", 10}, Row{"a=ptime:40\r\n", 40},
                            Row{"a=ptime:60\r\n", 60}, Row{"a=ptime:50\r\n", 40},
                            Row{"a=ptime:60\r\na=maxptime:20\r\n", 20}, Row{"a=ptime:5\r\n", 10},
                            Row{"a=ptime:1000\r\n", 60}, Row{"a=ptime:x\r\n", 20}}) {
        OfferAnswer negotiation(1, "t");
        answered(negotiation, phone_sdp("0", row.lines));
        EXPECT_EQ(negotiation.stream()->ptime.count(), row.ptime) << row.lines;
    }
}

TEST(OfferAnswer, HoldInItsThreeForms) {
    struct Row {
        const char* lines;
        const char* ip;
        const char* answer;
        bool send, receive;
    };
    for (const auto& row : {Row{"a=sendonly\r\n", "192.0.2.9", "recvonly", false, true},
                            Row{"a=inactive\r\n", "192.0.2.9", "inactive", false, false},
                            Row{"a=recvonly\r\n", "192.0.2.9", "sendonly", true, false},
                            Row{"", "0.0.0.0", "recvonly", false, true},
                            Row{"", "192.0.2.9", "sendrecv", true, true}}) {
        OfferAnswer negotiation(1, "t");
        const auto answer = answered(negotiation, phone_sdp("0", row.lines, row.ip));
        EXPECT_TRUE(answer.media[0].has_attribute(row.answer)) << row.lines << row.ip;
        EXPECT_EQ(sends(negotiation.stream()->direction), row.send);
        EXPECT_EQ(receives(negotiation.stream()->direction), row.receive);
    }
}

TEST(OfferAnswer, RtcpMuxAndRtcpAttribute) {
    OfferAnswer negotiation(1, "t");
    const auto answer = answered(negotiation, phone_sdp("0", "a=rtcp-mux\r\n"));
    EXPECT_TRUE(answer.media[0].has_attribute("rtcp-mux"));
    EXPECT_EQ(negotiation.stream()->remote_rtcp, negotiation.stream()->remote_rtp);
    OfferAnswer other(1, "t");
    answered(other, phone_sdp("0", "a=rtcp:5555 IN IP4 192.0.2.77\r\n"));
    EXPECT_EQ(other.stream()->remote_rtcp, lyceum::kit::address("192.0.2.77", 5555));
}

TEST(OfferAnswer, AddsAndRemovesMediaInASession) {
    OfferAnswer negotiation(7, "t");
    const auto first = answered(negotiation, phone_sdp("0"));
    EXPECT_NE(first.value('o')->find("7 1 IN"), std::string_view::npos);
    const auto second = answered(negotiation, phone_sdp("0") + "m=video 4000 RTP/AVP 31\r\n");
    EXPECT_EQ(second.media.size(), 2u);
    EXPECT_NE(second.value('o')->find("7 2 IN"), std::string_view::npos) << "another version";
    const auto third = answered(negotiation, phone_sdp("0") + "m=video 0 RTP/AVP 31\r\n");
    EXPECT_NE(third.value('o')->find("7 2 IN"), std::string_view::npos)
        << "nothing changed on our side";
    EXPECT_NE(negotiation.handle_offer(phone_sdp("0")), std::nullopt)
        << "m-lines are never taken away (§8)";
}

TEST(OfferAnswer, NothingInCommonLeavesWhatWasAgreed) {
    OfferAnswer negotiation(1, "t");
    answered(negotiation, phone_sdp("0"));
    ASSERT_EQ(negotiation.handle_offer(phone_sdp("18")), std::nullopt);
    EXPECT_FALSE(negotiation.answer(ours()));
    EXPECT_EQ(negotiation.state(), OfferAnswer::State::stable);
    EXPECT_EQ(negotiation.stream()->codecs[0].name, "PCMU");
}

TEST(OfferAnswer, OursIsAnsweredWithOtherNumbers) {
    OfferAnswer negotiation(1, "t");
    const auto offer = Description::parse(negotiation.offer(ours()));
    EXPECT_EQ(offer->media[0].formats, (std::vector<std::string>{"96", "9", "8", "0", "101"}));
    ASSERT_EQ(negotiation.handle_answer(
                  phone_sdp("120 8", "a=rtpmap:120 opus/48000/2\r\na=sendonly\r\n")),
              std::nullopt);
    EXPECT_EQ(negotiation.stream()->codecs[0].payload_type, 120) << "what we send";
    EXPECT_EQ(negotiation.stream()->receive[0].payload_type, 96) << "what we get";
    EXPECT_EQ(negotiation.stream()->direction, Direction::recvonly);
}

TEST(OfferAnswer, ARefusedOfferRollsBack) {
    OfferAnswer negotiation(1, "t");
    answered(negotiation, phone_sdp("0"));
    const auto before = negotiation.local_text();
    negotiation.offer(ours(Direction::sendonly));
    EXPECT_EQ(negotiation.state(), OfferAnswer::State::local_offer);
    negotiation.roll_back();
    EXPECT_EQ(negotiation.state(), OfferAnswer::State::stable);
    EXPECT_EQ(negotiation.local_text(), before);
}

TEST(OfferAnswer, AnAnswerWithAnotherNumberOfMediaIsAFault) {
    OfferAnswer negotiation(1, "t");
    negotiation.offer(ours());
    EXPECT_NE(negotiation.handle_answer(phone_sdp("0") + "m=video 0 RTP/AVP 31\r\n"), std::nullopt);
}

const std::string long_key = "inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd";

LocalMedia encrypted(Protection protection) {
    auto out = ours();
    out.protection = protection;
    out.crypto = {{1, "AEAD_AES_128_GCM", Bytes(28, 7)},
                  {2, "AES_CM_128_HMAC_SHA1_80", Bytes(30, 8)}};
    return out;
}
std::string secure_sdp(std::string_view lines, std::string_view profile = "RTP/SAVP") {
    auto text = phone_sdp("0", lines);
    return text.replace(text.find("RTP/AVP"), 7, profile);
}

TEST(OfferAnswerCrypto, TheFirstSuiteOfThePeerThatWeKnowIsTaken) {
    OfferAnswer negotiation(1, "t");
    ASSERT_EQ(negotiation.handle_offer(secure_sdp("a=crypto:1 F8_128_HMAC_SHA1_80 " + long_key +
                                                  "\r\na=crypto:5 " + "AES_CM_128_HMAC_SHA1_80 " +
                                                  long_key + "|2^20\r\na=crypto:6 " +
                                                  "AES_CM_128_HMAC_SHA1_80 " + long_key + "\r\n")),
              std::nullopt);
    const auto answer = negotiation.answer(encrypted(Protection::preferred));
    ASSERT_TRUE(answer);
    const auto parsed = Description::parse(*answer);
    EXPECT_EQ(parsed->media[0].proto, "RTP/SAVP");
    EXPECT_EQ(parsed->media[0].attributes("crypto").size(), 1u);
    EXPECT_EQ(Crypto::parse(*parsed->media[0].attribute("crypto")),
              (Crypto{5, "AES_CM_128_HMAC_SHA1_80", Bytes(30, 8)}));
    ASSERT_TRUE(negotiation.stream()->crypto);
    EXPECT_EQ(negotiation.stream()->crypto->remote.key[29], 29);
}

/// Rows: what we want, the profile and whether there is a key in the offer; what becomes of it.
TEST(OfferAnswerCrypto, WhatThePolicyMakesOfAnOffer) {
    struct Row {
        Protection ours;
        const char* profile;
        bool key;
        bool accepted, encrypted;
    };
    using enum Protection;
    for (const auto& row :
         {Row{off, "RTP/AVP", false, true, false}, Row{off, "RTP/AVP", true, true, false},
          Row{off, "RTP/SAVP", true, false, false}, Row{preferred, "RTP/AVP", false, true, false},
          Row{preferred, "RTP/AVP", true, true, true}, // RFC 8643
          Row{preferred, "RTP/SAVPF", true, true, true},
          Row{preferred, "RTP/SAVP", false, false, false},
          Row{required, "RTP/AVP", false, false, false}, Row{required, "RTP/AVP", true, true, true},
          Row{required, "RTP/SAVP", true, true, true}}) {
        OfferAnswer negotiation(1, "t");
        const auto line = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " + long_key + "\r\n";
        ASSERT_EQ(negotiation.handle_offer(secure_sdp(row.key ? line : "", row.profile)),
                  std::nullopt);
        EXPECT_EQ(negotiation.answer(encrypted(row.ours)).has_value(), row.accepted)
            << static_cast<int>(row.ours) << row.profile << row.key;
        EXPECT_EQ(negotiation.stream() && negotiation.stream()->crypto, row.encrypted)
            << static_cast<int>(row.ours) << row.profile << row.key;
    }
}

TEST(OfferAnswerCrypto, OfTwoLinesTheEncryptedOneIsTaken) {
    OfferAnswer negotiation(1, "t");
    ASSERT_EQ(
        negotiation.handle_offer(phone_sdp("0") +
                                 "m=audio 40002 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 " +
                                 long_key + "\r\n"),
        std::nullopt);
    const auto answer = Description::parse(*negotiation.answer(encrypted(Protection::preferred)));
    EXPECT_EQ(answer->media[0].port, 0);
    EXPECT_EQ(answer->media[1].port, 20000);
    EXPECT_TRUE(negotiation.stream()->crypto);
}

TEST(OfferAnswerCrypto, WhatWasEncryptedIsNotTakenBack) {
    OfferAnswer negotiation(1, "t");
    const auto line = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " + long_key + "\r\n";
    ASSERT_EQ(negotiation.handle_offer(secure_sdp(line)), std::nullopt);
    ASSERT_TRUE(negotiation.answer(encrypted(Protection::preferred)));
    ASSERT_EQ(negotiation.handle_offer(phone_sdp("0")), std::nullopt);
    const auto refused = negotiation.answer(encrypted(Protection::preferred));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().what, "Encryption Required");
    negotiation.offer(encrypted(Protection::preferred));
    EXPECT_NE(negotiation.handle_answer(phone_sdp("0")), std::nullopt);
}

TEST(OfferAnswerCrypto, OurOfferAndItsAnswers) {
    for (const auto protection : {Protection::preferred, Protection::required}) {
        OfferAnswer negotiation(1, "t");
        const auto offer = Description::parse(negotiation.offer(encrypted(protection)));
        EXPECT_EQ(offer->media[0].attributes("crypto").size(), 2u);
        EXPECT_EQ(offer->media[0].is_secure(), protection == Protection::required);
        auto wrong = secure_sdp("a=crypto:1 AES_CM_128_HMAC_SHA1_80 " + long_key + "\r\n");
        EXPECT_NE(negotiation.handle_answer(wrong), std::nullopt) << "the tag of another line";
        auto good = secure_sdp("a=crypto:2 AES_CM_128_HMAC_SHA1_80 " + long_key + "\r\n");
        ASSERT_EQ(negotiation.handle_answer(good), std::nullopt);
        EXPECT_EQ(negotiation.stream()->crypto->local.key, Bytes(30, 8));
    }
    OfferAnswer negotiation(1, "t");
    negotiation.offer(encrypted(Protection::required));
    EXPECT_NE(negotiation.handle_answer(phone_sdp("0")), std::nullopt);
}

// ── DTLS, ICE, BUNDLE: as a browser offers them ──────────────────────────────────────────────────

const std::string fingerprint = "sha-256 " + [] {
    std::string out = "00";
    for (int i = 1; i < 32; ++i) out += ":A0";
    return out;
}();

std::string browser_sdp(std::string_view setup = "actpass", std::string_view print = fingerprint) {
    std::string out =
        "v=0\r\no=- 46117 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n"
        "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\na=ice-options:trickle\r\n";
    out.append("a=fingerprint:").append(print).append("\r\na=setup:").append(setup);
    return out + "\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
                 "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\n";
}
LocalMedia with_dtls(Protection protection = Protection::preferred) {
    auto out = encrypted(protection);
    out.fingerprint = "sha-256 11:22";
    out.ice = {"ours", "our-password-of-22-characters"};
    return out;
}

TEST(OfferAnswerDtls, ABrowsersOfferIsAnswered) {
    OfferAnswer negotiation(1, "t");
    ASSERT_EQ(negotiation.handle_offer(browser_sdp()), std::nullopt);
    const auto text = negotiation.answer(with_dtls());
    ASSERT_TRUE(text);
    const auto answer = *Description::parse(*text);
    EXPECT_TRUE(answer.attribute("ice-lite"));
    EXPECT_EQ(answer.attribute("group"), "BUNDLE 0");
    const auto& audio = answer.media[0];
    EXPECT_EQ(audio.proto, "UDP/TLS/RTP/SAVPF");
    EXPECT_EQ(audio.attribute("mid"), "0");
    EXPECT_EQ(audio.attribute("setup"), "passive");
    EXPECT_EQ(audio.attribute("fingerprint"), "sha-256 11:22");
    EXPECT_EQ(audio.attribute("ice-ufrag"), "ours");
    EXPECT_EQ(audio.attribute("candidate"), "1 1 UDP 2130706431 192.0.2.1 20000 typ host");
    EXPECT_EQ(audio.attributes("candidate").size(), 1u) << "RTCP goes the same way";
    EXPECT_FALSE(audio.has_attribute("crypto"));
    EXPECT_EQ(answer.media[1].port, 0);
    const auto& stream = *negotiation.stream();
    EXPECT_EQ(stream.dtls, (Dtls{false, fingerprint}));
    EXPECT_EQ(stream.ice, (Ice{"EsAw", "P2uYro0UCOQ4zxjKXaWCBui1"}));
    EXPECT_EQ(stream.direction, Direction::sendrecv) << "0.0.0.0 is no hold where there is ICE";
}

TEST(OfferAnswerDtls, WhoBeginsIsSaidByTheOffer) {
    for (const auto& [theirs, ours] :
         {std::pair{"actpass", "passive"}, {"active", "passive"}, {"passive", "active"}}) {
        OfferAnswer negotiation(1, "t");
        ASSERT_EQ(negotiation.handle_offer(browser_sdp(theirs)), std::nullopt);
        const auto answer = Description::parse(*negotiation.answer(with_dtls()));
        EXPECT_EQ(answer->media[0].attribute("setup"), ours);
        EXPECT_EQ(negotiation.stream()->dtls->we_begin, std::string_view(ours) == "active");
    }
}

TEST(OfferAnswerDtls, WhatCannotBeTrustedIsRefused) {
    for (const auto& [setup, print] : {std::pair<std::string, std::string>{"holdconn", fingerprint},
                                       {"actpass", ""},
                                       {"actpass", "sha-1 " + fingerprint.substr(8, 59)},
                                       {"actpass", fingerprint + ":00"},
                                       {"actpass", fingerprint.substr(0, 40)}}) {
        OfferAnswer negotiation(1, "t");
        ASSERT_EQ(negotiation.handle_offer(browser_sdp(setup, print)), std::nullopt);
        EXPECT_FALSE(negotiation.answer(with_dtls())) << setup << " " << print;
    }
    OfferAnswer negotiation(1, "t");
    ASSERT_EQ(negotiation.handle_offer(browser_sdp()), std::nullopt);
    EXPECT_FALSE(negotiation.answer(with_dtls(Protection::off)));
}

TEST(OfferAnswerDtls, OurReofferKeepsTheConnection) {
    OfferAnswer negotiation(1, "t");
    ASSERT_EQ(negotiation.handle_offer(browser_sdp()), std::nullopt);
    ASSERT_TRUE(negotiation.answer(with_dtls()));
    const auto offer = Description::parse(negotiation.offer(with_dtls()));
    EXPECT_EQ(offer->media[0].proto, "UDP/TLS/RTP/SAVPF");
    EXPECT_EQ(offer->media[0].attribute("setup"), "actpass");
    EXPECT_EQ(offer->media[0].attribute("mid"), "0");
    EXPECT_FALSE(offer->media[0].has_attribute("crypto"));
    ASSERT_EQ(negotiation.handle_answer(browser_sdp("active")), std::nullopt);
    EXPECT_EQ(negotiation.stream()->dtls, (Dtls{false, fingerprint}));
}

TEST(Crypto, LinesThatAreReadAndLinesThatAreNot) {
    EXPECT_TRUE(Crypto::parse("1 AES_CM_128_HMAC_SHA1_80 " + long_key));
    EXPECT_TRUE(Crypto::parse("1  AES_CM_128_HMAC_SHA1_80  " + long_key + "|2^31 WSH=64"));
    for (const auto& text :
         {std::string("x AES_CM_128_HMAC_SHA1_80 ") + long_key, std::string("1"), std::string(),
          std::string("1 S inline:"), std::string("1 S inline:%%%%"),
          std::string("1 S ") + long_key + "|2^20|1:4", std::string("1 S ") + long_key + "|1:4",
          std::string("1 S ") + long_key + ";" + long_key,
          std::string("1 S ") + long_key + " UNENCRYPTED_SRTP",
          std::string("1 S ") + long_key + " KDR=1"})
        EXPECT_FALSE(Crypto::parse(text)) << text;
}

} // namespace
} // namespace lyceum::sdp
