// SPDX-License-Identifier: Apache-2.0
#include "server/records/call_records.hpp"

#include "sip/message/values.hpp"

#include <cmath>
#include <utility>

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

RecordId CallRecords::begin(const sip::Message& invite, std::string way, TimePoint now) {
    if (open_.size() >= options_.open_max) return {};
    const RecordId id{++last_id_};
    Open open;
    open.record.call_id = *invite.header(Header::call_id);
    open.record.caller = sip::uri_in(*invite.header(Header::from));
    open.record.callee = invite.request_uri();
    open.record.way = std::move(way);
    open.record.started = wall(now);
    open.caller_tag = sip::tag_of(invite, Header::from);
    open_.emplace(id, std::move(open));
    deadlines_.set(id, now + options_.lasts_max);
    return id;
}

void CallRecords::set_way(RecordId id, std::string way) {
    if (const auto found = open_.find(id); found != open_.end())
        found->second.record.way = std::move(way);
}

void CallRecords::answer(RecordId id, TimePoint now) {
    const auto found = open_.find(id);
    if (found == open_.end() || found->second.record.answered) return;
    found->second.record.answered = wall(now);
    found->second.record.status = 200;
}

void CallRecords::answer(RecordId id, const sip::Message& success, TimePoint now) {
    const auto found = open_.find(id);
    if (found == open_.end() || found->second.record.answered) return;
    answer(id, now);
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
    deadlines_.set(id, now + options_.quality_within);
}

void CallRecords::discard(RecordId id) {
    const auto found = open_.find(id);
    if (found == open_.end()) return;
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

void CallRecords::handle_quality(std::uint64_t leg, const rtp::Quality& quality) {
    const auto found = legs_.find(leg);
    if (found == legs_.end()) return;
    const auto id = found->second;
    open_.at(id).record.heard = Heard{static_cast<int>(std::lround(quality.mos * 10)),
                                      static_cast<int>(std::lround(quality.loss * 1000)),
                                      static_cast<int>(quality.jitter / 1ms)};
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
    if (!open.dialog.empty()) dialogs_.erase(open.dialog);
    if (open.leg) legs_.erase(*open.leg);
    outputs_.push_back(std::move(open.record));
    deadlines_.remove(id);
    open_.erase(found);
}

std::optional<CallRecord> CallRecords::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
}

} // namespace lyceum::records
