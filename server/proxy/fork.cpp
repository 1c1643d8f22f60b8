// SPDX-License-Identifier: Apache-2.0
#include "server/proxy/fork.hpp"

#include "base/text.hpp"
#include "sip/message/writer.hpp"

#include <algorithm>
#include <iterator>

namespace lyceum::proxy {
namespace {

using routing::When;

constexpr std::string_view elsewhere = "SIP;cause=200;text=\"Call completed elsewhere\"";

/// §16.7, 6: 6xx before all; then the lowest class; in it, what the caller can do something about.
/// Lower is better.
int rank(int status) {
    if (status >= 600) return 0;
    const int of_class = status / 100 * 100;
    switch (status) {
    case 401:
    case 407:
    case 415:
    case 420:
    case 484: return of_class;
    case 408:
    case 487: return of_class + 2; // They say the least.
    default: return of_class + 1;
    }
}

} // namespace

Fork::Fork(std::vector<routing::Group> groups, Options options)
    : groups_(std::make_move_iterator(groups.begin()), std::make_move_iterator(groups.end())),
      options_(options) {}

void Fork::start(TimePoint now) {
    // Without a device to ring, he is unreachable from the start.
    drop_unwanted();
    if (groups_.empty()) return finish();
    begin_group(now);
}

// ── Groups ───────────────────────────────────────────────────────────────────────────────────────

std::size_t Fork::pending(bool current_only) const {
    return static_cast<std::size_t>(
        std::count_if(attempts_.begin(), attempts_.end(), [&](const Attempt& each) {
            return each.state != State::over && (each.current || !current_only);
        }));
}

bool Fork::is_wanted(When when) const {
    switch (when) {
    case When::next: return !everywhere_;
    case When::busy: return busy_;
    case When::no_answer: return rang_ && !busy_ && !everywhere_;
    case When::unreachable: return !rang_ && !busy_ && !everywhere_;
    }
    return false;
}

void Fork::drop_unwanted() {
    while (!groups_.empty() && (cancelled_ || !is_wanted(groups_.front().when)))
        groups_.pop_front();
}

void Fork::advance(TimePoint now) {
    if (answered_ || pending(true) > 0 || redirecting_ > 0) return;
    // A device that was cancelled may still be picked up: nobody answers in its place before that.
    drop_unwanted();
    const bool quiet = pending() == 0;
    if (!groups_.empty() && (quiet || !groups_.front().here)) return begin_group(now);
    if (quiet) finish();
}

void Fork::begin_group(TimePoint now) {
    const auto group = std::move(groups_.front());
    groups_.pop_front();
    if (group.when != When::next) groups_.clear(); // One detour is enough.
    for (auto& each : attempts_) each.current = false;
    ring_until_.reset();
    if (group.here) {
        answered_ = true;
        outputs_.push_back(HandOver{*group.here});
        return;
    }
    if (options_.invite && group.ring_for) ring_until_ = now + *group.ring_for;
    for (const auto& target : group.targets) begin(target, group.targets.size(), now);
}

void Fork::begin(const routing::Target& target, std::size_t breadth, TimePoint now) {
    tried_.insert(target.uri);
    Attempt attempt;
    if (options_.invite) attempt.timer_c = now + options_.timer_c;
    attempts_.push_back(attempt);
    outputs_.push_back(Try{attempts_.size() - 1, target, breadth});
}

// ── Responses ────────────────────────────────────────────────────────────────────────────────────

void Fork::handle_response(Branch branch, sip::Message response, TimePoint now) {
    auto& attempt = attempts_.at(branch);
    const int status = response.status();
    if (status < 200) {
        if (attempt.state == State::over) return;
        if (attempt.state == State::trying) attempt.state = State::proceeding;
        if (status == 100) return;
        if (options_.invite && attempt.state == State::proceeding)
            attempt.timer_c = now + options_.timer_c;
        rang_ = true;
        if (!answered_ && attempt.state == State::proceeding)
            outputs_.push_back(PassOn{std::move(response)});
        return;
    }
    const bool given_up = attempt.state == State::cancelled && !cancelled_;
    attempt.state = State::over;
    attempt.timer_c.reset();
    if (status < 300) {
        // Each of several 2xx to an INVITE is a dialog of its own that the caller must know of.
        if (options_.invite || !answered_) outputs_.push_back(PassOn{std::move(response)});
        answered_ = true;
        groups_.clear();
        cancel_all(elsewhere);
        return;
    }
    if (status < 400 && options_.recurses && !answered_ && !cancelled_ && !given_up &&
        redirections_ < options_.redirections_max) {
        ++redirections_;
        ++redirecting_;
        outputs_.push_back(Redirected{std::move(response)});
        return;
    }
    // That we have cancelled it says nothing about the callee.
    if (!(given_up && status == 487)) note(std::move(response));
    if (everywhere_) cancel_all("SIP;cause=" + std::to_string(status));
    advance(now);
}

void Fork::handle_redirect(sip::Message response, std::vector<routing::Group> groups,
                           TimePoint now) {
    --redirecting_;
    bool begun = false;
    for (auto group = groups.rbegin(); group != groups.rend() && !answered_ && !cancelled_;
         ++group) {
        std::erase_if(group->targets,
                      [this](const routing::Target& each) { return tried_.contains(each.uri); });
        if (group->targets.empty() && !group->here) continue;
        begun = true;
        const bool first = std::next(group) == groups.rend();
        if (!first || group->here) groups_.push_front(std::move(*group));
        else
            for (const auto& target : group->targets) begin(target, group->targets.size(), now);
    }
    if (!begun) note(std::move(response));
    advance(now);
}

void Fork::handle_failure(Branch branch, int status, TimePoint now) {
    auto& attempt = attempts_.at(branch);
    if (attempt.state == State::over) return;
    const bool given_up = attempt.state == State::cancelled;
    attempt.state = State::over;
    attempt.timer_c.reset();
    if (!given_up && (best_made_ == 0 || rank(status) < rank(best_made_))) best_made_ = status;
    advance(now);
}

void Fork::note(sip::Message response) {
    const int status = response.status();
    if (status == 486 || status == 600) busy_ = true;
    if (status >= 600) everywhere_ = true;
    if (status == 401 || status == 407) challenges_.push_back(response);
    if (!best_ || rank(status) < rank(best_->status())) best_ = std::move(response);
}

void Fork::handle_cancel(std::string_view reason, TimePoint now) {
    if (answered_) return;
    cancelled_ = true;
    groups_.clear();
    cancel_all(reason);
    advance(now);
}

void Fork::cancel_all(std::string_view reason) {
    if (!options_.invite) return;
    ring_until_.reset();
    for (Branch i = 0; i < attempts_.size(); ++i) {
        auto& attempt = attempts_[i];
        if (attempt.state != State::trying && attempt.state != State::proceeding) continue;
        attempt.state = State::cancelled;
        attempt.timer_c.reset();
        outputs_.push_back(Cancel{i, std::string(reason)});
    }
}

/// The best of what was said, or if nobody has said anything, of what we know ourselves.
void Fork::finish() {
    if (answered_) return;
    answered_ = true;
    if (cancelled_) {
        outputs_.push_back(Finish{487});
        return;
    }
    const bool made_is_better = best_made_ > 0 && best_ && rank(best_made_) < rank(best_->status());
    if (!best_ || made_is_better) {
        outputs_.push_back(Finish{best_made_ > 0 && !rang_too_long_ ? best_made_ : 480});
        return;
    }
    // A 503 would make the caller avoid us for what is another's trouble (§16.7, 6).
    if (best_->status() == 503) {
        outputs_.push_back(Finish{500});
        return;
    }
    for (const auto& challenge : challenges_) {
        if (best_->status() != 401 && best_->status() != 407) break;
        if (challenge.bytes() == best_->bytes()) continue;
        for (const auto header : {sip::Header::www_authenticate, sip::Header::proxy_authenticate})
            for (const auto& field : challenge.fields())
                if (field.id == header) best_->prepend(header, challenge.value(field));
    }
    outputs_.push_back(PassOn{std::move(*best_)});
}

// ── Time ─────────────────────────────────────────────────────────────────────────────────────────

void Fork::handle_timeout(TimePoint now) {
    if (ring_until_ && *ring_until_ <= now) {
        rang_too_long_ = true;
        cancel_all({});
        for (auto& each : attempts_) each.current = false;
        advance(now);
    }
    for (Branch i = 0; i < attempts_.size(); ++i) {
        auto& attempt = attempts_[i];
        if (!attempt.timer_c || *attempt.timer_c > now) continue;
        // §16.8: a CANCEL, and what it brings is the answer.
        attempt.timer_c.reset();
        attempt.state = State::cancelled;
        rang_too_long_ = true;
        outputs_.push_back(Cancel{i, {}});
    }
}

std::optional<TimePoint> Fork::deadline() const {
    auto next = ring_until_;
    for (const auto& each : attempts_) next = earlier(next, each.timer_c);
    return next;
}

std::optional<Fork::Output> Fork::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
}

} // namespace lyceum::proxy
