// SPDX-License-Identifier: Apache-2.0
/// What somebody here wants with a call by a trunk that is another's: the part of B2bua that has
/// him take one that rings, or join one that talks.
#include "server/b2bua/b2bua.hpp"

#include "server/media/reach.hpp"
#include "sip/message/writer.hpp"

#include <utility>

namespace lyceum::b2bua {

using sip::Header;

/// A call by a trunk that is led across to a device is two pairs, one behind the other: the dialog
/// of the device is in the one, the gateway's in the other.
std::optional<std::pair<PairId, Bridge::Side>> B2bua::by_trunk(const sip::DialogKey& named) const {
    const auto place = bridge_.find(named);
    const auto call = place ? pairs_.find(place->first) : pairs_.end();
    if (call == pairs_.end() || calls_.at(call->second).kind != Kind::across) return place;
    const auto& near = bridge_.end(place->first, Bridge::other(place->second)).dialog.key();
    const auto behind = bridge_.find({near.call_id, near.remote_tag, near.local_tag});
    return behind ? behind : place;
}

/// What both are told, the gateway first; straight if they reach and understand each other, or if
/// that is all that can be had.
B2bua::Crossed B2bua::cross(const Call& call, const sip::Message& taker) {
    using Form = RelayedMedia::Form;
    const auto& gateway = call.invite;
    const std::array<std::string, 2> offers{sip::description_in(gateway.request),
                                            sip::description_in(taker)};
    const auto there = gateway.from.address.ip, source = source_of(taker);
    const auto gateways = media::reach_of_offer(offers[0], there);
    const auto takers = media::reach_of_offer(offers[1], source);
    if (options_.relays && !media::reach_each_other(gateways, takers)) {
        const bool by_tls = gateway.from.transport == sip::Transport::tls;
        auto media = std::make_shared<RelayedMedia>(
            *options_.relays, entropy_,
            std::array<RelayedMedia::Party, 2>{{{there, by_tls ? Form::secure : Form::plain},
                                                {source, takers.web ? Form::web : Form::open}}});
        if (auto answers = media->cross(offers)) return {std::move(answers), std::move(media)};
    }
    auto one = crossed(offers[1], offers[0]), two = crossed(offers[0], offers[1]);
    if (!one || !two) return {};
    return {std::array{std::move(*one), std::move(*two)}, {}};
}

/// Both have made an offer: the gateway when it called, and who picks up, with the INVITE that
/// names the dialog of the phone that rings (RFC 3891 §3, with `early-only` or without). Each is
/// answered with what the other has offered, as far as it fits.
bool B2bua::handle_pickup(const sip::RequestReceived& received, TimePoint now) {
    const auto& request = received.request;
    const auto value = request.header(Header::replaces);
    if (!value) return false;
    const auto named = sip::DialogReference::parse(Header::replaces, *value);
    const auto place = named ? by_trunk(named->key) : std::nullopt;
    if (!place || bridge_.is_confirmed(place->first)) return false;
    const auto pair = place->first;
    const auto found = pairs_.find(pair);
    if (found == pairs_.end() || place->second != Bridge::callee) return false;
    const auto id = found->second;
    auto& call = calls_.at(id);
    if (call.kind != Kind::inward) return false;
    const auto refuse_with = [&](int status) {
        refuse(received, status, {}, now);
        return true;
    };
    if (!request.header("P-Asserted-Identity")) return refuse_with(403);
    auto dialog = sip::Dialog::uas(request, entropy_.hex(8));
    if (!dialog) return refuse_with(400);
    auto [answers, media] = cross(call, request);
    if (!answers) return refuse_with(488);
    const auto& [for_gateway, for_taker] = *answers;

    const auto success = [&](const sip::Message& to, std::string_view tag,
                             const std::string& contact, const std::string& body) {
        auto writer = sip::MessageWriter::reply(to, 200, {}, tag);
        writer.copy(to, Header::record_route);
        writer.header(Header::contact, "<" + contact + ">");
        writer.header(Header::server, options_.server_name);
        return writer.finish("application/sdp", body);
    };
    log_.info("trunk.picked-up", {{"call", id.value}});
    const auto theirs = dialog->key();
    const auto gateways = bridge_.end(pair, Bridge::caller).dialog.key();
    bridge_.answer_for(pair, {std::move(*dialog), received.from, call.callee_contact, {}, true},
                       sip::description_in(request), media, now);
    call.media = std::move(media);
    takeovers_.answer(pair, received.transaction, theirs,
                      success(request, theirs.local_tag, call.callee_contact, for_taker), now);
    takeovers_.answer(
        pair, call.invite.transaction, gateways,
        success(call.invite.request, gateways.local_tag, call.caller_contact, for_gateway), now);
    call.answered = true;
    abandon(call, "SIP;cause=200;text=\"Call completed elsewhere\"", now);
    call.client.reset();
    for (const auto other : std::exchange(call.pairs, {pair})) {
        if (other == pair) continue;
        pairs_.erase(other); // Phones that have rung as well.
        bridge_.hang_up(other, {}, now);
    }
    return true;
}

/// He calls the factory of rooms, as it were, and the two whom he joins follow (RFC 3911 §5).
bool B2bua::handle_join(const sip::RequestReceived& received, TimePoint now) {
    const auto& request = received.request;
    const auto value = request.header(Header::join);
    if (!value) return false;
    const auto named = sip::DialogReference::parse(Header::join, *value);
    const auto place = named ? by_trunk(named->key) : std::nullopt;
    const int status = !named                                     ? 400
                       : !place || !pairs_.contains(place->first) ? 481
                       : !request.header("P-Asserted-Identity")   ? 403
                       : !joins_.may_begin(place->first)          ? 488
                                                                  : 0;
    if (status != 0) {
        refuse(received, status, {}, now);
        return true;
    }
    trunk::Trunk nobodys;
    nobodys.calls_max = options_.calls_max;
    nobodys.trusted = true; // It is the proxy that has asserted who he is.
    Call call{received, std::move(nobodys), Kind::inward, caller_of(request, true), {}};
    const auto room = "sip:" + options_.factory + "@" + options_.domain;
    call.ways.push_back({{}, room, inside_server});
    call.caller_contact = room;
    call.joins = place->first;
    begin(std::move(call), now);
    return true;
}

} // namespace lyceum::b2bua
