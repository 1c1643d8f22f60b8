// SPDX-License-Identifier: Apache-2.0
/// One end gives its place to another: the part of Bridge in which the ends of a pair change.
#include "server/b2bua/bridge.hpp"

#include <utility>

namespace lyceum::b2bua {

using sip::Header;
using sip::Method;

bool Bridge::begin_move(PairId id, Side side) {
    auto& pair = pairs_.at(id);
    if (pair.moving) return false;
    pair.moving = side;
    return true;
}

void Bridge::vacate(PairId id, Side side) {
    auto& pair = pairs_.at(id);
    if (!pair.media) return;
    pair.vacant = side;
    // Whoever it is, the proxy sees to it that he understands that much.
    pair.media->replace(at(side), {{}, RelayedMedia::Form::plain});
}

std::string Bridge::offer_to_next(PairId id, Side side) {
    vacate(id, side);
    auto& pair = pairs_.at(id);
    if (pair.media) return pair.media->introduce(at(side)).value_or("");
    return off_hold(pair.descriptions[other(side)]);
}

void Bridge::keep_for_caller(PairId id) {
    auto& pair = pairs_.at(id);
    if (!pair.media) return;
    pair.kept = std::move(pair.media);
    pair.shown[callee] = pair.kept->origin_for_replaced();
}

void Bridge::take_back(PairId id) {
    auto& pair = pairs_.at(id);
    if (!pair.kept) return;
    pair.media = std::move(pair.kept);
    pair.media->restore(at(callee));
    pair.shown[callee].reset();
    pair.vacant.reset();
}

void Bridge::reinvite(PairId id, Side side, std::string_view description, TimePoint now) {
    auto& pair = pairs_.at(id);
    std::string body(description);
    if (pair.media) {
        const auto told = pair.media->pass(at(other(side)), description, Turn::offer);
        if (!told) return outputs_.push_back(Reinvited{id, 488, {}});
        body = *told;
    } else {
        auto& shown = pair.shown[side];
        if (!shown) shown = Origin::in(pair.descriptions[other(side)]);
        if (shown) body = described_by(*shown, description);
    }
    auto& end = pair.ends[side];
    auto writer = end.dialog.request(Method::invite);
    writer.header(Header::contact, "<" + end.contact + ">");
    writer.header(Header::user_agent, options_.server_name);
    send({{id, side}, {}, {}, writer.finish("application/sdp", body)}, now);
}

/// The answer to a request of our own.
void Bridge::handle_own(const Relay& relay, const sip::Message& response, bool again,
                        TimePoint now) {
    if (relay.sent.method() != Method::invite) return;
    const auto [id, side] = relay.to;
    auto& pair = pairs_.at(id);
    auto description = sip::description_in(response);
    int status = response.status();
    if (status < 300) {
        const auto& end = pair.ends[side];
        pair.descriptions[side] = description;
        auto writer = end.dialog.ack(sip::cseq_of(relay.sent));
        if (const auto& credentials = pair.credentials[side])
            writer.header(credentials->header, credentials->value);
        agent_.acknowledge(writer.finish(), target_of(end), now);
    }
    if (again) return;
    if (pair.media && status < 300) {
        const auto told = pair.media->pass(at(side), description, Turn::answer);
        if (!told) status = 488;
        description = told.value_or("");
    }
    outputs_.push_back(Reinvited{id, status, std::move(description)});
}

void Bridge::move(PairId id, Side side, End end, TimePoint now) {
    auto& pair = pairs_.at(id);
    auto& old = pair.ends[side];
    if (!pair.left) {
        bye(id, side, nullptr, {}, now);
        dialogs_.erase(old.dialog.key());
    }
    dialogs_.emplace(end.dialog.key(), Place{id, side});
    old = std::move(end);
    pair.numbers[side].clear();
    pair.credentials[side].reset();
    pair.moving.reset();
    pair.vacant.reset();
    pair.left = false;
    outputs_.push_back(Changed{id});
}

std::string Bridge::named_for_other(Header header, std::string_view value) const {
    const auto named = sip::DialogReference::parse(header, value);
    const auto place = named ? find(named->key) : std::nullopt;
    if (!place) return std::string(value);
    const auto& end = pairs_.at(place->first).ends[other(place->second)];
    if (!end.may_refer) return std::string(value);
    const auto key = end.dialog.key();
    return key.call_id + ";to-tag=" + key.remote_tag + ";from-tag=" + key.local_tag +
           (named->early_only ? ";early-only" : "");
}

/// Somebody of ours has said it; of who is behind a gateway it is what we have shown.
std::string Bridge::uri_of(PairId id, Side side) const {
    const auto& ends = pairs_.at(id).ends;
    const bool inside = ends[side].peer.transport == sip::Transport::inside;
    return inside ? sip::uri_in(ends[side].dialog.parts().remote_uri) : ends[other(side)].contact;
}

PairId Bridge::split(PairId id, End with_caller, End with_callee, std::array<std::string, 2> said,
                     TimePoint now) {
    const PairId callers{++last_pair_};
    auto& pair = pairs_.at(id);
    Pair other_pair{{std::move(pair.ends[caller]), std::move(with_caller)}, {}, {}};
    other_pair.descriptions = {std::move(pair.descriptions[caller]), std::move(said[caller])};
    other_pair.shown[caller] = std::exchange(pair.shown[caller], {});
    other_pair.name = entropy_.hex(8);
    other_pair.expires_s = pair.expires_s;
    other_pair.confirmed = true;
    other_pair.media = std::move(pair.kept);
    pair.ends[caller] = std::move(with_callee);
    pair.descriptions[caller] = std::move(said[callee]);
    pair.numbers = {};
    pair.credentials[caller].reset();
    pair.moving.reset();
    pair.vacant.reset();
    dialogs_.insert_or_assign(other_pair.ends[caller].dialog.key(), Place{callers, caller});
    dialogs_.emplace(other_pair.ends[callee].dialog.key(), Place{callers, callee});
    dialogs_.emplace(pair.ends[caller].dialog.key(), Place{id, caller});
    const bool gone = std::exchange(pair.left, false);
    pairs_.emplace(callers, std::move(other_pair));
    watch(callers, now);
    outputs_.push_back(Changed{id});
    outputs_.push_back(Changed{callers});
    // He hung up while he was brought there.
    if (gone) hang_up(callers, {}, now);
    return callers;
}

void Bridge::stay(PairId id, TimePoint now) {
    const auto found = pairs_.find(id);
    if (found == pairs_.end()) return;
    auto& pair = found->second;
    if (pair.left) return hang_up(id, "SIP;cause=480", now);
    if (pair.media && pair.vacant) pair.media->restore(at(*pair.vacant));
    pair.vacant.reset();
    pair.moving.reset();
}

void Bridge::notify(PairId id, Side side, const sip::ReferralState& state, TimePoint now) {
    const auto found = pairs_.find(id);
    if (found == pairs_.end() || found->second.over) return;
    auto& pair = found->second;
    if (pair.left && pair.moving == side) return;
    auto& end = pair.ends[side];
    auto writer = end.dialog.request(Method::notify);
    writer.header(Header::contact, "<" + end.contact + ">");
    writer.header(Header::event, "refer");
    writer.header(Header::subscription_state, state.subscription_state());
    writer.header(Header::user_agent, options_.server_name);
    send({{id, side}, {}, {}, writer.finish("message/sipfrag;version=2.0", state.sipfrag())}, now);
}

} // namespace lyceum::b2bua
