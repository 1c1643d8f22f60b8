// SPDX-License-Identifier: Apache-2.0
#include "sip/dialog/dialog.hpp"

#include "base/text.hpp"
#include "sip/message/values.hpp"

#include <algorithm>
#include <utility>

namespace lyceum::sip {
namespace {

std::string contact_of(const Message& message) {
    const auto contacts = message.values(Header::contact);
    if (contacts.empty()) return {};
    const auto address = NameAddr::parse(contacts.front());
    if (!address) return {};
    // It becomes a Request-URI, where header fields may not stand (§19.1.1).
    const auto uri = address->uri();
    const auto headers = uri && !uri->headers.empty() ? uri->headers.size() + 1 : 0;
    return std::string(address->uri_text.substr(0, address->uri_text.size() - headers));
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

std::optional<DialogReference> DialogReference::parse(Header header, std::string_view value) {
    const auto semicolon = std::min(value.find(';'), value.size());
    const Params params(value.substr(semicolon));
    // Target-Dialog says what is local and remote to us, the others whom a request in the dialog
    // would be to and from.
    const bool seen_from_us = header == Header::target_dialog;
    const auto local = params.find(seen_from_us ? "local-tag" : "to-tag");
    const auto remote = params.find(seen_from_us ? "remote-tag" : "from-tag");
    const auto call_id = trim(value.substr(0, semicolon));
    if (call_id.empty() || !local || !remote) return std::nullopt;
    return DialogReference{{std::string(call_id), std::string(*local), std::string(*remote)},
                           params.has("early-only")};
}

Dialog::Dialog(const Parts& parts)
    : route_set_(parts.route_set), local_cseq_(parts.local_cseq), remote_cseq_(parts.remote_cseq) {
    const auto& [call_id, local_tag, remote_tag] = parts.key;
    const auto pieces = {std::pair(&target_, &parts.remote_target),
                         {&local_uri_, &parts.local_uri},
                         {&remote_uri_, &parts.remote_uri},
                         {&call_id_, &call_id},
                         {&local_tag_, &local_tag},
                         {&remote_tag_, &remote_tag}};
    std::size_t size = 0;
    for (const auto& [piece, text] : pieces) size += text->size();
    text_.reserve(size);
    for (const auto& [piece, text] : pieces) {
        *piece = {static_cast<std::uint32_t>(text_.size()),
                  static_cast<std::uint32_t>(text->size())};
        text_ += *text;
    }
}

Dialog::Parts Dialog::parts() const {
    return {key(),
            std::string(view(local_uri_)),
            std::string(view(remote_uri_)),
            std::string(view(target_)),
            route_set_,
            local_cseq_,
            remote_cseq_};
}

DialogKey Dialog::key() const {
    return {std::string(view(call_id_)), std::string(view(local_tag_)),
            std::string(view(remote_tag_))};
}

Result<Dialog, Fault> Dialog::uas(const Message& request, std::string local_tag) {
    Parts out;
    out.remote_target = contact_of(request);
    if (out.remote_target.empty()) return Fault{"missing Contact", 0};
    out.local_uri = std::string(*request.header(Header::to)) + ";tag=" + local_tag;
    out.remote_uri = *request.header(Header::from);
    out.key = {std::string(*request.header(Header::call_id)), std::move(local_tag),
               std::string(tag_of(request, Header::from))};
    out.route_set = record_route(request);
    out.remote_cseq = CSeq::parse(*request.header(Header::cseq))->number;
    return Dialog(out);
}

Result<Dialog, Fault> Dialog::uac(const Message& request, const Message& response) {
    Parts out;
    const auto remote_tag = tag_of(response, Header::to);
    if (remote_tag.empty()) return Fault{"missing To tag", 0};
    out.local_uri = *request.header(Header::from);
    out.remote_uri = *response.header(Header::to);
    out.key = {std::string(*request.header(Header::call_id)),
               std::string(tag_of(request, Header::from)), std::string(remote_tag)};
    out.local_cseq = CSeq::parse(*request.header(Header::cseq))->number;
    out.remote_target = request.request_uri();
    Dialog dialog(out);
    dialog.confirm(response);
    return dialog;
}

MessageWriter Dialog::request(Method method, std::size_t room) {
    return start(method, ++local_cseq_, room);
}

MessageWriter Dialog::request(Method method, std::string_view display) {
    return start(method, ++local_cseq_, MessageWriter::usual_room, display);
}

MessageWriter Dialog::ack(std::uint32_t invite_cseq) const {
    return start(Method::ack, invite_cseq);
}

/// §12.2.1.1: loose routers in Route with the target as Request-URI; before a strict router, the
/// first route becomes the Request-URI and the target the last Route.
MessageWriter Dialog::start(Method method, std::uint32_t cseq, std::size_t room,
                            std::string_view display) const {
    const bool strict = !route_set_.empty() && !is_loose(route_set_.front());
    const auto target = strict ? NameAddr::parse(route_set_.front())->uri_text : remote_target();
    auto writer = MessageWriter::request(method, target, room);
    for (std::size_t i = strict ? 1 : 0; i < route_set_.size(); ++i)
        writer.header(Header::route, route_set_[i]);
    if (strict) writer.header(Header::route, {"<", remote_target(), ">"});
    const auto bracket = display.empty() ? std::string_view::npos : local_uri().find('<');
    if (bracket == std::string_view::npos) writer.header(Header::from, local_uri());
    else writer.header(Header::from, {"\"", display, "\" ", local_uri().substr(bracket)});
    writer.header(Header::to, view(remote_uri_));
    writer.header(Header::call_id, view(call_id_));
    writer.header(Header::cseq, {std::to_string(cseq), " ", name_of(method)});
    writer.header(Header::max_forwards, "70");
    return writer;
}

bool Dialog::handle_cseq(std::uint32_t number) {
    if (remote_cseq_ && number < *remote_cseq_) return false;
    remote_cseq_ = number;
    return true;
}

void Dialog::refresh_target(const Message& message) {
    auto target = contact_of(message);
    if (target.empty() || target == remote_target()) return;
    auto changed = parts();
    changed.remote_target = std::move(target);
    *this = Dialog(changed);
}

void Dialog::confirm(const Message& response) {
    refresh_target(response);
    route_set_ = record_route(response);
    std::reverse(route_set_.begin(), route_set_.end());
}

std::string Dialog::next_hop() const {
    if (route_set_.empty()) return std::string(remote_target());
    const auto address = NameAddr::parse(route_set_.front());
    return std::string(address ? address->uri_text : remote_target());
}

} // namespace lyceum::sip
