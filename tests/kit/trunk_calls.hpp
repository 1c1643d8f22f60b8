// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/kit/exchange.hpp"

#include <gtest/gtest.h>

namespace lyceum::kit {

struct Say {
    std::string more{}, body{};
    std::string tag = "g";
};

/// Alice's phone calls +4930123 by the trunk "provider", which has two gateways.
class TrunkCalls : public testing::Test {
protected:
    using Header = sip::Header;
    static inline const sip::Endpoint phone{sip::Transport::udp, address("192.0.2.9", 5060), {}};
    static inline const sip::Endpoint desk{sip::Transport::udp, address("192.0.2.20", 5060), {}};
    static inline const sip::Endpoint first{sip::Transport::udp, address("198.51.100.7", 5060), {}};
    static inline const sip::Endpoint second{
        sip::Transport::udp, address("198.51.100.8", 5060), {}};

    TrunkCalls() {
        exchange.routes.push_back({"+.", "trunk:provider"});
        provider.name = "provider";
        provider.gateways = {{"sip:198.51.100.7", 1}, {"sip:198.51.100.8", 2}};
        provider.caller = "+4989100";
    }
    void start() {
        exchange.set_trunks({provider});
        exchange.hand_in(answer(*exchange.next("OPTIONS"), 200), first);
        exchange.hand_in(answer(*exchange.next("OPTIONS"), 200), second);
    }
    using Sent = Exchange::Sent;

    static sip::Message answer(const Sent& to, int status, const Say& say = {}) {
        const auto method = to.message.method();
        auto writer = sip::MessageWriter::reply(to.message, status, {}, say.tag);
        writer.copy(to.message, Header::record_route);
        if (method == sip::Method::invite && status < 300)
            writer.header(Header::contact, "<sip:gw@198.51.100.7:5060>");
        for (std::string_view rest = say.more; !rest.empty();) {
            auto line = cut(rest, '\n');
            const auto name = cut(line, ':');
            writer.header(name, trim(line));
        }
        return writer.finish({}, say.body);
    }
    sip::Message request(const std::string& method, const std::string& more = {},
                         const std::string& body = {}, const std::string& from = "alice") {
        const auto number = std::to_string(++cseq);
        return message(
            method +
                " sip:+4930123@school.test SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch="
                "z9hG4bKp" +
                number + "\nMax-Forwards: 70\nFrom: \"Alice\" <sip:" + from +
                ">;tag=p\nTo: <sip:+4930123@school.test>\nCall-ID: c1\nCSeq: " + number + " " +
                method + "\nContact: <sip:alice@192.0.2.9:5060>\n" + more,
            body);
    }
    /// With the password when asked for it. Afterwards the INVITE is with a gateway.
    void dial(const std::string& more = {}, const std::string& body = {},
              const std::string& from = "alice@school.test") {
        exchange.hand_in(request("INVITE", more, body, from), phone);
        const auto asked = heard(407);
        ASSERT_TRUE(asked);
        const auto credentials = sip::answer_challenge(*asked, {"alice", "secret"}, "INVITE",
                                                       "sip:+4930123@school.test", "cn");
        exchange.hand_in(request("INVITE",
                                 "Proxy-Authorization: " + credentials->value + "\n" + more, body,
                                 from),
                         phone);
        invite_cseq = cseq;
    }
    /// The last thing that the phone was told, if it had this status; 100 is not looked at.
    std::optional<sip::Message> heard(int status) {
        std::optional<sip::Message> out;
        while (auto each = exchange.next(std::to_string(status)))
            if (each->to == phone) out = std::move(each->message);
        return out;
    }
    /// As header lines, for who got this answer.
    static std::string routes_of(const sip::Message& answer) {
        std::string out;
        const auto all = answer.values(Header::record_route);
        for (auto each = all.rbegin(); each != all.rend(); ++each)
            out.append("Route: ").append(*each).append("\n");
        return out;
    }
    /// A request of the phone in the dialog that this answer made.
    sip::Message inside(const std::string& method, const sip::Message& dialog,
                        const std::string& more = {}, const std::string& body = {},
                        int number = 0) {
        const auto contact = sip::NameAddr::parse(*dialog.header(Header::contact));
        const auto counted = std::to_string(number != 0 ? number : ++cseq);
        return message(
            method + " " + std::string(contact->uri_text) +
                " SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKi" + counted + method +
                "\nMax-Forwards: 70\nFrom: " + std::string(*dialog.header(Header::from)) +
                "\nTo: " + std::string(*dialog.header(Header::to)) +
                "\nCall-ID: c1\nCSeq: " + counted + " " + method +
                "\nContact: <sip:alice@192.0.2.9:5060>\n" + routes_of(dialog) + more,
            body);
    }
    /// A request of the gateway in the dialog that our INVITE made.
    static sip::Message back(const std::string& method, const Sent& invite, int number,
                             const std::string& more = {}, const std::string& body = {}) {
        const auto contact = sip::NameAddr::parse(*invite.message.header(Header::contact));
        return message(method + " " + std::string(contact->uri_text) +
                           " SIP/2.0\nVia: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKg" +
                           std::to_string(number) + "\nMax-Forwards: 70\nFrom: " +
                           std::string(*invite.message.header(Header::to)) +
                           ";tag=g\nTo: " + std::string(*invite.message.header(Header::from)) +
                           "\nCall-ID: " + std::string(*invite.message.header(Header::call_id)) +
                           "\nCSeq: " + std::to_string(number) + " " + method +
                           "\nContact: <sip:gw@198.51.100.7:5060>\n" + more,
                       body);
    }
    /// A call that talks; `invite` is what the gateway got, `ok` what the phone heard.
    void connect() {
        start();
        dial();
        invite = exchange.next("INVITE");
        ASSERT_TRUE(invite);
        exchange.hand_in(answer(*invite, 200), first);
        ok = heard(200);
        ASSERT_TRUE(ok);
        exchange.hand_in(inside("ACK", *ok, {}, {}, invite_cseq), phone);
        ASSERT_TRUE(exchange.next("ACK"));
    }
    /// Where the next such message went; nowhere: there was none.
    sip::Endpoint sent_to(const std::string& what) {
        const auto sent = exchange.next(what);
        return sent ? sent->to : sip::Endpoint{};
    }
    void expect_rest() {
        EXPECT_EQ(exchange.b2bua.size(), 0u);
        exchange.run(70s);
        while (const auto each = exchange.next("OPTIONS"))
            if (each->to != phone) exchange.hand_in(answer(*each, 200), each->to);
        EXPECT_EQ(exchange.b2bua.deadline(), std::nullopt);
    }

    Exchange exchange;
    trunk::Trunk provider;
    std::optional<Sent> invite;
    std::optional<sip::Message> ok;
    int cseq = 0, invite_cseq = 0;
};

} // namespace lyceum::kit
