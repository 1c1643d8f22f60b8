// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "sip/dialog/user_agent.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/kit/sip.hpp"

#include <vector>

namespace lyceum::fuzz {
namespace {

/// Two user agents driven by the input: commands, losses, time. At the end both must come to rest.
class Drive {
public:
    explicit Drive(ByteView input) : in_(input) {}

    void run() {
        while (in_.left() > 0) {
            act(in_.u8());
            drain();
        }
        hang_up_all();
        // Everything is delivered from now on; the longest that a session can last is its interval.
        for (int i = 0; i < 4000 && (agents_[0].deadline() || agents_[1].deadline()); ++i) {
            now_ += 2s;
            tick();
            hang_up_all(); // Calls that were still on their way.
        }
        for (auto& agent : agents_) {
            LYCEUM_ASSERT(agent.session_count() == 0);
            LYCEUM_ASSERT(agent.transactions().size() == 0);
        }
    }

private:
    void hang_up_all() {
        for (std::size_t side = 0; side < 2; ++side)
            for (const auto id : sessions_[side]) agents_[side].hang_up(id, "end", now_);
        drain();
    }

    void act(std::uint8_t what) {
        const int side = what & 1;
        auto& agent = agents_[side];
        const auto argument = in_.u8();
        const auto& known = sessions_[side];
        const auto id = known.empty() ? sip::SessionId{} : known[argument % known.size()];
        switch ((what >> 1) % 10) {
        case 0:
            if (known.size() < 4)
                sessions_[side].push_back(agent.call({side ? "sip:a@192.0.2.9" : "sip:b@192.0.2.1",
                                                      "<sip:x@h>",
                                                      argument & 1 ? kit::phone_sdp() : "",
                                                      {},
                                                      argument & 2 ? "c1;to-tag=x;from-tag=y" : ""},
                                                     now_));
            break;
        case 1: agent.accept(id, kit::phone_sdp("0"), now_); break;
        case 2: agent.reject(id, 486, {}, now_); break;
        case 3:
            agent.ring(id, 180 + argument % 4, argument & 1 ? kit::phone_sdp("0") : "", now_);
            break;
        case 4: agent.hang_up(id, "x", now_); break;
        case 5: agent.offer(id, kit::phone_sdp("8"), now_); break;
        case 6: agent.answer(id, kit::phone_sdp("0"), now_); break;
        case 7: agent.refuse(id, 488, {}, now_); break;
        case 8: lose_ = argument % 8; break;
        default:
            now_ += argument * 50ms;
            tick();
            break;
        }
    }

    void tick() {
        for (auto& agent : agents_) agent.handle_timeout(now_);
        drain();
    }

    void drain() {
        for (bool busy = true; busy;) {
            busy = false;
            for (std::size_t side = 0; side < 2; ++side)
                while (auto output = agents_[side].poll()) {
                    busy = true;
                    if (auto* transmit = std::get_if<sip::Transmit>(&*output))
                        deliver(side, transmit->bytes);
                    else if (auto* call = std::get_if<sip::IncomingCall>(&*output))
                        sessions_[side].push_back(call->session);
                }
        }
    }

    void deliver(std::size_t from, const std::string& bytes) {
        if (in_.left() > 0 && lose_ && ++sent_ % lose_ == 0) return;
        const auto address = kit::address(from == 0 ? "192.0.2.9" : "192.0.2.1", 5060);
        agents_[1 - from].handle_message(kit::parse(bytes), {sip::Transport::udp, address, {}},
                                         now_);
    }

    ByteReader in_;
    TimePoint now_{};
    unsigned lose_ = 0, sent_ = 0;
    Random random_{1};
    SeededEntropy entropy_{1};
    NullLog log_;
    kit::FixedAddresses addresses_[2] = {kit::FixedAddresses(kit::address("192.0.2.9", 5060)),
                                         kit::FixedAddresses(kit::address("192.0.2.1", 5060))};
    sip::UserAgent agents_[2] = {{{}, random_, entropy_, addresses_[0], log_},
                                 {{}, random_, entropy_, addresses_[1], log_}};
    std::vector<sip::SessionId> sessions_[2];
};

} // namespace

void fuzz_session(ByteView input) {
    Drive(input.first(std::min<std::size_t>(input.size(), 400))).run();
}

} // namespace lyceum::fuzz
