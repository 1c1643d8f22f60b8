// SPDX-License-Identifier: Apache-2.0
#include "sip/dialog/dialog.hpp"
#include "tests/kit/sip.hpp"

#include <gtest/gtest.h>

namespace lyceum::sip {
namespace {

Message response(std::string_view more) {
    return kit::message(
        "SIP/2.0 200 OK\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\nFrom: <sip:us@h>;tag=u\n"
        "To: <sip:bob@x>;tag=t\nCall-ID: c\nCSeq: 1 INVITE\n" +
        std::string(more));
}
Message invite() {
    return kit::message(
        "INVITE sip:bob@x SIP/2.0\nFrom: <sip:us@h>;tag=u\nTo: <sip:bob@x>\nCall-ID: c\n"
        "CSeq: 1 INVITE\n");
}

TEST(Dialog, CalleeTakesRouteTargetAndTagsFromTheInvite) {
    auto dialog = Dialog::uas(
        kit::request("INVITE", "b", "Record-Route: <sip:p2;lr>, <sip:p1;lr>\n"), "mine");
    ASSERT_TRUE(dialog);
    EXPECT_EQ(dialog->key(), (DialogKey{"c1", "mine", "a1"}));
    const auto bye = dialog->request(Method::bye).finish();
    EXPECT_EQ(bye.request_uri(), "sip:alice@192.0.2.9:5060");
    EXPECT_EQ(bye.values(Header::route),
              (std::vector<std::string_view>{"<sip:p2;lr>", "<sip:p1;lr>"}));
    EXPECT_EQ(bye.header(Header::from), "<sip:demo@192.0.2.1>;tag=mine");
    EXPECT_EQ(bye.header(Header::to), "<sip:alice@192.0.2.9>;tag=a1");
    EXPECT_EQ(dialog->next_hop(), "sip:p2;lr");
}

TEST(Dialog, CallerTurnsTheRouteRound) {
    auto dialog = Dialog::uac(
        invite(),
        response(
            "Contact: <sip:bob@9.9.9.9>\nRecord-Route: <sip:p2;lr>\nRecord-Route: <sip:p1;lr>\n"));
    ASSERT_TRUE(dialog);
    EXPECT_EQ(dialog->route_set(), (std::vector<std::string>{"<sip:p1;lr>", "<sip:p2;lr>"}));
    EXPECT_EQ(dialog->request(Method::bye).finish().header(Header::cseq), "2 BYE");
    EXPECT_EQ(dialog->ack(1).finish().header(Header::cseq), "1 ACK");
}

TEST(Dialog, HeaderFieldsOfAContactAreNoPartOfTheTarget) {
    const auto target = [](const std::string& contact) {
        auto dialog = Dialog::uac(invite(), response("Contact: <" + contact + ">\n"));
        return std::string(dialog->request(Method::bye).finish().request_uri());
    };
    EXPECT_EQ(target("sip:bob@9.9.9.9?Subject=x"), "sip:bob@9.9.9.9");
    EXPECT_EQ(target("sip:gw?198.51.100.7"), "sip:gw");
    EXPECT_EQ(target("sip:who?@9.9.9.9;ob"), "sip:who?@9.9.9.9;ob") << "part of a name";
}

TEST(Dialog, AStrictRouterBecomesTheRequestUri) {
    auto dialog = Dialog::uac(
        invite(),
        response(
            "Contact: <sip:bob@9.9.9.9>\nRecord-Route: <sip:p2;lr>\nRecord-Route: <sip:p1>\n"));
    const auto bye = dialog->request(Method::bye).finish();
    EXPECT_EQ(bye.request_uri(), "sip:p1");
    EXPECT_EQ(bye.values(Header::route),
              (std::vector<std::string_view>{"<sip:p2;lr>", "<sip:bob@9.9.9.9>"}));
}

TEST(Dialog, SequenceNumbersOnlyGrow) {
    auto dialog = Dialog::uas(kit::request("INVITE"), "mine");
    EXPECT_TRUE(dialog->handle_cseq(2));
    EXPECT_TRUE(dialog->handle_cseq(2)) << "a CANCEL or ACK of the same number";
    EXPECT_FALSE(dialog->handle_cseq(1));
    EXPECT_TRUE(dialog->handle_cseq(200));
}

TEST(Dialog, NeedsATagAndAContact) {
    EXPECT_FALSE(Dialog::uac(invite(), kit::message("SIP/2.0 180 R\nTo: <sip:bob@x>\n")));
    EXPECT_FALSE(Dialog::uas(kit::message("INVITE sip:b@x SIP/2.0\nFrom: <sip:a@h>;tag=1\nTo: "
                                          "<sip:b@x>\nCall-ID: c\nCSeq: 1 INVITE\n"),
                             "m"));
}

} // namespace
} // namespace lyceum::sip
