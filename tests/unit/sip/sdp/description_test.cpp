// SPDX-License-Identifier: Apache-2.0
#include "sip/sdp/description.hpp"
#include "tests/kit/sip.hpp"

#include <gtest/gtest.h>

namespace lyceum::sdp {
namespace {

/// RFC 8866 §5.
constexpr const char* example =
    "v=0\r\no=jdoe 3724394400 3724394405 IN IP4 198.51.100.1\r\ns=Call to John Smith\r\n"
    "i=SDP Offer #1\r\nu=http://www.jdoe.example.com/home.html\r\n"
    "e=Jane Doe <jane@jdoe.example.com>\r\np=+1 617 555-6011\r\nc=IN IP4 198.51.100.1\r\n"
    "t=0 0\r\nm=audio 49170 RTP/AVP 0\r\nm=audio 49180 RTP/AVP 0\r\n"
    "m=video 51372/2 RTP/AVP 99\r\nc=IN IP6 2001:db8::2\r\na=rtpmap:99 h263-1998/90000\r\n"
    "a=x-unknown:stays\r\n";

TEST(Description, IsLossless) {
    const auto parsed = Description::parse(example);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->to_string(), example);
    ASSERT_EQ(parsed->media.size(), 3u);
    EXPECT_EQ(parsed->media[2].port_count, 2u);
    EXPECT_EQ(parsed->address(parsed->media[0])->to_string(), "198.51.100.1");
    EXPECT_EQ(parsed->address(parsed->media[2])->to_string(), "2001:db8::2");
}

TEST(Description, FormatsComeFromRtpmapAndTheStaticTable) {
    const auto parsed = Description::parse(lyceum::kit::phone_sdp(
        "0 9 111 101 120",
        "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1;maxaveragebitrate=20000\r\n"
        "a=rtpmap:101 telephone-event/8000\r\n"));
    ASSERT_TRUE(parsed);
    const auto formats = parsed->media[0].rtp_formats();
    ASSERT_EQ(formats.size(), 4u) << "120 has no rtpmap";
    EXPECT_EQ(formats[0].name, "PCMU");
    EXPECT_EQ(formats[1].name, "G722");
    EXPECT_EQ(formats[2],
              (Format{111, "opus", 48000, 2, "useinbandfec=1;maxaveragebitrate=20000"}));
    EXPECT_EQ(fmtp_param(formats[2].fmtp, "MaxAverageBitrate"), "20000");
    EXPECT_EQ(formats[3].name, "telephone-event");
}

TEST(Description, DirectionsAndTheOldHold) {
    struct Row {
        const char* lines;
        const char* ip;
        Direction direction;
    };
    for (const auto& row : {Row{"", "192.0.2.9", Direction::sendrecv},
                            Row{"a=sendonly\r\n", "192.0.2.9", Direction::sendonly},
                            Row{"a=inactive\r\n", "192.0.2.9", Direction::inactive},
                            Row{"", "0.0.0.0", Direction::sendonly},
                            Row{"a=recvonly\r\n", "0.0.0.0", Direction::inactive}}) {
        const auto parsed = Description::parse(lyceum::kit::phone_sdp("0", row.lines, row.ip));
        EXPECT_EQ(parsed->direction(parsed->media[0]), row.direction) << row.lines << row.ip;
    }
}

TEST(Description, RefusesBrokenText) {
    const std::string start = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n";
    for (const auto& text :
         {std::string(), std::string("v=1\r\no=x\r\n"), std::string("v=0\r\n"),
          start + "m=audio\r\n", start + "m=audio x RTP/AVP 0\r\n",
          start + "m=audio 99999 RTP/AVP 0\r\n", start + "m=audio 1/0 RTP/AVP 0\r\n",
          start + "m=audio 1 RTP/AVP\r\n", start + "hello\r\n", start + std::string(70000, 'a')})
        EXPECT_FALSE(Description::parse(text)) << text.substr(0, 80);
    std::string many = start;
    for (int i = 0; i < 65; ++i) many += "m=audio 1 RTP/AVP 0\r\n";
    EXPECT_FALSE(Description::parse(many));
}

} // namespace
} // namespace lyceum::sdp
