// SPDX-License-Identifier: Apache-2.0
#include "server/b2bua/joining.hpp"

#include <utility>

namespace lyceum::b2bua {

using sip::Header;
using sip::Method;

Joins::Joins(std::string server_name, sip::UserAgent& agent, Bridge& bridge, Entropy& entropy,
             Log& log)
    : server_name_(std::move(server_name)), agent_(agent), bridge_(bridge), entropy_(entropy),
      log_(log) {}

bool Joins::may_begin(PairId pair) const {
    if (joins_.contains(pair) || !bridge_.is_talking(pair)) return false;
    const auto& callees = bridge_.description(pair, Bridge::callee);
    return !bridge_.description(pair, Bridge::caller).empty() && !callees.empty() &&
           (!bridge_.is_relayed(pair) || is_in_clear(callees));
}

void Joins::begin(PairId pair, std::string room, TimePoint now) {
    if (!may_begin(pair) || !bridge_.begin_move(pair, Bridge::caller)) return;
    log_.info("trunk.join", {{"pair", pair.value}});
    joins_.emplace(pair, Join{std::move(room)});
    invite(pair, now);
}

void Joins::invite(PairId pair, TimePoint now) {
    auto& join = joins_.at(pair);
    auto writer = sip::MessageWriter::request(Method::invite, join.room);
    writer.header(Header::from, "<" + bridge_.uri_of(pair, join.side) + ">;tag=" + entropy_.hex(8));
    writer.header(Header::to, "<" + join.room + ">");
    writer.header(Header::call_id, entropy_.hex(16)).header(Header::cseq, "1 INVITE");
    writer.header(Header::contact, "<" + bridge_.uri_of(pair, join.side) + ">");
    writer.header(Header::max_forwards, 70).header(Header::user_agent, server_name_);
    const auto offer = bridge_.offer_to_next(pair, Bridge::other(join.side));
    if (offer.empty()) return fail(pair, now);
    join.sent = writer.finish("application/sdp", offer);
    clients_.emplace(agent_.request(join.sent, {inside_server}, {{}, true}, now), pair);
}

bool Joins::handle_stranger(const sip::UserAgent::Output& shown, TimePoint now) {
    const auto* response = std::get_if<sip::ResponseReceived>(&shown);
    const auto* failed = std::get_if<sip::RequestFailed>(&shown);
    if (!response && !failed) return false;
    const auto transaction = response ? response->transaction : failed->transaction;
    const int status = response ? response->response.status() : 408;
    if (const auto given_up = abandoned_.find(transaction); given_up != abandoned_.end()) {
        if (status < 200) return true;
        auto dialog = status < 300 ? sip::Dialog::uac(given_up->second, response->response)
                                   : Result<sip::Dialog, Fault>(Fault{});
        if (dialog) {
            agent_.acknowledge(dialog->ack(1).finish(), inside_server, now);
            End leg{std::move(*dialog), inside_server, {}};
            hang_up(leg, now);
        }
        abandoned_.erase(given_up);
        return true;
    }
    const auto found = clients_.find(transaction);
    if (found == clients_.end()) return false;
    if (status < 200) return true;
    const auto pair = found->second;
    if (status < 300) {
        handle_success(pair, response->response, now);
    } else {
        clients_.erase(found);
        fail(pair, now);
    }
    return true;
}

/// It may come again, as long as its ACK has not arrived.
void Joins::handle_success(PairId pair, const sip::Message& success, TimePoint now) {
    const auto found = joins_.find(pair);
    auto dialog = found == joins_.end() ? Result<sip::Dialog, Fault>(Fault{})
                                        : sip::Dialog::uac(found->second.sent, success);
    if (!dialog) return;
    auto& [room, side, sent, legs, said, going_back] = found->second;
    agent_.acknowledge(dialog->ack(1).finish(), inside_server, now);
    if (legs[side]) return;
    legs[side] = End{std::move(*dialog), inside_server, bridge_.uri_of(pair, side), {}, false};
    said[side] = sip::description_in(success);
    bridge_.reinvite(pair, side, said[side], now);
}

bool Joins::handle_reinvited(const Bridge::Reinvited& reinvited, TimePoint now) {
    const auto found = joins_.find(reinvited.pair);
    if (found == joins_.end()) return false;
    const auto pair = found->first;
    auto& join = found->second;
    if (join.going_back) {
        joins_.erase(found);
        bridge_.stay(pair, now);
        return true;
    }
    if (reinvited.status >= 300) {
        fail(pair, now);
        return true;
    }
    std::erase_if(clients_, [&](const auto& each) { return each.second == pair; });
    if (join.side == Bridge::caller) {
        bridge_.keep_for_caller(pair);
        join.side = Bridge::callee;
        invite(pair, now);
        return true;
    }
    auto done = std::move(join);
    joins_.erase(found);
    const auto callers =
        bridge_.split(pair, std::move(*done.legs[Bridge::caller]),
                      std::move(*done.legs[Bridge::callee]), std::move(done.said), now);
    log_.info("trunk.joined", {{"pair", pair.value}});
    split_ = Split{pair, callers};
    return true;
}

/// Whoever is in the room already comes back to the other.
void Joins::fail(PairId pair, TimePoint now) {
    auto& join = joins_.at(pair);
    log_.warning("trunk.join.failed", {{"pair", pair.value}});
    for (auto& leg : join.legs)
        if (leg) hang_up(*leg, now);
    std::erase_if(clients_, [&](const auto& each) { return each.second == pair; });
    if (join.side == Bridge::callee) {
        join.going_back = true;
        bridge_.take_back(pair);
        bridge_.reinvite(pair, Bridge::caller, bridge_.description(pair, Bridge::callee), now);
        return;
    }
    joins_.erase(pair);
    bridge_.stay(pair, now);
}

void Joins::handle_over(PairId pair, TimePoint now) {
    const auto found = joins_.find(pair);
    if (found == joins_.end()) return;
    for (auto& leg : found->second.legs)
        if (leg) hang_up(*leg, now);
    for (auto each = clients_.begin(); each != clients_.end();) {
        const bool of_it = each->second == pair;
        if (of_it && !found->second.legs[found->second.side]) {
            abandoned_.emplace(each->first, found->second.sent);
            agent_.cancel(each->first, {}, now);
        }
        each = of_it ? clients_.erase(each) : std::next(each);
    }
    joins_.erase(found);
}

void Joins::hang_up(End& leg, TimePoint now) {
    agent_.request(leg.dialog.request(Method::bye).finish(), {inside_server}, {{}, true}, now);
}

} // namespace lyceum::b2bua
