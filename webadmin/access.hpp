// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/http.hpp"
#include "base/random.hpp"
#include "webadmin/backend.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lyceum::webadmin {

/// Who asks, as it was proved.
struct Who {
    std::string name; ///< Of the account.
    Role role = Role::reader;
    std::string ticket; ///< By its id: a session or a token.
    /// What only our own page can say; empty: a token, which no page sends unasked.
    std::string csrf;
    /// The parts of the API that a token is for, by the first segments of their paths; empty: all.
    std::vector<std::string> scopes{};

    [[nodiscard]] bool is_for(std::string_view part) const {
        return scopes.empty() || std::find(scopes.begin(), scopes.end(), part) != scopes.end();
    }
};

/// A new ticket: what its owner says, once told and then unknown to us.
std::string issue(Accounts& accounts, Entropy& entropy, Ticket ticket);
/// The path with a one-time link, by which he chooses a password within a day.
std::string link_for(Accounts& accounts, Entropy& entropy, const Account& account, WallTime now);

/// Log-in: passwords, codes, sessions in cookies, tokens of programs, one-time links. A secret that
/// lets somebody in is known here by its hash only; a password by what argon2id makes of it.
///
/// Failures are slowed down: after `free_failures` for one name from one network, the next is
/// refused for a second, and twice as long each time, up to `wait_max`; so it is after ten times as
/// many for any names.
class Access {
public:
    static constexpr std::string_view cookie = "lyceum";
    static constexpr std::chrono::hours session_time{12};
    static constexpr int free_failures = 5;
    static constexpr std::chrono::seconds wait_max{900};
    static constexpr std::size_t strangers_max = 10'000; ///< Whose failures are remembered.
    static constexpr std::size_t password_min = 8, password_max = 128;
    static constexpr std::chrono::minutes challenge_time{5};
    static constexpr std::size_t challenges_max = 10'000, passkeys_max = 20; ///< Of one account.

    using Reply = std::function<void(http::Response)>;

    Access(Accounts& accounts, Passwords& passwords, Entropy& entropy)
        : accounts_(accounts), passwords_(passwords), entropy_(entropy) {}

    std::optional<Who> identify(const http::Request& request, WallTime now);
    /// Whether there is an account of that name.
    bool knows(const std::string& name) { return accounts_.account(name).has_value(); }
    /// Whether he is still let in.
    bool is_valid(const Who& who, WallTime now);
    /// Whether a request that changes something comes from our own page.
    static bool is_meant(const http::Request& request, const Who& who);

    /// \name What is asked for at /session. `sent` has been checked.
    ///@{
    void log_in(const Object& sent, const http::Request& request, WallTime now, Reply reply);
    void use_link(const Object& sent, const http::Request& request, WallTime now, Reply reply);
    void set_password(const Object& sent, const http::Request& request, const Who& who,
                      WallTime now, Reply reply);
    void log_out(const Who& who);
    /// A new secret, which counts once a code of it has been said.
    http::Response offer_totp(const Who& who);
    http::Response set_totp(const Object& sent, const Who& who, WallTime now);
    void clear_totp(const Who& who);
    /// What a browser needs to make a passkey, or, without somebody, to log in by one.
    http::Response offer_passkey(const http::Request& request, const std::optional<Who>& who,
                                 WallTime now);
    http::Response add_passkey(const Object& sent, const http::Request& request, const Who& who,
                               WallTime now);
    void use_passkey(const Object& sent, const http::Request& request, WallTime now,
                     const Reply& reply);
    http::Response list_passkeys(const Who& who);
    http::Response remove_passkey(const std::string& id, const Who& who);
    ///@}

    /// What is said of somebody who is logged in.
    [[nodiscard]] Object shown(const Who& who) const;

private:
    struct Failures {
        int count = 0;
        WallTime until{};
    };
    using Stranger = std::pair<std::string, IpAddress>;

    void start_session(const Account& account, const http::Request& request, WallTime now,
                       const Reply& reply);
    void handle_verified(bool right, const Stranger& stranger, const std::string& code,
                         const http::Request& request, WallTime now, const Reply& reply);
    std::optional<http::Response> refusal_of(const Stranger& stranger, WallTime now) const;
    void note_failure(const Stranger& stranger, WallTime now);
    void forget_failures(const Stranger& stranger);
    /// The challenge that client data is an answer to: it counts once. Empty: there is none.
    std::string take_challenge(const std::string& client_data, const std::string& of, WallTime now);
    bool uses_code(Account& account, std::string_view code, WallTime now);

    Accounts& accounts_;
    Passwords& passwords_;
    Entropy& entropy_;
    std::map<Stranger, Failures> failures_;
    std::map<std::string, std::string> offered_totp_; ///< By account: secrets not yet confirmed.
    struct Challenge {
        std::string text, of; ///< Of nobody yet: for log-in.
        WallTime until;
    };
    std::deque<Challenge> challenges_; ///< The oldest first.
};

} // namespace lyceum::webadmin
