// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "base/time.hpp"
#include "sip/auth/digest_client.hpp"
#include "sip/message/message.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace lyceum::trunk {

/// Our entry with a provider's registrar, RFC 3261 §10.2: says what to send and when, and learns
/// from what comes back. Who sends it, and where, is its owner's business.
class Registration {
public:
    enum class State {
        begun, ///< Nothing is known yet.
        done,
        failed, ///< Refused, or nobody answered; tried again, less and less often.
    };
    struct Options {
        std::string registrar; ///< "sip:example.net": whom we ask, and our domain there.
        sip::Login login;
        std::string server_name = "Lyceum";
        Duration expires = 3600s;
        Duration retry_min = 30s, retry_max = 600s;
    };

    Registration(Options options, Entropy& entropy);

    /// The next REGISTER, without Via; `contact` is where we are reached, without brackets.
    sip::Message request(const std::string& contact);

    /// True: what was wrong can be mended, so `request` is to be sent at once.
    bool handle_response(const sip::Message& response, TimePoint now);
    void handle_failure(TimePoint now);

    [[nodiscard]] State state() const { return state_; }
    /// When the next `request` is due.
    [[nodiscard]] TimePoint due() const { return due_; }
    /// What the registrar said last when it refused: "403 Forbidden"; "no answer".
    [[nodiscard]] const std::string& why() const { return why_; }

private:
    void fail(std::string why, TimePoint now);

    Options options_;
    Entropy& entropy_;
    std::string call_id_, from_tag_;
    std::uint32_t cseq_ = 0;
    std::optional<sip::Credentials> credentials_;
    std::string asked_; ///< The URI that the credentials are for.
    bool answered_challenge_ = false;
    State state_ = State::begun;
    TimePoint due_{};
    Duration retry_;
    std::string why_;
};

} // namespace lyceum::trunk
