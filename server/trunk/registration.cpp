// SPDX-License-Identifier: Apache-2.0
#include "server/trunk/registration.hpp"

#include "base/text.hpp"
#include "sip/message/values.hpp"
#include "sip/message/writer.hpp"

#include <algorithm>

namespace lyceum::trunk {

using sip::Header;

namespace {

constexpr Duration expires_limit = 24h; // Whatever it grants, we look in once a day.

/// How long the registrar will know us: what it says of our Contact, or of all (§10.3, 8).
std::optional<Duration> granted(const sip::Message& response, std::string_view user) {
    std::optional<std::string_view> text = response.header(Header::expires);
    for (const auto value : response.values(Header::contact)) {
        const auto address = sip::NameAddr::parse(value);
        const auto uri = address ? address->uri() : Result<sip::Uri, Fault>(Fault{});
        if (!uri || uri->user_name() != user) continue;
        text = address->params.find("expires").value_or(text.value_or(""));
        break;
    }
    const auto seconds = text ? parse_number<std::uint32_t>(*text) : std::nullopt;
    if (!seconds) return std::nullopt;
    return std::min<Duration>(std::chrono::seconds(*seconds), expires_limit);
}

} // namespace

Registration::Registration(Options options, Entropy& entropy)
    : options_(std::move(options)), entropy_(entropy), call_id_(entropy.hex(16)),
      from_tag_(entropy.hex(8)), retry_(options_.retry_min) {}

sip::Message Registration::request(const std::string& contact) {
    auto who = options_.registrar;
    who.insert(who.find(':') + 1, options_.login.user + "@");
    who = who.substr(0, who.find(';')); // An address-of-record has no transport (§10.2).
    asked_ = options_.registrar;
    auto writer = sip::MessageWriter::request(sip::Method::register_, asked_);
    writer.header(Header::from, "<" + who + ">;tag=" + from_tag_);
    writer.header(Header::to, "<" + who + ">");
    writer.header(Header::call_id, call_id_);
    writer.header(Header::cseq, std::to_string(++cseq_) + " REGISTER");
    writer.header(Header::max_forwards, 70);
    writer.header(Header::contact, "<" + contact + ">");
    writer.header(Header::expires, static_cast<std::uint64_t>(options_.expires / 1s));
    if (credentials_) writer.header(credentials_->header, credentials_->value);
    credentials_.reset();
    writer.header(Header::user_agent, options_.server_name);
    return writer.finish();
}

bool Registration::handle_response(const sip::Message& response, TimePoint now) {
    const int status = response.status();
    if (status < 200) return false;
    if (status < 300) {
        const auto lasts = granted(response, options_.login.user).value_or(options_.expires);
        // Early enough for a few tries that go wrong.
        due_ = now + std::max<Duration>(lasts - std::max<Duration>(lasts / 10, 30s), lasts / 2);
        state_ = State::done;
        retry_ = options_.retry_min;
        answered_challenge_ = false;
        why_.clear();
        return false;
    }
    if (status == 423) {
        const auto least =
            parse_number<std::uint32_t>(response.header(Header::min_expires).value_or(""));
        const auto wanted = std::chrono::seconds(least.value_or(0));
        if (wanted > options_.expires && wanted <= expires_limit) {
            options_.expires = wanted;
            return true;
        }
    }
    const bool asks = status == 401 || status == 407;
    if (asks && !answered_challenge_ && !options_.login.user.empty()) {
        credentials_ =
            sip::answer_challenge(response, options_.login, "REGISTER", asked_, entropy_.hex(8));
        answered_challenge_ = credentials_.has_value();
        if (credentials_) return true;
    }
    fail(std::to_string(status) + " " + std::string(response.reason()), now);
    return false;
}

void Registration::handle_failure(TimePoint now) { fail("no answer", now); }

void Registration::fail(std::string why, TimePoint now) {
    state_ = State::failed;
    answered_challenge_ = false;
    why_ = std::move(why);
    due_ = now + retry_;
    retry_ = std::min(2 * retry_, options_.retry_max);
}

} // namespace lyceum::trunk
