// SPDX-License-Identifier: Apache-2.0
/// Calls on disk: the parts of Bridge and B2bua that put them there and take them back.
#include "server/b2bua/b2bua.hpp"

#include <utility>

namespace lyceum::b2bua {
namespace {

/// What both sides may have been asked since the call was last written. Numbers may be left out
/// (RFC 3261 §12.2.1.1), but must not come twice.
constexpr std::uint32_t numbers_left_out = 1000;

} // namespace

// ── Bridge ───────────────────────────────────────────────────────────────────────────────────────

KeptCall Bridge::kept(PairId id) const {
    const auto& pair = pairs_.at(id);
    KeptCall out;
    out.id = pair.name;
    out.relayed = pair.media != nullptr;
    out.expires_s = pair.expires_s;
    for (const auto side : {caller, callee}) {
        const auto& end = pair.ends[side];
        out.ends[side] = {end.dialog.parts(),      end.peer,        end.contact, end.may_refer,
                          pair.descriptions[side], pair.shown[side]};
    }
    return out;
}

PairId Bridge::restore(const KeptCall& kept, const std::optional<sip::Login>& login,
                       TimePoint now) {
    const PairId id{++last_pair_};
    const auto end_of = [&](const KeptCall::End& end) {
        auto dialog = end.dialog;
        dialog.local_cseq += numbers_left_out;
        const bool outside = end.peer.transport != sip::Transport::inside;
        return End{sip::Dialog(dialog), end.peer, end.contact, outside ? login : std::nullopt,
                   end.may_refer};
    };
    Pair pair{{end_of(kept.ends[caller]), end_of(kept.ends[callee])}, {}, {}};
    for (const auto side : {caller, callee}) {
        const auto& end = kept.ends[side];
        pair.descriptions[side] = end.description;
        pair.shown[side] = end.shown;
        dialogs_.emplace(end.dialog.key, Place{id, side});
    }
    pair.name = kept.id;
    pair.expires_s = kept.expires_s;
    pair.confirmed = true;
    pairs_.emplace(id, std::move(pair));
    watch(id, now);
    return id;
}

// ── B2bua ────────────────────────────────────────────────────────────────────────────────────────

std::string_view B2bua::name_of(Kind kind) {
    return kind == Kind::outward ? "out" : kind == Kind::inward ? "in" : "across";
}

void B2bua::keep(PairId pair) {
    const auto found = pairs_.find(pair);
    if (found == pairs_.end()) return;
    const auto& call = calls_.at(found->second);
    auto kept = bridge_.kept(pair);
    kept.trunk = call.trunk.name;
    kept.way = name_of(call.kind);
    outputs_.emplace_back(Keep{std::move(kept)});
}

void B2bua::restore(const std::vector<KeptCall>& calls, TimePoint now) {
    for (const auto& kept : calls) {
        const auto* trunk = trunks_.find(kept.trunk);
        trunk::Trunk as_named;
        as_named.name = kept.trunk;
        Call call{{}, trunk ? *trunk : std::move(as_named), Kind::across, {}, {}};
        for (const auto kind : {Kind::outward, Kind::inward})
            if (kept.way == name_of(kind)) call.kind = kind;
        call.answered = true;
        std::optional<sip::Login> login;
        if (!call.trunk.login.user.empty()) login = call.trunk.login;
        const CallId id{++last_call_};
        const auto pair = bridge_.restore(kept, login, now);
        ++calls_by_trunk_[call.trunk.name];
        call.pairs.push_back(pair);
        pairs_.emplace(pair, id);
        calls_.emplace(id, std::move(call));
        if (kept.relayed) bridge_.hang_up(pair, "SIP;cause=503;text=\"Its media is gone\"", now);
    }
    if (!calls.empty()) log_.info("trunk.calls.restored", {{"calls", calls.size()}});
    drain(now);
}

} // namespace lyceum::b2bua
