// SPDX-License-Identifier: Apache-2.0
#include "server/messages/exploder.hpp"

#include "base/text.hpp"
#include "presence/resource_list.hpp"
#include "server/messages/multipart.hpp"
#include "sip/dialog/outcome.hpp"
#include "sip/message/values.hpp"
#include "sip/message/writer.hpp"

#include <algorithm>
#include <array>

namespace lyceum::messages {

using sip::Header;
using sip::Refusal;

namespace {

constexpr std::string_view brought_list = "recipient-list-message"; // RFC 5365 §6.
constexpr std::array<std::string_view, 1> extensions{brought_list};

/// What belongs to the message and not to its way.
constexpr std::array kept_headers{Header::subject, Header::date, Header::content_encoding,
                                  Header::content_language};

bool is_composing(const sip::Message& request) {
    const auto type = sip::ContentType::parse(request.header(Header::content_type).value_or(""));
    return type && type->is("application", "im-iscomposing+xml");
}

} // namespace

Exploder::Exploder(Options options, sip::UserAgent& agent, const routing::Router& router,
                   identity::Identity& identity, const records::CallRecords& records,
                   Entropy& entropy, Log& log)
    : options_(std::move(options)), agent_(agent), router_(router), identity_(identity),
      records_(records), entropy_(entropy), log_(log),
      by_sender_(options_.per_minute / 60, options_.per_minute) {}

bool Exploder::handle_stranger(const sip::UserAgent::Output& shown, TimePoint now) {
    if (const auto* received = std::get_if<sip::RequestReceived>(&shown)) {
        const auto& request = received->request;
        const bool fresh = request.method() == sip::Method::message &&
                           sip::tag_of(request, Header::to).empty() && router_.is_ours(request);
        if (!fresh) return false;
        if (!request.lists(Header::require, brought_list)) {
            const auto named = router_.named(request.request_uri());
            const auto user = sip::Uri::parse(request.request_uri())->user_name();
            if (named ? !named->is_room : !router_.groups().members(user)) return false;
        }
        if (const auto refusal = explode(*received, now)) refuse(*received, *refusal, now);
        return true;
    }
    const auto outcome = sip::Outcome::of(shown);
    const auto known = outcome ? sent_.find(outcome->transaction) : sent_.end();
    if (known == sent_.end()) return false;
    if (!outcome->is_final()) return true;
    const int status = outcome->status;
    const auto id = known->second;
    sent_.erase(known);
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return true; // Of the history, or too late.
    auto& job = found->second;
    if (status < 300) ++job.taken;
    else job.failed = status;
    if (--job.open == 0) finish(id, now);
    return true;
}

std::optional<Refusal> Exploder::explode(const sip::RequestReceived& received, TimePoint now) {
    const auto& request = received.request;
    auto sender = identity_.sender(request, received.from, router_.domains(), now);
    if (!sender) return sender.error();
    if (auto refusal = Refusal::of_extensions(request, extensions)) return refusal;
    std::string by;
    auto readers = readers_of(request, *sender, by);
    if (!readers) return readers.error();
    readers->erase(*sender);
    const auto from = sip::NameAddr::parse(*request.header(Header::from));
    const auto name = from->display.empty() ? *sender : std::string(from->display);
    Addressees to{std::move(*readers)};
    if (records_.in_room(by) > 0) to.guests = options_.guests(by);
    return pass_on(received, *sender, letter_of(request, name, *sender, by), by, to, now);
}

void Exploder::handle_written(const Author& author, const sip::RequestReceived& received,
                              TimePoint now) {
    const auto& [room, member, display, session] = author;
    Addressees to{records_.members_in(room), options_.guests(room)};
    to.members.erase(member);
    std::erase(to.guests, session);
    const auto sender = member.empty() ? "guest:" + std::to_string(session.value) : member;
    const auto refusal = pass_on(received, sender,
                                 letter_of(received.request, display, member, room), room, to, now);
    if (refusal) refuse(received, *refusal, now);
}

std::optional<Refusal> Exploder::pass_on(const sip::RequestReceived& received,
                                         const std::string& sender, const Letter& letter,
                                         const std::string& by, const Addressees& to,
                                         TimePoint now) {
    const bool busy = jobs_.size() >= options_.under_way_max || !by_sender_.take(sender, now);
    if (busy) return Refusal::busy(10s, "Too Many Messages");
    const JobId id{++last_id_};
    auto& job = jobs_.emplace(id, Job{received}).first->second;
    // Nobody misses that somebody is composing, and who is in the room will get it.
    const bool passing = is_composing(received.request);
    if (passing || to.members.empty() || !to.guests.empty()) job.taken = 1;
    job.open = passing ? 0 : to.members.size();
    if (!passing) {
        log_.info("message.exploded", {{"sender", Redacted{sender}},
                                       {"readers", to.members.size()},
                                       {"guests", to.guests.size()}});
        for (const auto each : to.guests) write(each, letter, now);
        for (const auto& each : to.members) send(each, letter, id, now);
        if (records_.in_room(by) > 0) remember(by, letter);
    }
    if (job.open == 0) finish(id, now);
    else deadlines_.set(id, now + options_.patience);
    return std::nullopt;
}

/// Who is to get it, and by which room or group; empty: from the sender himself.
Result<Exploder::Readers, Refusal> Exploder::readers_of(const sip::Message& request,
                                                        const std::string& sender,
                                                        std::string& by) const {
    if (request.lists(Header::require, brought_list)) return listed_in(request);
    if (const auto named = router_.named(request.request_uri())) {
        by = to_lower(named->name);
        if (records_.in_room(by) == 0) return Refusal{480, "Not in Session"};
        auto present = records_.members_in(by);
        if (!present.contains(sender)) return Refusal{403, "For Those in the Room"};
        return present;
    }
    by = sip::Uri::parse(request.request_uri())->user_name();
    const auto& members = *router_.groups().members(by);
    if (!members.contains(sender) && !identity_.is_administrator(sender))
        return Refusal{403, "For Those in the Group"};
    return members;
}

Result<Exploder::Readers, Refusal> Exploder::listed_in(const sip::Message& request) const {
    const auto body = sip::find_body(request, "application", "resource-lists+xml");
    if (!body)
        return Refusal{415, {}, {{Header::accept, std::string(presence::resource_lists_type)}}};
    const auto uris = presence::uris_listed(*body);
    if (!uris) return Refusal{400, "Bad List: " + uris.error().what};
    Readers out;
    for (const auto& uri : *uris) {
        const auto named = router_.named(uri);
        if (!named || named->is_room) return Refusal{404, "Not a Member: " + uri};
        out.insert(named->name);
    }
    if (out.empty()) return Refusal{400, "Empty List"};
    return out;
}

/// `sender` is the member that he has proven to be; empty: a guest.
Exploder::Letter Exploder::letter_of(const sip::Message& request, const std::string& name,
                                     const std::string& sender, const std::string& by) const {
    Letter out;
    out.display = name;
    const auto own = sender.empty() ? "" : "\"" + name + "\" <" + router_.uri_of(sender) + ">";
    out.from = by.empty() ? own : "\"" + name + "\" <" + router_.uri_of(by) + ">";
    out.asserted = own;
    for (const auto each : kept_headers)
        if (const auto value = request.header(each)) out.headers.emplace_back(each, *value);
    if (by.empty()) {
        std::tie(out.type, out.body) = without_list(request);
    } else {
        out.type = request.header(Header::content_type).value_or("");
        out.body = request.body();
    }
    return out;
}

sip::Message Exploder::copy_for(const std::string& reader, const Letter& letter) const {
    const auto uri = router_.uri_of(reader);
    auto writer = sip::MessageWriter::request(sip::Method::message, uri);
    writer.header(Header::from, letter.from + ";tag=" + entropy_.hex(8));
    writer.header(Header::to, "<" + uri + ">");
    writer.header(Header::call_id, entropy_.hex(16)).header(Header::cseq, "1 MESSAGE");
    writer.header(Header::max_forwards, 70);
    if (!letter.asserted.empty()) writer.header("P-Asserted-Identity", letter.asserted);
    for (const auto& [name, value] : letter.headers) writer.header(name, value);
    return writer.finish(letter.type, letter.body);
}

void Exploder::send(const std::string& reader, const Letter& letter, JobId job, TimePoint now) {
    const auto transaction =
        agent_.request(copy_for(reader, letter), {sip::inside(sip::Inside::server)}, {}, now);
    sent_.emplace(transaction, job);
}

void Exploder::write(sip::SessionId guest, const Letter& letter, TimePoint now) {
    sip::OutgoingText text{letter.display, {}, letter.type, letter.body};
    if (!letter.asserted.empty()) text.headers.emplace_back("P-Asserted-Identity", letter.asserted);
    for (const auto& [name, value] : letter.headers)
        text.headers.emplace_back(sip::name_of(name), value);
    agent_.write(guest, text, now);
}

void Exploder::finish(JobId id, TimePoint now) {
    const auto found = jobs_.find(id);
    const auto job = std::move(found->second);
    jobs_.erase(found);
    deadlines_.remove(id);
    const int status = job.taken > 0 ? 202 : job.failed ? job.failed : 480;
    if (status >= 300) return refuse(job.received, Refusal{status}, now);
    auto writer = sip::MessageWriter::reply(job.received.request, status, {}, entropy_.hex(8));
    writer.header(Header::server, options_.server_name);
    agent_.respond(job.received.transaction, writer.finish(), now);
}

void Exploder::handle_timeout(TimePoint now) {
    while (const auto id = deadlines_.expired(now)) finish(*id, now);
}

void Exploder::refuse(const sip::RequestReceived& received, const Refusal& refusal, TimePoint now) {
    if (refusal.status != 401)
        log_.info("message.refused", {{"status", refusal.status}, {"why", refusal.reason}});
    const auto tag = entropy_.hex(8);
    agent_.respond(received.transaction, refusal.reply(received.request, options_.server_name, tag),
                   now);
}

// ── What was written before somebody came ────────────────────────────────────────────────────────

void Exploder::remember(const std::string& room, const Letter& letter) {
    const auto kept = std::min(options_.history ? options_.history(room) : 0, options_.history_max);
    if (kept == 0) return;
    auto& session = sessions_[room];
    session.present = records_.members_in(room);
    session.guests = options_.guests(room);
    session.history.push_back(letter);
    std::size_t bytes = 0;
    for (const auto& each : session.history) bytes += each.body.size();
    while (session.history.size() > kept || bytes > options_.history_bytes_max) {
        bytes -= session.history.front().body.size();
        session.history.pop_front();
    }
}

void Exploder::handle_talks(const std::set<std::string>& changed, TimePoint now) {
    for (const auto& room : changed) {
        const auto found = sessions_.find(room);
        if (found == sessions_.end()) continue;
        if (records_.in_room(room) == 0) {
            sessions_.erase(found);
            continue;
        }
        auto& session = found->second;
        auto present = records_.members_in(room);
        for (const auto& each : present)
            if (!session.present.contains(each))
                for (const auto& letter : session.history) send(each, letter, {}, now);
        session.present = std::move(present);
        auto guests = options_.guests(room);
        for (const auto each : guests)
            if (std::find(session.guests.begin(), session.guests.end(), each) ==
                session.guests.end())
                for (const auto& letter : session.history) write(each, letter, now);
        session.guests = std::move(guests);
    }
}

} // namespace lyceum::messages
