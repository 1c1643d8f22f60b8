// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/dialog/user_agent.hpp"
#include "sip/sdp/offer_answer.hpp"
#include "tests/sim/world.hpp"

namespace lyceum::sim {

/// A telephone with a mind of its own: calls rooms that are there and rooms that are not, and other
/// people; answers, declines or lets it ring; holds and resumes, hangs up, cancels, or is unplugged
/// in the middle of a call.
class Phone {
public:
    Phone(World& world, int number);

    void handle_sip(std::string bytes);
    void handle_timeout();
    [[nodiscard]] std::optional<TimePoint> deadline() const {
        return dead_ ? std::nullopt : agent_.deadline();
    }

    /// One thing at random.
    void act();
    /// Hangs up for good.
    void retire();
    [[nodiscard]] bool at_rest() const {
        return dead_ || (agent_.session_count() == 0 && agent_.transactions().size() == 0);
    }

    [[nodiscard]] bool is_talking() const { return !dead_ && established_; }

private:
    [[nodiscard]] std::string description(std::string_view more = {}) const;
    void call();
    void be_called(sip::IncomingCall call);
    void send_frame();
    void drain();

    World& world_;
    int number_;
    SocketAddress sip_, rtp_;
    NullLog log_;
    SeededEntropy entropy_;
    Random random_;
    kit::FixedAddresses local_;
    sip::UserAgent agent_;
    std::optional<sip::SessionId> session_;
    std::optional<SocketAddress> remote_rtp_;
    bool established_ = false, held_ = false, sending_ = false;
    bool dead_ = false; ///< Unplugged: hears and says nothing any more.
    std::uint16_t sequence_ = 0;
    std::uint32_t timestamp_ = 0;
};

} // namespace lyceum::sim
