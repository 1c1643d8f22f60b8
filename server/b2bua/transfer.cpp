// SPDX-License-Identifier: Apache-2.0
#include "server/b2bua/transfer.hpp"

#include <algorithm>
#include <utility>

namespace lyceum::b2bua {

using sip::Header;
using sip::Method;

Transfers::Transfers(std::string server_name, sip::UserAgent& agent, Bridge& bridge,
                     Entropy& entropy, Log& log)
    : server_name_(std::move(server_name)), agent_(agent), bridge_(bridge), entropy_(entropy),
      log_(log) {}

void Transfers::handle_referred(const Bridge::Referred& referred, TimePoint now) {
    const auto& [pair, by, refer] = referred;
    const auto& request = refer.request;
    const auto target = sip::Referral::of(request);
    if (!target) return refuse(refer, target.error(), now);
    if (target->method != Method::invite) return refuse(refer, 403, now);
    if (!bridge_.begin_move(pair, by)) return refuse(refer, 491, now);
    const auto description = bridge_.offer_to_next(pair, by);
    if (description.empty()) {
        bridge_.stay(pair, now);
        return refuse(refer, 488, now);
    }
    log_.info("trunk.transfer", {{"pair", pair.value}, {"attended", !target->replaces.empty()}});
    const auto& end = bridge_.end(pair, by);

    auto accepted = sip::MessageWriter::reply(request, 202);
    accepted.header(Header::contact, "<" + end.contact + ">");
    if (target->quiet) accepted.header("Refer-Sub", "false");
    agent_.respond(refer.transaction, accepted.finish(), now);

    auto writer = sip::MessageWriter::request(Method::invite, target->uri);
    writer.header(Header::from, "<" + end.contact + ">;tag=" + entropy_.hex(8));
    writer.header(Header::to, "<" + target->uri + ">");
    writer.header(Header::call_id, entropy_.hex(16)).header(Header::cseq, "1 INVITE");
    writer.header(Header::contact, "<" + end.contact + ">").header(Header::max_forwards, 70);
    // For whom this is done (RFC 5502): it says to the proxy that somebody here has asked for it.
    const auto who = sip::NameAddr::parse(*request.header(Header::from));
    writer.header("P-Served-User", "<" + std::string(who->uri_text) + ">");
    writer.copy(request, Header::referred_by);
    if (!target->replaces.empty())
        writer.header(Header::replaces, bridge_.named_for_other(Header::replaces, target->replaces))
            .header(Header::require, "replaces");
    writer.header(Header::user_agent, server_name_);
    Transfer transfer{pair, by, target->quiet, writer.finish("application/sdp", description)};
    const auto client = agent_.request(transfer.sent, {inside_server}, {{}, true}, now);
    tell(transfer, {100, "Trying"}, now);
    transfers_.emplace(client, std::move(transfer));
}

bool Transfers::handle_stranger(const sip::UserAgent::Output& shown, TimePoint now) {
    const auto* response = std::get_if<sip::ResponseReceived>(&shown);
    const auto* failed = std::get_if<sip::RequestFailed>(&shown);
    if (!response && !failed) return false;
    const auto found = transfers_.find(response ? response->transaction : failed->transaction);
    if (found == transfers_.end()) return false;
    if (response) handle_response(found, response->response, now);
    else fail(found, {408, "Request Timeout"}, now);
    return true;
}

void Transfers::handle_response(Place found, const sip::Message& response, TimePoint now) {
    auto& transfer = found->second;
    const int status = response.status();
    const sip::ReferralState state{status, std::string(response.reason())};
    if (status >= 300) return fail(found, state, now);
    if (status >= 200) {
        handle_answer(transfer, response, now);
        if (transfer.over) transfers_.erase(found);
    } else if (status > 100 && !transfer.over) {
        tell(transfer, state, now);
    }
}

/// C is there. He is told nothing more until the gateway has agreed.
void Transfers::handle_answer(Transfer& transfer, const sip::Message& success, TimePoint now) {
    const bool again = transfer.dialog.has_value();
    if (!again) {
        auto dialog = sip::Dialog::uac(transfer.sent, success);
        if (!dialog) return;
        transfer.dialog = std::move(*dialog);
    }
    agent_.acknowledge(transfer.dialog->ack(sip::cseq_of(transfer.sent)).finish(), inside_server,
                       now);
    if (transfer.over) return hang_up(transfer, now);
    const auto other = Bridge::other(transfer.by);
    if (!again) bridge_.reinvite(transfer.pair, other, sip::description_in(success), now);
}

void Transfers::handle_reinvited(const Bridge::Reinvited& reinvited, TimePoint now) {
    const auto found = of_pair(reinvited.pair);
    if (found == transfers_.end() || !found->second.dialog) return;
    auto& transfer = found->second;
    if (reinvited.status >= 300) {
        hang_up(transfer, now);
        return fail(found, {488, "Not Acceptable Here"}, now);
    }
    tell(transfer, {200, "OK"}, now);
    const auto& old = bridge_.end(transfer.pair, transfer.by);
    End end{std::move(*transfer.dialog), inside_server, old.contact, {}, true};
    bridge_.move(transfer.pair, transfer.by, std::move(end), now);
    log_.info("trunk.transferred", {{"pair", transfer.pair.value}});
    transfers_.erase(found);
}

/// There is nothing to be passed on any more.
void Transfers::handle_over(PairId pair, TimePoint now) {
    const auto found = of_pair(pair);
    if (found == transfers_.end()) return;
    if (found->second.dialog) {
        hang_up(found->second, now);
        transfers_.erase(found);
        return;
    }
    found->second.over = true;
    agent_.cancel(found->first, {}, now);
}

void Transfers::fail(Place found, const sip::ReferralState& why, TimePoint now) {
    const auto transfer = std::move(found->second);
    transfers_.erase(found);
    if (transfer.over) return;
    tell(transfer, why, now);
    bridge_.stay(transfer.pair, now);
}

void Transfers::tell(const Transfer& transfer, const sip::ReferralState& state, TimePoint now) {
    if (!transfer.quiet) bridge_.notify(transfer.pair, transfer.by, state, now);
}

void Transfers::refuse(const sip::RequestReceived& refer, int status, TimePoint now) {
    auto writer = sip::MessageWriter::reply(refer.request, status);
    agent_.respond(refer.transaction, writer.header(Header::server, server_name_).finish(), now);
}

void Transfers::hang_up(Transfer& transfer, TimePoint now) {
    agent_.request(transfer.dialog->request(Method::bye).finish(), {inside_server}, {{}, true},
                   now);
}

Transfers::Place Transfers::of_pair(PairId pair) {
    return std::find_if(transfers_.begin(), transfers_.end(), [pair](const auto& each) {
        return each.second.pair == pair && !each.second.over;
    });
}

} // namespace lyceum::b2bua
