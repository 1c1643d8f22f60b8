// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/auth/digest_client.hpp"
#include "tests/kit/proxy_calls.hpp"

#include <vector>

namespace lyceum::kit {

/// Members who watch, publish and are told.
class PresenceCalls : public ProxyCalls {
protected:
    /// The request of a member, with his password, from outside; his address is in From.
    sip::Message from_member(const std::string& user, Ask what) {
        what.from = "sip:" + user + "@school.test";
        exchange.hand_in(request(what), outside);
        const auto challenge = answered();
        EXPECT_EQ(challenge->status(), 401);
        const auto credentials =
            sip::answer_challenge(*challenge, {user, "secret"}, what.method, what.uri, "c");
        what.more += "Authorization: " + credentials->value + "\n";
        exchange.hand_in(request(what), outside);
        const auto answer = answered();
        return answer ? *answer : sip::Message{};
    }
    sip::Message subscribe(const std::string& user, const std::string& to,
                           const std::string& event = "presence", const std::string& more = {}) {
        return from_member(user, {.method = "SUBSCRIBE",
                                  .uri = to,
                                  .more = "Event: " + event + "\n" + more,
                                  .call_id = user + to + event});
    }
    sip::Message publish(const std::string& user, const std::string& to, const std::string& body,
                         const std::string& more = {}) {
        return from_member(user,
                           {.method = "PUBLISH",
                            .uri = to,
                            .more = more + "Event: presence\nContent-Type: application/pidf+xml\n",
                            .body = body});
    }
    /// The NOTIFYs that are under way, by their watcher's resource; each is answered.
    std::vector<sip::Message> notified() {
        exchange.run(1ms);
        std::vector<sip::Message> out;
        while (auto notify = exchange.next("NOTIFY")) {
            auto ok = sip::MessageWriter::reply(notify->message, 200).finish();
            exchange.hand_in(kit::parse(ok.bytes()), notify->to);
            out.push_back(std::move(notify->message));
            exchange.run(1ms);
        }
        return out;
    }
    /// The body of the only one.
    std::string told() {
        const auto all = notified();
        EXPECT_EQ(all.size(), 1u);
        return all.size() == 1 ? std::string(all.front().body()) : std::string();
    }
};

} // namespace lyceum::kit
