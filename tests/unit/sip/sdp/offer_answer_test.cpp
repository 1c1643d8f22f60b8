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

} // namespace
} // namespace lyceum::sdp
