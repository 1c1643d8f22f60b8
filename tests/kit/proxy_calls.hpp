// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/kit/exchange.hpp"

#include <gtest/gtest.h>

namespace lyceum::kit {

/// Somebody outside calls, and what he gets to see; and members with their passwords.
class ProxyCalls : public testing::Test {
protected:
    using Header = sip::Header;
    static inline const sip::Endpoint outside{
        sip::Transport::udp, address("203.0.113.9", 5060), {}};
    static inline const sip::Endpoint desk{sip::Transport::udp, address("192.0.2.20", 5060), {}};

    ProxyCalls() = default;
    explicit ProxyCalls(routing::Router::Options routing) : exchange({}, std::move(routing)) {}

    struct Ask {
        std::string method = "INVITE", uri = "sip:bob@school.test";
        std::string from = "sip:eve@far.test", more, body;
        std::string to_tag, call_id = "c1";
        int max_forwards = 70;
    };
    sip::Message request(const Ask& ask) {
        const auto number = std::to_string(++cseq);
        std::string text = ask.method + " " + ask.uri + " SIP/2.0\n";
        if (ask.more.find("Via:") == std::string::npos)
            text.append("Via: SIP/2.0/UDP 203.0.113.9:5060;branch=z9hG4bKe" + number + "\n");
        text.append("From: <" + ask.from + ">;tag=e\nTo: <" + ask.uri + ">");
        text.append(ask.to_tag.empty() ? "" : ";tag=" + ask.to_tag);
        text.append("\nCall-ID: " + ask.call_id + "\nCSeq: " + number + " " + ask.method);
        text.append("\nMax-Forwards: " + std::to_string(ask.max_forwards));
        text.append("\nContact: <sip:eve@203.0.113.9:5060>\n" + ask.more);
        return message(text, ask.body);
    }
    /// What a caller outside gets to see, or 0: nothing final yet.
    int ask(const Ask& what) {
        exchange.hand_in(request(what), outside);
        const auto answer = answered();
        return answer ? answer->status() : 0;
    }
    std::optional<sip::Message> answered() {
        std::optional<sip::Message> last;
        for (auto each = exchange.sent.begin(); each != exchange.sent.end();) {
            const bool answer = each->message.is_response() && each->to == outside;
            if (answer) last = each->message;
            each = answer ? exchange.sent.erase(each) : each + 1;
        }
        return last;
    }
    /// With the password, after the challenge.
    sip::Message signed_by(const std::string& user, Ask what) {
        exchange.hand_in(request(what), outside);
        const auto challenge = answered();
        EXPECT_EQ(challenge->status(), 407);
        return signed_with(*challenge, user, std::move(what));
    }
    sip::Message signed_with(const sip::Message& challenge, const std::string& user, Ask what) {
        const auto credentials =
            sip::answer_challenge(challenge, {user, "secret"}, what.method, what.uri, "c");
        what.more += "Proxy-Authorization: " + credentials->value + "\n";
        return request(what);
    }
    static sip::Message answer_to(const sip::Message& request, int status,
                                  const std::string& contact = "sip:bob@192.0.2.20:5060") {
        auto writer = sip::MessageWriter::reply(request, status, {}, "b");
        writer.copy(request, Header::record_route);
        return writer.header(Header::contact, "<" + contact + ">").finish();
    }

    static std::vector<std::string> history(const sip::Message& message) {
        std::vector<std::string> out;
        for (const auto& field : message.fields())
            if (message.name(field) == "History-Info") out.emplace_back(message.value(field));
        return out;
    }

    Exchange exchange;
    int cseq = 0;
};

} // namespace lyceum::kit
