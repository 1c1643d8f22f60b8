// SPDX-License-Identifier: Apache-2.0
#include "server/records/call_records.hpp"

#include "sip/message/values.hpp"

#include <algorithm>

namespace lyceum::records {
namespace {

using sip::Header;

/// The same for a message from either end.
std::string dialog_of(const sip::Message& message) {
    auto one = sip::tag_of(message, Header::from), other = sip::tag_of(message, Header::to);
    if (other < one) std::swap(one, other);
    std::string out(*message.header(Header::call_id));
    return out.append("\n").append(one).append("\n").append(other);
}

} // namespace

RecordId CallRecords::begin(const sip::Message& invite, const sip::Endpoint& from, std::string way,
                            TimePoint now) {
    if (open_.size() >= options_.open_max) return {};
    const RecordId id{++last_id_};
    Open open;
    open.record.call_id = *invite.header(Header::call_id);
    open.record.caller = sip::uri_in(*invite.header(Header::from));
    open.record.callee = invite.request_uri();
    open.record.way = std::move(way);
    open.record.started = wall(now);
    open.caller_tag = sip::tag_of(invite, Header::from);
    open.hidden = sip::wants_privacy(invite);
    if (options_.whose) open.initiator = options_.whose(open.record.caller, from);
    if (!open.initiator.empty()) talking_[open.initiator].insert(id);
    tell(open_.emplace(id, std::move(open)).first->second);
    deadlines_.set(id, now + options_.lasts_max);
    return id;
}

void CallRecords::set_way(RecordId id, std::string way) {
    if (const auto found = open_.find(id); found != open_.end())
        found->second.record.way = std::move(way);
}

void CallRecords::set_room(RecordId id, std::string room) {
    const auto found = open_.find(id);
    if (found == open_.end()) return;
    talking_[room].insert(id);
    found->second.room = std::move(room);
}

void CallRecords::set_host(RecordId id) {
    const auto found = open_.find(id);
    if (found == open_.end()) return;
    found->second.host = true;
    tell(found->second);
}

void CallRecords::ring(RecordId id, const std::string& member, std::string_view tag) {
    const auto found = open_.find(id);
    if (found == open_.end() || found->second.record.answered) return;
    const auto [called, fresh] = found->second.called.try_emplace(member, tag);
    if (!fresh && (tag.empty() || called->second == tag)) return;
    called->second = tag;
    talking_[member].insert(id);
    changed_.insert(member);
}

void CallRecords::answer(RecordId id, TimePoint now, std::string_view tag) {
    const auto found = open_.find(id);
    if (found == open_.end() || found->second.record.answered) return;
    found->second.callee_tag = tag;
    found->second.record.answered = wall(now);
    found->second.record.status = 200;
    tell(found->second);
}

void CallRecords::answer(RecordId id, const sip::Message& success, const std::string& member,
                         TimePoint now) {
    const auto found = open_.find(id);
    if (found == open_.end() || found->second.record.answered) return;
    const auto tag = sip::tag_of(success, Header::to);
    answer(id, now, tag);
    for (const auto& [each, early] : std::exchange(found->second.called, {})) {
        if (each == member) found->second.called.emplace(each, tag);
        else if (each != found->second.initiator) forget_talk(each, id);
    }
    found->second.dialog = dialog_of(success);
    dialogs_.insert_or_assign(found->second.dialog, id);
}

void CallRecords::end(RecordId id, int status, std::string why, TimePoint now) {
    const auto found = open_.find(id);
    if (found == open_.end() || found->second.leg) return;
    auto& record = found->second.record;
    if (!record.answered) record.status = status;
    record.why = std::move(why);
    record.ended = wall(now);
    put_out(id);
}

void CallRecords::end_leg(RecordId id, std::uint64_t leg, std::string why, TimePoint now) {
    const auto found = open_.find(id);
    if (found == open_.end()) return;
    if (!found->second.record.answered) return end(id, 0, std::move(why), now);
    found->second.record.why = std::move(why);
    found->second.record.ended = wall(now);
    found->second.leg = leg;
    legs_.insert_or_assign(leg, id);
    leave(id, found->second);
    deadlines_.set(id, now + options_.quality_within);
}

void CallRecords::discard(RecordId id) {
    const auto found = open_.find(id);
    if (found == open_.end()) return;
    leave(id, found->second);
    deadlines_.remove(id);
    open_.erase(found);
}

void CallRecords::handle_bye(const sip::Message& bye, TimePoint now) {
    if (dialogs_.empty()) return;
    const auto found = dialogs_.find(dialog_of(bye));
    if (found == dialogs_.end()) return;
    const auto id = found->second;
    const bool by_caller = sip::tag_of(bye, Header::from) == open_.at(id).caller_tag;
    end(id, 200, by_caller ? "caller hung up" : "callee hung up", now);
}

void CallRecords::handle_heard(std::uint64_t leg, Heard heard) {
    const auto found = legs_.find(leg);
    if (found == legs_.end()) return;
    const auto id = found->second;
    open_.at(id).record.heard = std::move(heard);
    put_out(id);
}

void CallRecords::handle_timeout(TimePoint now) {
    while (const auto id = deadlines_.expired(now)) {
        if (open_.at(*id).leg) put_out(*id);
        else end(*id, 0, "lost", now);
    }
}

void CallRecords::end_all(TimePoint now) {
    while (!open_.empty()) {
        const auto id = open_.begin()->first;
        if (open_.at(id).leg) put_out(id);
        else end(id, 0, "server stopped", now);
    }
}

void CallRecords::put_out(RecordId id) {
    const auto found = open_.find(id);
    auto& open = found->second;
    leave(id, open);
    if (!open.dialog.empty()) dialogs_.erase(open.dialog);
    if (open.leg) legs_.erase(*open.leg);
    outputs_.push_back(std::move(open.record));
    deadlines_.remove(id);
    open_.erase(found);
}

// ── Who talks now ────────────────────────────────────────────────────────────────────────────────

/// All who are in it see it in another state.
void CallRecords::tell(const Open& open) {
    if (!open.initiator.empty()) changed_.insert(open.initiator);
    if (!open.room.empty()) changed_.insert(open.room);
    for (const auto& [member, tag] : open.called) changed_.insert(member);
}

void CallRecords::forget_talk(const std::string& name, RecordId id) {
    const auto talks = talking_.find(name);
    if (talks == talking_.end() || talks->second.erase(id) == 0) return;
    if (talks->second.empty()) talking_.erase(talks);
    changed_.insert(name);
}

void CallRecords::leave(RecordId id, Open& open) {
    for (const auto& [member, tag] : std::exchange(open.called, {})) forget_talk(member, id);
    forget_talk(std::exchange(open.initiator, {}), id);
    forget_talk(std::exchange(open.room, {}), id);
}

std::vector<CallRecords::Talk> CallRecords::talks(std::string_view member) const {
    std::vector<Talk> out;
    const auto talks = talking_.find(member);
    if (talks == talking_.end()) return out;
    for (const auto id : talks->second) {
        const auto& open = open_.at(id);
        const bool calls = open.initiator == member;
        const auto called = open.called.find(std::string(member));
        const auto& callee_tag = called == open.called.end() ? open.callee_tag : called->second;
        out.push_back({id, calls, open.record.answered.has_value(), open.room, open.record.call_id,
                       calls ? open.caller_tag : callee_tag,
                       calls ? open.callee_tag : open.caller_tag,
                       calls         ? open.record.callee
                       : open.hidden ? "sip:anonymous@anonymous.invalid"
                                     : open.record.caller});
    }
    return out;
}

std::vector<const CallRecords::Open*> CallRecords::legs_of(std::string_view room) const {
    std::vector<const Open*> out;
    const auto talks = talking_.find(room);
    if (talks == talking_.end()) return out;
    for (const auto id : talks->second)
        if (const auto& open = open_.at(id); open.room == room && open.record.answered)
            out.push_back(&open);
    return out;
}

std::size_t CallRecords::in_room(std::string_view room) const { return legs_of(room).size(); }

bool CallRecords::has_host(std::string_view room) const {
    const auto legs = legs_of(room);
    return std::any_of(legs.begin(), legs.end(), [](const Open* each) { return each->host; });
}

std::set<std::string, std::less<>> CallRecords::members_in(std::string_view room) const {
    std::set<std::string, std::less<>> out;
    for (const auto* each : legs_of(room))
        if (!each->initiator.empty()) out.insert(each->initiator);
    return out;
}

std::optional<CallRecord> CallRecords::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
}

} // namespace lyceum::records
