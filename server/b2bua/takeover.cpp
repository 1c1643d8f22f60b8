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
    // One after the other, and each once the one before is there.
    const bool awaits_ack = std::any_of(answers_.begin(), answers_.end(), [&](const auto& each) {
        return each.second.pair == place->first;
    });
    if (awaits_ack || takeovers_.contains(pair) || !bridge_.begin_move(pair, side))
        return answer(491);
    log_.info("trunk.takeover", {{"pair", pair.value}});
    takeovers_.emplace(pair, Takeover{side, received, std::move(*dialog)});
    bridge_.vacate(pair, side);
    bridge_.reinvite(pair, Bridge::other(side), description, now);
    return true;
}

void Takeovers::answer(PairId pair, sip::TransactionId invite, const sip::DialogKey& dialog,
                       sip::Message success, TimePoint now) {
    agent_.respond(invite, success, now);
    const auto number = ++last_answer_;
    answers_.emplace(number, Answer{pair, invite, dialog, std::move(success), t1, now + 64 * t1});
    repeats_.set(number, now + t1);
}

bool Takeovers::handle_cancel(const sip::RequestReceived& received, TimePoint now) {
    const auto invite = agent_.transactions().invite_of(received.request);
    const auto is_of = [&](const auto& each) { return each.second.invite == invite; };
    const bool ours = std::any_of(answers_.begin(), answers_.end(), is_of) ||
                      std::any_of(takeovers_.begin(), takeovers_.end(), [&](const auto& each) {
                          return each.second.invite.transaction == invite;
                      });
    if (ours) refuse(received, 200, now);
    return ours;
}

bool Takeovers::handle_reinvited(const Bridge::Reinvited& reinvited, TimePoint now) {
    const auto found = takeovers_.find(reinvited.pair);
    if (found == takeovers_.end()) return false;
    const auto pair = found->first;
    const auto takeover = std::move(found->second);
    takeovers_.erase(found);
    if (reinvited.status >= 300) {
        refuse(takeover.invite, 488, now);
        bridge_.stay(pair, now);
        return true;
    }
    const auto contact = bridge_.end(pair, takeover.side).contact;
    const auto& request = takeover.invite.request;
    auto writer = sip::MessageWriter::reply(request, 200, {}, takeover.dialog.key().local_tag);
    writer.copy(request, Header::record_route);
    writer.header(Header::contact, "<" + contact + ">").header(Header::server, server_name_);
    answer(pair, takeover.invite.transaction, takeover.dialog.key(),
           writer.finish("application/sdp", reinvited.description), now);
    bridge_.move(pair, takeover.side, {takeover.dialog, takeover.invite.from, contact, {}, true},
                 now);
    log_.info("trunk.taken", {{"pair", pair.value}});
    return true;
}

void Takeovers::handle_ack(const sip::Message& ack) {
    const auto key = sip::DialogKey::of_request(ack);
    const auto found = std::find_if(answers_.begin(), answers_.end(),
                                    [&](const auto& each) { return each.second.dialog == key; });
    if (found != answers_.end()) forget(found->first);
}

void Takeovers::handle_over(PairId pair, TimePoint now) {
    if (const auto found = takeovers_.find(pair); found != takeovers_.end()) {
        refuse(found->second.invite, 481, now);
        takeovers_.erase(found);
    }
    for (auto each = answers_.begin(); each != answers_.end();) {
        const auto& [number, answer] = *each++;
        if (answer.pair == pair) forget(number);
    }
}

void Takeovers::forget(std::uint64_t number) {
    repeats_.remove(number);
    answers_.erase(number);
}

void Takeovers::handle_timeout(TimePoint now) {
    while (const auto number = repeats_.expired(now)) {
        auto& answer = answers_.at(*number);
        if (now >= answer.give_up) {
            const auto pair = answer.pair;
            forget(*number);
            bridge_.hang_up(pair, "SIP;cause=408;text=\"No ACK\"", now);
            continue;
        }
        agent_.respond(answer.invite, answer.success, now);
        answer.interval = std::min<Duration>(2 * answer.interval, t2);
        repeats_.set(*number, now + answer.interval);
    }
}

void Takeovers::refuse(const sip::RequestReceived& received, int status, TimePoint now) {
    auto writer = sip::MessageWriter::reply(received.request, status, {}, entropy_.hex(8));
    agent_.respond(received.transaction, writer.header(Header::server, server_name_).finish(), now);
}

} // namespace lyceum::b2bua
