// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/dialog/user_agent.hpp"
#include "tests/kit/recording_log.hpp"
#include "tests/kit/sip.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lyceum::kit {

/// Two user agents and the wire between them under a virtual clock: a caller and a server. A test
/// says what the wire loses and looks at what each side was told.
class AgentPair {
public:
    struct Side {
        Side(std::string_view ip, std::uint64_t seed, sip::UserAgent::Options options)
            : own(address(ip, 5060)), random(seed), entropy(seed), local(own),
              agent(std::move(options), random, entropy, local, log) {}

        SocketAddress own;
        RecordingLog log;
        Random random;
        SeededEntropy entropy;
        FixedAddresses local;
        sip::UserAgent agent;
        std::vector<sip::IncomingCall> calls;
        std::vector<sip::SessionEvent> events;

        template <class Event>
        [[nodiscard]] std::vector<Event> all() const {
            std::vector<Event> out;
            for (const auto& event : events)
                if (const auto* wanted = std::get_if<Event>(&event.event)) out.push_back(*wanted);
            return out;
        }
    };
    struct Packet {
        TimePoint at;
        bool to_server;
        std::string bytes;
    };
    static constexpr Duration latency = 10ms;

    explicit AgentPair(sip::UserAgent::Options options = {})
        : caller("192.0.2.9", 1, options), server("192.0.2.1", 2, options) {}

    /// Says whether the wire loses this message.
    std::function<bool(const sip::Message&, bool to_server)> lose = [](const auto&, bool) {
        return false;
    };
    /// Runs as soon as a call comes in at the server; accepts it by default.
    std::function<void(const sip::IncomingCall&)> on_call = [this](const sip::IncomingCall& call) {
        server.agent.accept(call.session, phone_sdp("0", "", "192.0.2.1"), now);
    };

    sip::SessionId call(std::string offer = phone_sdp()) {
        const auto id = caller.agent.call(
            {"sip:demo@192.0.2.1", "<sip:alice@192.0.2.9>", std::move(offer)}, now);
        drain();
        return id;
    }

    /// After a command to either side: moves what it has to say.
    void drain() {
        drain(caller, true);
        drain(server, false);
    }

    /// Lets so much time pass, event by event.
    void run(Duration time) {
        const auto end = now + time;
        while (step(end)) {
        }
        now = end;
    }

    void inject(std::string bytes, bool to_server) {
        wire.push_back({now + latency, to_server, std::move(bytes)});
    }

    TimePoint now{};
    Side caller, server;
    std::vector<std::pair<bool, sip::Message>>
        trace; ///< What the wire carried: to the server?, message.

    [[nodiscard]] int count(sip::Method method, bool to_server) const {
        int found = 0;
        for (const auto& [direction, message] : trace)
            found += direction == to_server && message.is_request() && message.method() == method;
        return found;
    }
    [[nodiscard]] int count(int status, bool to_server) const {
        int found = 0;
        for (const auto& [direction, message] : trace)
            found += direction == to_server && message.status() == status;
        return found;
    }

private:
    bool step(TimePoint end) {
        auto next = earlier(caller.agent.deadline(), server.agent.deadline());
        std::optional<std::size_t> first;
        for (std::size_t i = 0; i < wire.size(); ++i)
            if (!first || wire[i].at < wire[*first].at) first = i;
        if (first && (!next || wire[*first].at <= *next)) {
            if (wire[*first].at > end) return false;
            const auto packet = wire[*first];
            wire.erase(wire.begin() + static_cast<std::ptrdiff_t>(*first));
            now = packet.at;
            auto& side = packet.to_server ? server : caller;
            const auto& from = packet.to_server ? caller : server;
            side.agent.handle_message(parse(packet.bytes), {sip::Transport::udp, from.own, {}},
                                      now);
        } else {
            if (!next || *next > end) return false;
            now = std::max(now, *next);
            caller.agent.handle_timeout(now);
            server.agent.handle_timeout(now);
        }
        drain();
        return true;
    }

    void drain(Side& side, bool to_server) {
        while (auto output = side.agent.poll()) {
            if (auto* transmit = std::get_if<sip::Transmit>(&*output)) {
                auto message = parse(transmit->bytes);
                trace.emplace_back(to_server, message);
                if (!lose(message, to_server)) inject(std::move(transmit->bytes), to_server);
            } else if (auto* incoming = std::get_if<sip::IncomingCall>(&*output)) {
                side.calls.push_back(*incoming);
                if (&side == &server) on_call(*incoming);
            } else if (auto* event = std::get_if<sip::SessionEvent>(&*output)) {
                side.events.push_back(std::move(*event));
            }
        }
    }

    std::vector<Packet> wire;
};

} // namespace lyceum::kit
