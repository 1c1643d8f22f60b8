// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline_queue.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "server/b2bua/bridge.hpp"
#include "sip/dialog/user_agent.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace lyceum::b2bua {

/// Calls by trunks that somebody here takes from somebody else, by an INVITE whose Replaces names
/// the dialog of that one with us (RFC 3891): the other half of an attended transfer, where the
/// phone of who gets the call is told to fetch it.
///
///     C ──INVITE, Replaces──▶   re-INVITE of the gateway with what C says
///                               the gateway agrees ──▶ C in the place of A; 200 to C, BYE to A
///
/// Who calls has proven who he is, and knows the dialog. A call that only rings is B2bua's to give
/// to another; the answers to both are repeated here until their ACKs come (RFC 3261 §13.3.1.4).
class Takeovers {
public:
    Takeovers(std::string server_name, sip::UserAgent& agent, Bridge& bridge, Entropy& entropy,
              Log& log);

    /// A new INVITE from inside. False: it replaces nothing.
    bool handle_invite(const sip::RequestReceived& received, TimePoint now);
    /// Answers an INVITE that has made this dialog, or the pair is hung up.
    void answer(PairId pair, sip::TransactionId invite, const sip::DialogKey& dialog,
                sip::Message success, TimePoint now);
    /// A CANCEL comes too late: the gateway has been asked. False: it is of something else.
    bool handle_cancel(const sip::RequestReceived& received, TimePoint now);
    void handle_ack(const sip::Message& ack);
    /// False: it was about something else.
    bool handle_reinvited(const Bridge::Reinvited& reinvited, TimePoint now);
    void handle_over(PairId pair, TimePoint now);
    void handle_timeout(TimePoint now);

    [[nodiscard]] std::optional<TimePoint> deadline() const { return repeats_.deadline(); }
    [[nodiscard]] std::size_t size() const { return takeovers_.size() + answers_.size(); }

private:
    struct Takeover {
        Bridge::Side side;
        sip::RequestReceived invite;
        sip::Dialog dialog;
    };
    struct Answer { ///< Sent again until its ACK comes.
        PairId pair;
        sip::TransactionId invite;
        sip::DialogKey dialog;
        sip::Message success;
        Duration interval;
        TimePoint give_up;
    };

    void forget(std::uint64_t answer);
    void refuse(const sip::RequestReceived& received, int status, TimePoint now);

    std::string server_name_;
    sip::UserAgent& agent_;
    Bridge& bridge_;
    Entropy& entropy_;
    Log& log_;
    std::map<PairId, Takeover> takeovers_; ///< Whose gateway has been asked.
    std::map<std::uint64_t, Answer> answers_;
    std::uint64_t last_answer_ = 0;
    DeadlineQueue<std::uint64_t> repeats_;
};

} // namespace lyceum::b2bua
