// SPDX-License-Identifier: Apache-2.0
#include "server/b2bua/takeover.hpp"

#include <algorithm>
#include <utility>

namespace lyceum::b2bua {

using sip::Header;
using sip::Method;

namespace {

constexpr Duration t1 = 500ms, t2 = 4s; // RFC 3261 §13.3.1.4, as for any 2xx.

} // namespace

Takeovers::Takeovers(std::string server_name, sip::UserAgent& agent, Bridge& bridge,
                     Entropy& entropy, Log& log)
    : server_name_(std::move(server_name)), agent_(agent), bridge_(bridge), entropy_(entropy),
      log_(log) {}

bool Takeovers::handle_invite(const sip::RequestReceived& received, TimePoint now) {
    const auto& request = received.request;
    const auto value = request.header(Header::replaces);
    if (!value) return false;
    const auto answer = [&](int status) {
        refuse(received, status, now);
        return true;
    };
    const auto named = sip::DialogReference::parse(Header::replaces, *value);
    if (!named) return answer(400);
    const auto place = bridge_.find(named->key);
    if (!place || !bridge_.is_confirmed(place->first)) return answer(481);
    const auto [pair, side] = *place;
    if (!bridge_.end(pair, side).may_refer) return answer(481); // A gateway's: nobody knows it.
    if (named->early_only) return answer(486);
    if (!request.header("P-Asserted-Identity")) return answer(403);
    const auto description = sip::description_in(request);
    if (description.empty()) return answer(488);
    auto dialog = sip::Dialog::uas(request, entropy_.hex(8));
    if (!dialog) return answer(400);
    if (takeovers_.contains(pair) || !bridge_.begin_move(pair, side)) return answer(491);
    log_.info("trunk.takeover", {{"pair", pair.value}});
    takeovers_.emplace(pair, Takeover{side, received, std::move(*dialog)});
    bridge_.reinvite(pair, Bridge::other(side), description, now);
    return true;
}

bool Takeovers::handle_cancel(const sip::RequestReceived& received, TimePoint now) {
    const auto invite = agent_.transactions().invite_of(received.request);
    const bool ours = std::any_of(takeovers_.begin(), takeovers_.end(), [&](const auto& each) {
        return each.second.invite.transaction == invite;
    });
    if (ours) refuse(received, 200, now);
    return ours;
}

bool Takeovers::handle_reinvited(const Bridge::Reinvited& reinvited, TimePoint now) {
    const auto found = takeovers_.find(reinvited.pair);
    if (found == takeovers_.end() || found->second.success) return false;
    auto& [pair, takeover] = *found;
    if (reinvited.status >= 300) {
        refuse(takeover.invite, 488, now);
        bridge_.stay(pair, now);
        takeovers_.erase(found);
        return true;
    }
    const auto contact = bridge_.end(pair, takeover.side).contact;
    const auto& request = takeover.invite.request;
    auto writer = sip::MessageWriter::reply(request, 200, {}, takeover.dialog.key().local_tag);
    writer.copy(request, Header::record_route);
    writer.header(Header::contact, "<" + contact + ">").header(Header::server, server_name_);
    takeover.success = writer.finish("application/sdp", reinvited.description);
    agent_.respond(takeover.invite.transaction, *takeover.success, now);
    takeover.interval = t1;
    takeover.give_up = now + 64 * t1;
    repeats_.set(pair, now + t1);
    bridge_.move(pair, takeover.side, {takeover.dialog, takeover.invite.from, contact, {}, true},
                 now);
    log_.info("trunk.taken", {{"pair", pair.value}});
    return true;
}

void Takeovers::handle_ack(const sip::Message& ack) {
    const auto key = sip::DialogKey::of_request(ack);
    const auto found = std::find_if(takeovers_.begin(), takeovers_.end(), [&](const auto& each) {
        return each.second.success && each.second.dialog.key() == key;
    });
    if (found == takeovers_.end()) return;
    repeats_.remove(found->first);
    takeovers_.erase(found);
}

void Takeovers::handle_over(PairId pair, TimePoint now) {
    const auto found = takeovers_.find(pair);
    if (found == takeovers_.end()) return;
    if (!found->second.success) refuse(found->second.invite, 481, now);
    repeats_.remove(pair);
    takeovers_.erase(found);
}

void Takeovers::handle_timeout(TimePoint now) {
    while (const auto pair = repeats_.expired(now)) {
        auto& takeover = takeovers_.at(*pair);
        if (now >= takeover.give_up) {
            takeovers_.erase(*pair);
            bridge_.hang_up(*pair, "SIP;cause=408;text=\"No ACK\"", now);
            continue;
        }
        agent_.respond(takeover.invite.transaction, *takeover.success, now);
        takeover.interval = std::min<Duration>(2 * takeover.interval, t2);
        repeats_.set(*pair, now + takeover.interval);
    }
}

void Takeovers::refuse(const sip::RequestReceived& received, int status, TimePoint now) {
    auto writer = sip::MessageWriter::reply(received.request, status, {}, entropy_.hex(8));
    agent_.respond(received.transaction, writer.header(Header::server, server_name_).finish(), now);
}

} // namespace lyceum::b2bua
