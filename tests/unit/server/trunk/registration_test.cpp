// SPDX-License-Identifier: Apache-2.0
#include "server/trunk/registration.hpp"
#include "tests/kit/sip.hpp"

#include <gtest/gtest.h>

namespace lyceum::trunk {
namespace {

using sip::Header;
using State = Registration::State;

class RegistrationTest : public testing::Test {
protected:
    bool hear(int status, const std::string& more = {}) {
        auto text = "SIP/2.0 " + std::to_string(status) + " So\n" + more;
        return registration.handle_response(kit::message(text), now);
    }
    sip::Message ask() { return registration.request("sip:school@192.0.2.1:5060"); }

    TimePoint now{};
    SeededEntropy entropy{1};
    Registration registration{
        {.registrar = "sip:isp.test;transport=tcp", .login = {"school", "word"}}, entropy};
};

TEST_F(RegistrationTest, SaysWhoAndWhere) {
    const auto request = ask();
    EXPECT_EQ(request.request_uri(), "sip:isp.test;transport=tcp");
    EXPECT_EQ(request.header(Header::to), "<sip:school@isp.test>");
    EXPECT_EQ(request.header(Header::contact), "<sip:school@192.0.2.1:5060>");
    EXPECT_EQ(request.header(Header::expires), "3600");
    EXPECT_EQ(request.header(Header::cseq), "1 REGISTER");
    EXPECT_EQ(ask().header(Header::cseq), "2 REGISTER");
    EXPECT_EQ(ask().header(Header::call_id), request.header(Header::call_id));
}

TEST_F(RegistrationTest, ComesBackBeforeTheTimeThatWasGranted) {
    struct Row {
        const char* granted;
        Duration due;
    };
    for (const auto& row :
         {Row{"Expires: 600\n", 540s}, Row{"Expires: 60\n", 30s}, Row{"Expires: 40\n", 20s},
          Row{"", 3240s}, Row{"Expires: junk\n", 3240s},
          Row{"Contact: <sip:other@h>;expires=9\nContact: "
              "<sip:school@192.0.2.1:5060>;expires=1000\nExpires: 600\n",
              900s},
          Row{"Expires: 4000000000\n", 24h - 144min}}) {
        ask();
        EXPECT_FALSE(hear(200, row.granted));
        EXPECT_EQ(registration.state(), State::done);
        EXPECT_EQ(registration.due() - now, row.due) << row.granted;
    }
}

TEST_F(RegistrationTest, ShowsItsPasswordOnce) {
    const std::string challenge = "WWW-Authenticate: Digest realm=\"isp\", nonce=\"n\"\n";
    ask();
    EXPECT_TRUE(hear(401, challenge));
    EXPECT_TRUE(ask().header(Header::authorization));
    EXPECT_FALSE(hear(401, challenge));
    EXPECT_EQ(registration.state(), State::failed);
    EXPECT_EQ(registration.why(), "401 So");
    EXPECT_FALSE(ask().header(Header::authorization));
    EXPECT_TRUE(hear(401, challenge)) << "a new round, a new try";
    ask();
    EXPECT_FALSE(hear(200));
    EXPECT_EQ(registration.state(), State::done);
}

TEST_F(RegistrationTest, StaysAsLongAsItHasToButNotForEver) {
    ask();
    EXPECT_TRUE(hear(423, "Min-Expires: 7200\n"));
    EXPECT_EQ(ask().header(Header::expires), "7200");
    EXPECT_FALSE(hear(423, "Min-Expires: 60\n")) << "we asked for more";
    EXPECT_FALSE(hear(423, "Min-Expires: 4000000000\n"));
    EXPECT_FALSE(hear(423));
}

TEST_F(RegistrationTest, IsRefusedLessAndLessOften) {
    for (const auto wait : {30s, 60s, 120s, 240s, 480s, 600s, 600s}) {
        ask();
        registration.handle_failure(now);
        EXPECT_EQ(registration.due() - now, wait);
    }
    EXPECT_EQ(registration.why(), "no answer");
    ask();
    hear(200);
    EXPECT_EQ(registration.why(), "");
    ask();
    EXPECT_FALSE(hear(403));
    EXPECT_EQ(registration.due() - now, 30s);
}

} // namespace
} // namespace lyceum::trunk
