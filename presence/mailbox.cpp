// SPDX-License-Identifier: Apache-2.0
#include "presence/mailbox.hpp"

#include "base/text.hpp"
#include "presence/date_time.hpp"
#include "sip/dialog/outcome.hpp"
#include "sip/message/parser.hpp"
#include "sip/message/writer.hpp"

#include <algorithm>

namespace lyceum::presence {
namespace {

using sip::Header;

/// What belongs to the way here and not to the message.
bool stays_behind(std::string_view name, Header id) {
    switch (id) {
    case Header::via:
    case Header::route:
    case Header::record_route:
    case Header::max_forwards:
    case Header::from:
    case Header::to:
    case Header::call_id:
    case Header::cseq:
    case Header::contact:
    case Header::authorization:
    case Header::proxy_authorization:
    case Header::content_type:
    case Header::content_length: return true;
    default: return iequals(name, "P-Asserted-Identity");
    }
}

} // namespace

Mailbox::Mailbox(Options options, sip::UserAgent& agent, UriOf uri_of, Entropy& entropy, Log& log)
    : options_(std::move(options)), agent_(agent), uri_of_(std::move(uri_of)), entropy_(entropy),
      log_(log) {}

void Mailbox::restore(std::vector<Mail> mails, TimePoint now) {
    for (auto& each : mails) {
        last_id_ = std::max(last_id_, each.id.value);
        recipients_.emplace(each.id, each.recipient);
        const auto request = sip::parse_message(each.request); // It was one when it was kept.
        deadlines_.set(each.id, std::max(kept_until(each, *request), now));
        boxes_[each.recipient].mails.emplace(each.id, std::move(each));
    }
    if (!mails.empty()) log_.info("mailbox.restored", {{"messages", mails.size()}});
}

void Mailbox::keep(const sip::RequestReceived& received, const std::string& recipient,
                   TimePoint now) {
    const bool full = waiting_for(recipient) >= options_.of_recipient_max ||
                      recipients_.size() >= options_.mails_max;
    const auto& request = received.request;
    const auto type = sip::ContentType::parse(request.header(Header::content_type).value_or(""));
    const bool passing = type && type->is("application", "im-iscomposing+xml");
    if (full || passing) return answer(received, 480, now);
    const MailId id{++last_id_};
    Mail mail{id, recipient, received.request.bytes(),
              options_.wall_at_zero + now.time_since_epoch()};
    recipients_.emplace(id, recipient);
    deadlines_.set(id, kept_until(mail, request));
    waiting_.emplace(id, Waiting{received.transaction, received.request, recipient});
    outputs_.push_back(Save{mail});
    boxes_[recipient].mails.emplace(id, std::move(mail));
}

TimePoint Mailbox::kept_until(const Mail& mail, const sip::Message& request) const {
    auto good = options_.kept;
    if (const auto asked = sip::parse_delta_seconds(request.header(Header::expires).value_or("")))
        good = std::min<Duration>(good, std::chrono::seconds(*asked));
    return TimePoint(std::chrono::duration_cast<Duration>(mail.received - options_.wall_at_zero) +
                     good);
}

void Mailbox::answer(const sip::RequestReceived& received, int status, TimePoint now) {
    auto writer = sip::MessageWriter::reply(received.request, status, {}, entropy_.hex(8));
    writer.header(Header::server, options_.server_name);
    agent_.respond(received.transaction, writer.finish(), now);
}

void Mailbox::handle_saved(MailId id, bool done, TimePoint now) {
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return;
    const auto waiting = std::move(found->second);
    waiting_.erase(found);
    log_.info("message.kept",
              {{"recipient", Redacted{waiting.recipient}}, {"on_disk", done ? 1 : 0}});
    answer({waiting.transaction, waiting.request, {}}, done ? 202 : 500, now);
    if (!done) return forget(waiting.recipient, id);
    const auto box = boxes_.find(waiting.recipient);
    if (box == boxes_.end()) return; // It was not to be kept as long as the disk took.
    if (const auto kept = box->second.mails.find(id); kept != box->second.mails.end())
        tell_sender(kept->second, Receipt::Kind::stored, now);
    handle_present(waiting.recipient, now); // He may have come meanwhile.
}

// ── Delivery ─────────────────────────────────────────────────────────────────────────────────────

void Mailbox::handle_present(std::string_view recipient, TimePoint now) {
    const auto box = boxes_.find(recipient);
    if (box != boxes_.end() && !box->second.under_way) deliver(box->second, now);
}

/// The oldest, if it is on disk; the next one when a device has taken it.
void Mailbox::deliver(Box& box, TimePoint now) {
    if (box.mails.empty() || waiting_.contains(box.mails.begin()->first)) return;
    const auto& [id, mail] = *box.mails.begin();
    box.under_way = id;
    const auto transaction =
        agent_.request(delivery_of(mail), {sip::inside(sip::Inside::server)}, {}, now);
    sent_.emplace(transaction, Sent{mail.recipient, id});
}

/// The same each time: who gets it twice, because we were killed in between, can tell.
sip::Message Mailbox::delivery_of(const Mail& mail) const {
    const auto original = sip::parse_message(mail.request);
    const auto& message = *original; // It was one when it was kept.
    const auto number = std::to_string(mail.id.value);
    const auto uri = uri_of_(mail.recipient);
    const auto from = sip::NameAddr::parse(message.header(Header::from).value_or(""));
    const std::string sender(from ? from->uri_text
                                  : std::string_view("sip:anonymous@anonymous.invalid"));
    const std::string display(from ? from->display : std::string_view{});
    const auto name = display.empty() ? "" : "\"" + display + "\" ";
    auto writer = sip::MessageWriter::request(sip::Method::message, uri);
    writer.header(Header::from, name + "<" + sender + ">;tag=kept" + number);
    writer.header(Header::to, "<" + uri + ">");
    writer.header(Header::call_id, "kept-" + number + "-" +
                                       std::string(message.header(Header::call_id).value_or("")));
    writer.header(Header::cseq, "1 MESSAGE").header(Header::max_forwards, 70);
    bool dated = false;
    for (const auto& field : message.fields()) {
        if (stays_behind(message.name(field), field.id)) continue;
        dated |= field.id == Header::date;
        writer.copy(message, field);
    }
    if (!dated) writer.header(Header::date, sip::date_text(mail.received));
    return writer.finish(message.header(Header::content_type).value_or(""), message.body());
}

bool Mailbox::handle_stranger(const sip::UserAgent::Output& shown, TimePoint now) {
    const auto outcome = sip::Outcome::of(shown);
    if (!outcome) return false;
    if (const auto told = given_up_.find(outcome->transaction); told != given_up_.end()) {
        if (!outcome->is_final()) return true;
        outputs_.push_back(std::move(told->second));
        given_up_.erase(told);
        return true;
    }
    const auto known = sent_.find(outcome->transaction);
    if (known == sent_.end()) return false;
    if (!outcome->is_final()) return true;
    const int status = outcome->status;
    const auto [recipient, id] = std::move(known->second);
    sent_.erase(known);
    // What a device does not want, or cannot read, it will not want later either.
    const bool over = status < 300 || status == 413 || status == 415 || status == 403 ||
                      status == 603 || status == 405;
    log_.info("message.delivery", {{"recipient", Redacted{recipient}}, {"status", status}});
    if (status < 300) forget(recipient, id);
    else if (over) give_up(recipient, id, now);
    const auto box = boxes_.find(recipient);
    if (box == boxes_.end()) return true;
    box->second.under_way.reset();
    if (box->second.mails.empty()) boxes_.erase(box);
    else if (over) deliver(box->second, now);
    return true;
}

std::optional<Mail> Mailbox::take_out(std::string_view recipient, MailId id) {
    const auto box = boxes_.find(recipient);
    auto node = box == boxes_.end() ? decltype(box->second.mails)::node_type{}
                                    : box->second.mails.extract(id);
    if (!node) return std::nullopt;
    recipients_.erase(id);
    deadlines_.remove(id);
    if (box->second.mails.empty() && !box->second.under_way) boxes_.erase(box);
    return std::move(node.mapped());
}

void Mailbox::forget(std::string_view recipient, MailId id) {
    if (take_out(recipient, id)) outputs_.push_back(Forget{id, std::string(recipient)});
}

// ── Receipts ─────────────────────────────────────────────────────────────────────────────────────

void Mailbox::give_up(std::string_view recipient, MailId id, TimePoint now) {
    const auto mail = take_out(recipient, id);
    if (!mail) return;
    Forget forgotten{id, mail->recipient};
    if (const auto told = tell_sender(*mail, Receipt::Kind::failed, now))
        given_up_.emplace(*told, std::move(forgotten));
    else outputs_.push_back(std::move(forgotten));
}

std::optional<sip::TransactionId> Mailbox::tell_sender(const Mail& mail, Receipt::Kind kind,
                                                       TimePoint now) {
    const auto message = sip::parse_message(mail.request); // It was one when it was kept.
    const auto asked =
        ReceiptRequest::of(message->header(Header::content_type).value_or(""), message->body());
    const auto from = sip::NameAddr::parse(message->header(Header::from).value_or(""));
    const bool wanted =
        asked && (kind == Receipt::Kind::stored ? asked->processing : asked->failure);
    if (!wanted || !from) return std::nullopt;
    const auto reader = uri_of_(mail.recipient);
    const std::string sender(from->uri_text);
    const Receipt receipt{kind,
                          asked->message_id,
                          entropy_.hex(8),
                          sender,
                          reader,
                          date_time_text(options_.wall_at_zero + now.time_since_epoch())};
    auto writer = sip::MessageWriter::request(sip::Method::message, sender);
    writer.header(Header::from, "<" + reader + ">;tag=" + entropy_.hex(8));
    writer.header(Header::to, "<" + sender + ">");
    writer.header(Header::call_id, entropy_.hex(16)).header(Header::cseq, "1 MESSAGE");
    writer.header(Header::max_forwards, 70);
    writer.header("P-Asserted-Identity", "<" + reader + ">");
    return agent_.request(writer.finish(cpim_type, receipt.text()),
                          {sip::inside(sip::Inside::server)}, {}, now);
}

void Mailbox::handle_timeout(TimePoint now) {
    while (const auto id = deadlines_.expired(now)) {
        const auto recipient = recipients_.at(*id);
        log_.info("message.too-old", {{"recipient", Redacted{recipient}}});
        give_up(recipient, *id, now);
    }
}

std::size_t Mailbox::waiting_for(std::string_view recipient) const {
    const auto box = boxes_.find(recipient);
    return box == boxes_.end() ? 0 : box->second.mails.size();
}

std::optional<Mailbox::Output> Mailbox::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
}

sip::EventState MessageSummary::state(std::string_view resource, std::string_view,
                                      std::string_view) {
    const auto count = mailbox_.waiting_for(resource);
    return std::make_shared<sip::EventBody>(
        std::string("Messages-Waiting: ") + (count > 0 ? "yes" : "no") + "\r\nMessage-Account: " +
        uri_of_(resource) + "\r\nText-Message: " + std::to_string(count) + "/0\r\n");
}

} // namespace lyceum::presence
