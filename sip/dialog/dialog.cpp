// SPDX-License-Identifier: Apache-2.0
#include "sip/dialog/dialog.hpp"

#include "sip/message/values.hpp"

#include <algorithm>

namespace lyceum::sip {
namespace {

std::string contact_of(const Message& message) {
    const auto contacts = message.values(Header::contact);
    if (contacts.empty()) return {};
    const auto address = NameAddr::parse(contacts.front());
    return address ? std::string(address->uri_text) : std::string{};
}

std::vector<std::string> record_route(const Message& message) {
    std::vector<std::string> out;
    for (const auto route : message.values(Header::record_route)) out.emplace_back(route);
    return out;
}

bool is_loose(const std::string& route) {
    const auto address = NameAddr::parse(route);
    const auto uri = address ? address->uri() : Result<Uri, Fault>(Fault{});
    return uri && uri->params.has("lr");
}

} // namespace

std::optional<DialogKey> DialogKey::of_request(const Message& request) {
    const auto local = tag_of(request, Header::to);
    if (local.empty()) return std::nullopt;
    return DialogKey{std::string(*request.header(Header::call_id)), std::string(local),
                     std::string(tag_of(request, Header::from))};
}

Result<Dialog, Fault> Dialog::uas(const Message& request, std::string local_tag) {
    Dialog out;
    out.remote_target_ = contact_of(request);
    if (out.remote_target_.empty()) return Fault{"missing Contact", 0};
    out.local_uri_ = std::string(*request.header(Header::to)) + ";tag=" + local_tag;
    out.remote_uri_ = *request.header(Header::from);
    out.key_ = {std::string(*request.header(Header::call_id)), std::move(local_tag),
                std::string(tag_of(request, Header::from))};
    out.route_set_ = record_route(request);
    out.remote_cseq_ = CSeq::parse(*request.header(Header::cseq))->number;
    return out;
}

Result<Dialog, Fault> Dialog::uac(const Message& request, const Message& response) {
    Dialog out;
    const auto remote_tag = tag_of(response, Header::to);
    if (remote_tag.empty()) return Fault{"missing To tag", 0};
    out.local_uri_ = *request.header(Header::from);
    out.remote_uri_ = *response.header(Header::to);
    out.key_ = {std::string(*request.header(Header::call_id)),
                std::string(tag_of(request, Header::from)), std::string(remote_tag)};
    out.local_cseq_ = CSeq::parse(*request.header(Header::cseq))->number;
    out.confirm(response);
    if (out.remote_target_.empty()) out.remote_target_ = request.request_uri();
    return out;
}

MessageWriter Dialog::request(Method method) { return start(method, ++local_cseq_); }

MessageWriter Dialog::ack(std::uint32_t invite_cseq) const {
    return start(Method::ack, invite_cseq);
}

/// §12.2.1.1: loose routers in Route with the target as Request-URI; before a strict router, the
/// first route becomes the Request-URI and the target the last Route.
MessageWriter Dialog::start(Method method, std::uint32_t cseq) const {
    const bool strict = !route_set_.empty() && !is_loose(route_set_.front());
    auto writer = MessageWriter::request(
        method,
        strict ? std::string(NameAddr::parse(route_set_.front())->uri_text) : remote_target_);
    for (std::size_t i = strict ? 1 : 0; i < route_set_.size(); ++i)
        writer.header(Header::route, route_set_[i]);
    if (strict) writer.header(Header::route, "<" + remote_target_ + ">");
    writer.header(Header::from, local_uri_).header(Header::to, remote_uri_);
    writer.header(Header::call_id, key_.call_id);
    writer.header(Header::cseq, std::to_string(cseq) + " " + std::string(name_of(method)));
    writer.header(Header::max_forwards, 70);
    return writer;
}

bool Dialog::handle_cseq(std::uint32_t number) {
    if (remote_cseq_ && number < *remote_cseq_) return false;
    remote_cseq_ = number;
    return true;
}

void Dialog::refresh_target(const Message& message) {
    if (auto target = contact_of(message); !target.empty()) remote_target_ = std::move(target);
}

void Dialog::confirm(const Message& response) {
    refresh_target(response);
    route_set_ = record_route(response);
    std::reverse(route_set_.begin(), route_set_.end());
}

std::string Dialog::next_hop() const {
    if (route_set_.empty()) return remote_target_;
    const auto address = NameAddr::parse(route_set_.front());
    return address ? std::string(address->uri_text) : remote_target_;
}

} // namespace lyceum::sip
