// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/core.hpp"
#include "server/routing/plan.hpp"
#include "sip/message/message.hpp"

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lyceum::proxy {

/// One request on its way to several places, RFC 3261 §16.5 to §16.10: which branches are begun and
/// when, which are cancelled and why (RFC 3326), and what becomes of their responses. The response
/// context of §16.7, without transactions and without addresses: the owner sends, and strips the
/// Via of responses before it hands them in.
///
///     group of targets ──all failed, or rang too long──▶ next group that the outcome asks for
///            │ 2xx: passed on, the others are cancelled
///            │ 6xx: the others are cancelled, no further group
///            └ none left: the best of the failures is the answer
class Fork {
public:
    using Branch = std::size_t;

    struct Options {
        bool invite = true;
        bool recurses = true; ///< A 3xx is asked about, and not just one of the failures.
        unsigned redirections_max = 5;
        Duration timer_c = 181s; ///< §16.6, 11: more than three minutes.
    };

    /// \name Outputs
    ///@{
    struct Try { ///< Begin a client transaction for this target.
        Branch branch;
        routing::Target target;
        std::size_t breadth; ///< How many are begun together (RFC 5393 §5.3.3).
    };
    struct Cancel {
        Branch branch;
        std::string reason; ///< A Reason value, or empty.
    };
    struct PassOn { ///< A response that goes back.
        sip::Message response;
    };
    struct Finish { ///< Nobody has said anything: an answer of our own.
        int status;
    };
    struct Redirected { ///< The callee is elsewhere; say where by `handle_redirect`.
        sip::Message response;
    };
    struct HandOver { ///< The server itself answers, by this name; nothing more comes from here.
        std::string name;
    };
    ///@}
    using Output = std::variant<Try, Cancel, PassOn, Finish, Redirected, HandOver>;

    Fork(std::vector<routing::Group> groups, Options options);

    void start(TimePoint now);
    void handle_response(Branch branch, sip::Message response, TimePoint now);
    /// No response will come: as if it had been this one (§16.9).
    void handle_failure(Branch branch, int status, TimePoint now);
    /// What a 3xx leads to: begun at once, beside what is ringing. Without a group, the 3xx is a
    /// failure like others.
    void handle_redirect(sip::Message response, std::vector<routing::Group> groups, TimePoint now);
    /// The caller has given up.
    void handle_cancel(std::string_view reason, TimePoint now);
    void handle_timeout(TimePoint now);

    std::optional<Output> poll();
    [[nodiscard]] std::optional<TimePoint> deadline() const;

    /// A final response was given, and no branch is left that could say more.
    [[nodiscard]] bool is_over() const { return answered_ && pending() == 0; }
    /// Whether what this branch would bring is still wanted.
    [[nodiscard]] bool is_open(Branch branch) const {
        const auto state = attempts_.at(branch).state;
        return !answered_ && state != State::cancelled && state != State::over;
    }

private:
    enum class State { trying, proceeding, cancelled, over };
    struct Attempt {
        State state = State::trying;
        std::optional<TimePoint> timer_c;
        bool current = true; ///< Of the group whose turn it is.
    };

    [[nodiscard]] std::size_t pending(bool current_only = false) const;
    [[nodiscard]] bool is_wanted(routing::When when) const;
    void drop_unwanted();
    void advance(TimePoint now);
    void begin_group(TimePoint now);
    void begin(const routing::Target& target, std::size_t breadth, TimePoint now);
    void finish();
    void cancel_all(std::string_view reason);
    void note(sip::Message response);

    std::deque<routing::Group> groups_;
    Options options_;
    std::vector<Attempt> attempts_;
    std::optional<TimePoint> ring_until_;
    std::vector<sip::Message> challenges_; ///< 401 and 407, whose headers are gathered (§16.7, 7).
    std::optional<sip::Message> best_;
    std::set<std::string> tried_; ///< URIs, so that redirections do not go round.
    unsigned redirections_ = 0;
    std::size_t redirecting_ = 0; ///< Branches whose 3xx is being asked about.
    int best_made_ = 0;           ///< The best of the failures that nobody said.
    bool rang_ = false, rang_too_long_ = false, busy_ = false, everywhere_ = false;
    bool cancelled_ = false, answered_ = false;
    std::deque<Output> outputs_;
};

static_assert(SansIoCore<Fork>);

} // namespace lyceum::proxy
