// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/event/notifier.hpp"
#include "tests/kit/recording_log.hpp"
#include "tests/kit/sip.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lyceum::kit {

/// A notifier with a package `weather`, whose state is a text for each resource, beside its user
/// agent. What is to be kept is kept at once, unless a test says otherwise.
class NotifierKit : public sip::EventSource {
public:
    explicit NotifierKit(sip::Notifier::Options options = {})
        : notifier(std::move(options), agent, local, entropy, log) {
        notifier.add({"weather", {"text/plain", "text/html"}, this});
    }

    sip::EventState state(std::string_view resource, std::string_view watcher,
                          std::string_view type) override {
        ++rendered;
        const auto found = weather.find(std::string(resource));
        if (found == weather.end()) return nullptr;
        return std::make_shared<sip::EventBody>(std::string(watcher) + " sees " + found->second +
                                                " as " + std::string(type));
    }

    struct Sent {
        sip::Message message;
        sip::Endpoint to;
    };

    /// A SUBSCRIBE from the phone at 192.0.2.9; `call` names its dialog.
    sip::Message subscribe(const std::string& call, const std::string& more = {},
                           const std::string& to_tag = {}, int cseq = 1) {
        return message(
            "SUBSCRIBE sip:paris@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK" +
            call + std::to_string(cseq) + "\nMax-Forwards: 70\nFrom: <sip:ann@192.0.2.1>;tag=f" +
            call + "\nTo: <sip:paris@192.0.2.1>" + (to_tag.empty() ? "" : ";tag=" + to_tag) +
            "\nCall-ID: " + call + "\nCSeq: " + std::to_string(cseq) +
            " SUBSCRIBE\nContact: <sip:ann@192.0.2.9>\nEvent: " + event + "\n" + more);
    }

    void hand_in(const sip::Message& message, const sip::Endpoint& from) {
        agent.handle_message(message, from, now);
        drain();
    }
    void hand_in(const sip::Message& message) { hand_in(message, phone); }

    /// Answers the NOTIFY.
    void answer(const Sent& notify, int status = 200, const std::string& more = {}) {
        auto writer = sip::MessageWriter::reply(notify.message, status, {}, "x");
        if (!more.empty()) writer.header(sip::Header::retry_after, more);
        hand_in(parse(writer.finish().bytes()), notify.to);
    }

    /// Takes the next message that was sent, of this method or status.
    std::optional<Sent> next(const std::string& what) {
        for (auto each = sent.begin(); each != sent.end(); ++each) {
            const auto& message = each->message;
            const auto name = message.is_request() ? std::string(message.method_name())
                                                   : std::to_string(message.status());
            if (name != what) continue;
            auto out = std::move(*each);
            sent.erase(each);
            return out;
        }
        return std::nullopt;
    }

    void change(const std::string& resource, const std::string& to) {
        weather[resource] = to;
        notifier.change("weather", resource, now);
        drain();
    }

    void run(Duration time) {
        const auto end = now + time;
        while (true) {
            const auto due = earlier(agent.deadline(), notifier.deadline());
            if (!due || *due > end) break;
            now = std::max(now, *due);
            agent.handle_timeout(now);
            notifier.handle_timeout(now);
            drain();
        }
        now = end;
    }
    void drain() {
        while (auto output = agent.poll()) {
            if (auto* transmit = std::get_if<sip::Transmit>(&*output))
                sent.push_back({parse(std::move(transmit->bytes)), transmit->to});
            else if (!notifier.handle_stranger(*output, now)) handle(*output);
        }
        while (auto output = notifier.poll()) {
            if (auto* save = std::get_if<sip::Notifier::Save>(&*output)) {
                disk.insert_or_assign(save->subscription.id, save->subscription);
                if (keeps) notifier.handle_saved(save->id, *keeps, now);
                else unanswered.push_back(save->id);
                return drain();
            }
            if (const auto* forget = std::get_if<sip::Notifier::Forget>(&*output))
                disk.erase(forget->subscription);
            else if (std::holds_alternative<sip::Notifier::Watched>(*output)) ++watched;
            else wanted.push_back(std::get<sip::Locate>(*output));
        }
    }

    TimePoint now{};
    sip::Endpoint phone{sip::Transport::udp, address("192.0.2.9", 5060), {}};
    std::string event = "weather";
    std::map<std::string, std::string> weather{{"paris", "sun"}};
    bool pending = false;             ///< What the owner says of a new watcher.
    std::optional<bool> keeps = true; ///< Whether the disk does; none: it takes its time.
    std::vector<sip::Notifier::SaveId> unanswered;
    std::map<sip::SubscriptionId, sip::Subscription> disk;
    std::vector<sip::Locate> wanted;
    std::vector<Sent> sent;
    int rendered = 0, watched = 0;

    Random random{1};
    SeededEntropy entropy{1};
    FixedAddresses local;
    RecordingLog log;
    sip::UserAgent agent{{.shows_strangers = true}, random, entropy, local, log};
    sip::Notifier notifier;

private:
    void handle(const sip::UserAgent::Output& shown) {
        const auto* received = std::get_if<sip::RequestReceived>(&shown);
        if (!received) return;
        if (const auto* known = notifier.find(received->request))
            return notifier.refresh(known->id, *received, now);
        const auto to = sip::NameAddr::parse(*received->request.header(sip::Header::to));
        if (to->tag()) return agent.take(*received, now);
        sip::Notifier::Asked asked{std::string(to->uri()->user_name()), "ann", pending};
        if (asked.resource == "all") asked.list.emplace();
        notifier.subscribe(*received, std::move(asked), now);
    }
};

} // namespace lyceum::kit
