// SPDX-License-Identifier: Apache-2.0
#include "server/focus/referrals.hpp"

namespace lyceum::focus {

using sip::Header;
using sip::Method;

std::optional<Referrals::Id> Referrals::accept(sip::SessionId session,
                                               const sip::InviteSession::Referred& referred,
                                               bool quiet, TimePoint now) {
    return accept(referred.transaction, referred.refer,
                  InSession{session, sip::cseq_of(referred.refer)}, {}, agent_.contact_of(session),
                  quiet, now);
}

std::optional<Referrals::Id> Referrals::accept(const sip::ReferReceived& received, bool quiet,
                                               TimePoint now) {
    const auto tag = entropy_.hex(8);
    auto dialog = sip::Dialog::uas(received.refer, tag);
    if (!dialog) {
        refuse(received.transaction, received.refer, 400, now);
        return std::nullopt;
    }
    const auto contact = "<" + std::string(received.refer.request_uri()) + ">;isfocus";
    return accept(received.transaction, received.refer,
                  OutOfDialog{std::move(*dialog), received.from, contact}, tag, contact, quiet,
                  now);
}

std::optional<Referrals::Id> Referrals::accept(sip::TransactionId transaction,
                                               const sip::Message& refer,
                                               std::variant<InSession, OutOfDialog> who,
                                               std::string_view tag, const std::string& contact,
                                               bool quiet, TimePoint now) {
    if (open_.size() >= open_max) {
        refuse(transaction, refer, 503, now);
        return std::nullopt;
    }
    auto writer = sip::MessageWriter::reply(refer, 202, {}, tag);
    writer.copy(refer, Header::record_route).header(Header::contact, contact);
    if (quiet) writer.header("Refer-Sub", "false");
    agent_.respond(transaction, writer.finish(), now);
    if (quiet) return std::nullopt;
    const Id id{++last_id_};
    open_.emplace(id, std::move(who));
    tell(id, {100, "Trying"}, now);
    return id;
}

void Referrals::refuse(sip::TransactionId transaction, const sip::Message& refer, int status,
                       TimePoint now) {
    auto writer = sip::MessageWriter::reply(refer, status, {}, entropy_.hex(8));
    if (status == 503) writer.header(Header::retry_after, 10);
    agent_.respond(transaction, writer.finish(), now);
}

void Referrals::tell(Id id, const sip::ReferralState& state, TimePoint now) {
    const auto found = open_.find(id);
    if (found == open_.end()) return;
    if (const auto* in = std::get_if<InSession>(&found->second)) {
        agent_.notify(in->session, in->refer, state, now);
    } else {
        auto& [dialog, peer, contact] = std::get<OutOfDialog>(found->second);
        auto writer = dialog.request(Method::notify);
        writer.header(Header::event, "refer").header(Header::contact, contact);
        writer.header(Header::subscription_state, state.subscription_state());
        const auto by_route =
            dialog.route_set().empty() ? std::nullopt : sip::endpoint_of(dialog.next_hop());
        agent_.request(writer.finish("message/sipfrag;version=2.0", state.sipfrag()),
                       {by_route.value_or(peer)}, {}, now);
    }
    if (state.is_final()) open_.erase(found);
}

} // namespace lyceum::focus
