// SPDX-License-Identifier: Apache-2.0
#include "server/protection/guard.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace lyceum::protection {
namespace {

/// What scanners call themselves unless somebody has changed it.
constexpr std::array<std::string_view, 7> scanner_names{
    "friendly-scanner", "sipvicious", "sipcli", "sundayddr", "sip-scan", "iwar", "pplsip"};

bool is_scanner(const sip::Message& message) {
    const auto name = to_lower(message.header(sip::Header::user_agent).value_or(""));
    return std::any_of(scanner_names.begin(), scanner_names.end(),
                       [&](std::string_view known) { return name.starts_with(known); });
}

/// A request that no dialog and no transaction has waited for.
bool begins_something(const sip::Message& request) {
    const auto method = request.method();
    if (method == sip::Method::ack || method == sip::Method::cancel) return false;
    return sip::tag_of(request, sip::Header::to).empty();
}

} // namespace

Verdict Guard::judge(const sip::Message& message, const sip::Endpoint& from, TimePoint now) {
    if (message.is_response()) return Verdict::admit;
    const auto network = from.address.ip.network();
    if (!bans_.empty() && bans_.contains(network)) {
        ++counters_.banned;
        return Verdict::drop;
    }
    if (options_.drops_scanners && is_scanner(message)) {
        ++counters_.scanners;
        log_.debug("guard.scanner", {{"from", Redacted{from.address.ip.to_string()}}});
        return Verdict::drop;
    }
    if (!begins_something(message)) return Verdict::admit;
    if (!from.address.ip.is_loopback()) {
        const double weight = is_trusted(network, now) ? 1.0 / options_.trusted_factor : 1;
        if (!requests_.take(network, now, weight)) {
            if (counters_.too_often++ % 1000 ==
                0) // Not a line for each: that would be a flood too.
                log_.warning("guard.too-often", {{"from", Redacted{from.address.ip.to_string()}}});
            return Verdict::turn_away;
        }
    }
    shed_owed_ += shed_;
    if (shed_owed_ < 1) return Verdict::admit;
    shed_owed_ -= 1;
    ++counters_.overload;
    return Verdict::turn_away;
}

bool Guard::is_banned(const IpAddress& address) const { return bans_.contains(address.network()); }

/// From a quarter on more and more, from three quarters on all.
void Guard::handle_backlog(double share, TimePoint now) {
    static constexpr auto quiet = 5s; // One line for a load that comes and goes.
    const auto wanted = std::clamp((share - 0.25) * 2, 0.0, 1.0);
    // It comes at once and goes slowly, so that it does not swing.
    shed_ = wanted > 0 ? std::max(wanted, shed_ * 0.95) : shed_ < 0.02 ? 0 : shed_ * 0.95;
    if (shed_ == 0) shed_owed_ = 0;
    if (wanted > 0) {
        if (!full_at_) log_.warning("guard.overload.begins");
        full_at_ = now;
    } else if (full_at_ && now - *full_at_ >= quiet) {
        full_at_.reset();
        log_.info("guard.overload.ends", {{"turned_away", counters_.overload}});
    }
}

bool Guard::is_trusted(const IpAddress& address, TimePoint now) const {
    const auto found = records_.find(address);
    if (found == records_.end() || !found->second.last_login) return false;
    return now - *found->second.last_login < options_.trusted_for;
}

Guard::Record& Guard::record_of(const IpAddress& address) {
    const auto [place, fresh] = records_.try_emplace(address);
    if (!fresh) return place->second;
    order_.push_back(address);
    if (order_.size() > options_.addresses_max) {
        records_.erase(order_.front());
        order_.pop_front();
    }
    return place->second;
}

void Guard::handle_login(const IpAddress& from, TimePoint now) {
    auto& record = record_of(from.network());
    record.failures = 0;
    record.last_login = now;
}

void Guard::handle_failed_login(const IpAddress& from, TimePoint now) {
    if (from.is_loopback() || options_.failures_max == 0) return;
    const auto address = from.network();
    auto& record = record_of(address);
    if (record.failures == 0 || now - record.first_failure >= options_.window) {
        record.failures = 0;
        record.first_failure = now;
    }
    const auto factor = is_trusted(address, now) ? options_.trusted_factor : 1;
    const auto most = options_.failures_max * factor;
    if (++record.failures < most || bans_.contains(address)) return;
    record.failures = 0;
    const auto end = now + options_.ban_for;
    const Ban ban{address, options_.wall_at_zero + end.time_since_epoch(), "failed logins"};
    log_.warning("guard.banned", {{"address", Redacted{address.to_string()}}, {"why", ban.why}});
    bans_[address] = ban;
    ends_.set(address, end);
    outputs_.push_back(Banned{ban});
}

void Guard::restore(const std::vector<Ban>& bans, TimePoint now) {
    std::map<IpAddress, Ban> kept;
    for (const auto& ban : bans) {
        const auto end =
            TimePoint(std::chrono::duration_cast<Duration>(ban.until - options_.wall_at_zero));
        if (end <= now) continue;
        kept[ban.address] = ban;
        ends_.set(ban.address, end);
    }
    for (const auto& [address, ban] : bans_)
        if (!kept.contains(address)) {
            ends_.remove(address);
            log_.info("guard.released", {{"address", Redacted{address.to_string()}}});
        }
    bans_ = std::move(kept);
}

void Guard::handle_timeout(TimePoint now) {
    while (const auto address = ends_.expired(now)) {
        bans_.erase(*address);
        log_.info("guard.released", {{"address", Redacted{address->to_string()}}});
        outputs_.push_back(Released{*address});
    }
}

std::optional<Guard::Output> Guard::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
}

} // namespace lyceum::protection
