// SPDX-License-Identifier: Apache-2.0
#include "mixer/shared_port.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace lyceum::mixer {

bool SharedPort::Leg::trusts(const IpAddress& ip) const {
    const auto& trusted = expected.trusted_sources;
    return std::find(trusted.begin(), trusted.end(), ip) != trusted.end();
}

bool SharedPort::Leg::may_move(TimePoint now) const {
    return last_heard ? now - *last_heard >= rtp::Latch::again_after
                      : now - expected_since >= grace;
}

template <class Predicate>
std::optional<LegId> SharedPort::only_leg(const Predicate& fits) const {
    std::optional<LegId> found;
    for (const auto& [id, leg] : legs_) {
        if (!fits(leg)) continue;
        if (found) return std::nullopt;
        found = id;
    }
    return found;
}

void SharedPort::expect(LegId id, Expected expected, TimePoint now) {
    auto& leg = legs_.try_emplace(id, Leg{id, {}, {}, {}, nullptr, now, {}}).first->second;
    const bool moved = leg.expected.announced != expected.announced;
    const bool same_ice = !expected.ufrag.empty() && leg.expected.ufrag == expected.ufrag;
    leg.expected = std::move(expected);
    if (!moved || same_ice) return; // With ICE, what SDP announces says little.
    // The peer is somewhere else now; what it showed before says nothing any more.
    forget(leg);
    leg.expected_since = now;
    leg.last_heard.reset();
    for (const auto& source : leg.expected.announced) claim(leg, source);
}

void SharedPort::remove(LegId id) {
    const auto found = legs_.find(id);
    if (found == legs_.end()) return;
    forget(found->second);
    for (auto& [other, leg] : legs_)
        if (leg.follower == &found->second) leg.follower = nullptr;
    if (last_ == &found->second) last_ = nullptr;
    legs_.erase(found);
}

void SharedPort::forget(Leg& leg) {
    for (const auto& source : leg.sources) sources_.erase(source);
    leg.sources.clear();
    leg.last_source = {};
}

/// Packets come in much the same order tick after tick, so the leg that came behind the last one
/// the time before is looked at first: its memory is needed anyway.
SharedPort::Leg* SharedPort::owner_of(const SocketAddress& source) {
    auto* guess = last_ ? last_->follower : nullptr;
    if (!guess || guess->last_source != source) {
        const auto known = sources_.find(source);
        if (known == sources_.end()) return nullptr;
        guess = known->second;
        guess->last_source = source;
        if (last_) last_->follower = guess;
    }
    return last_ = guess;
}

std::optional<LegId> SharedPort::leg_of(const SocketAddress& from, TimePoint now) {
    if (use_ == Use::own && !legs_.empty()) return legs_.begin()->first;
    if (auto* owner = owner_of(from)) {
        owner->last_heard = now;
        return owner->id;
    }
    const auto found = only_leg([&](const Leg& leg) {
        return leg.trusts(from.ip) && leg.expected.ufrag.empty() && leg.may_move(now);
    });
    if (!found) return std::nullopt;
    auto& leg = legs_.at(*found);
    leg.last_heard = now;
    claim(leg, from);
    return found;
}

std::optional<LegId> SharedPort::leg_of_rtcp(const SocketAddress& from) const {
    if (use_ == Use::own && !legs_.empty()) return legs_.begin()->first;
    if (const auto known = sources_.find(from); known != sources_.end()) return known->second->id;
    return only_leg([&](const Leg& leg) { return leg.trusts(from.ip); });
}

std::optional<LegId> SharedPort::leg_of_ufrag(std::string_view ufrag) const {
    for (const auto& [id, leg] : legs_)
        if (!ufrag.empty() && leg.expected.ufrag == ufrag) return id;
    return std::nullopt;
}

void SharedPort::learn(LegId id, const SocketAddress& source, TimePoint now) {
    const auto found = legs_.find(id);
    if (found == legs_.end()) return;
    found->second.last_heard = now;
    claim(found->second, source);
}

void SharedPort::claim(Leg& leg, const SocketAddress& source) {
    if (source.ip.is_unspecified() || !sources_.emplace(source, &leg).second) return;
    leg.sources.push_back(source);
    if (leg.sources.size() <= sources_per_leg_max) return;
    sources_.erase(leg.sources.front());
    if (leg.last_source == leg.sources.front()) leg.last_source = {};
    leg.sources.erase(leg.sources.begin());
}

std::size_t SharedPort::Hash::operator()(const SocketAddress& address) const {
    // Peers that choose their addresses so that they collide slow down the port of one conference,
    // which holds few.
    std::array<std::uint64_t, 2> halves{};
    std::memcpy(halves.data(), address.ip.v6_octets().data(), sizeof halves);
    const auto mixed =
        (halves[0] ^ halves[1] * 0x9e3779b97f4a7c15 ^ address.port) * 0xff51afd7ed558ccd;
    return mixed ^ mixed >> 32;
}

} // namespace lyceum::mixer
