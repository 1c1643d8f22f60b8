// SPDX-License-Identifier: Apache-2.0
#include "sip/dialog/dialog.hpp"

#include "base/text.hpp"
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

Result<Dialog, Fault> Dialog::uas(const Message& request, std::string local_tag) {
    Dialog out;
    out.parts_.remote_target = contact_of(request);
    if (out.parts_.remote_target.empty()) return Fault{"missing Contact", 0};
    out.parts_.local_uri = std::string(*request.header(Header::to)) + ";tag=" + local_tag;
    out.parts_.remote_uri = *request.header(Header::from);
    out.parts_.key = {std::string(*request.header(Header::call_id)), std::move(local_tag),
                      std::string(tag_of(request, Header::from))};
    out.parts_.route_set = record_route(request);
    out.parts_.remote_cseq = CSeq::parse(*request.header(Header::cseq))->number;
    return out;
}

Result<Dialog, Fault> Dialog::uac(const Message& request, const Message& response) {
    Dialog out;
    const auto remote_tag = tag_of(response, Header::to);
    if (remote_tag.empty()) return Fault{"missing To tag", 0};
    out.parts_.local_uri = *request.header(Header::from);
    out.parts_.remote_uri = *response.header(Header::to);
    out.parts_.key = {std::string(*request.header(Header::call_id)),
                      std::string(tag_of(request, Header::from)), std::string(remote_tag)};
    out.parts_.local_cseq = CSeq::parse(*request.header(Header::cseq))->number;
    out.confirm(response);
    if (out.parts_.remote_target.empty()) out.parts_.remote_target = request.request_uri();
    return out;
}

MessageWriter Dialog::request(Method method, std::size_t room) {
    return start(method, ++parts_.local_cseq, room);
}

MessageWriter Dialog::request(Method method, std::string_view display) {
    return start(method, ++parts_.local_cseq, MessageWriter::usual_room, display);
}

MessageWriter Dialog::ack(std::uint32_t invite_cseq) const {
    return start(Method::ack, invite_cseq);
}

/// §12.2.1.1: loose routers in Route with the target as Request-URI; before a strict router, the
/// first route becomes the Request-URI and the target the last Route.
MessageWriter Dialog::start(Method method, std::uint32_t cseq, std::size_t room,
                            std::string_view display) const {
    const bool strict = !parts_.route_set.empty() && !is_loose(parts_.route_set.front());
    const auto target =
        strict ? NameAddr::parse(parts_.route_set.front())->uri_text : parts_.remote_target;
    auto writer = MessageWriter::request(method, target, room);
    for (std::size_t i = strict ? 1 : 0; i < parts_.route_set.size(); ++i)
        writer.header(Header::route, parts_.route_set[i]);
    if (strict) writer.header(Header::route, "<" + parts_.remote_target + ">");
    const auto bracket = display.empty() ? std::string::npos : parts_.local_uri.find('<');
    if (bracket == std::string::npos) writer.header(Header::from, parts_.local_uri);
    else
        writer.header(Header::from,
                      "\"" + std::string(display) + "\" " + parts_.local_uri.substr(bracket));
    writer.header(Header::to, parts_.remote_uri);
    writer.header(Header::call_id, parts_.key.call_id);
    writer.header(Header::cseq, std::to_string(cseq) + " " + std::string(name_of(method)));
    writer.header(Header::max_forwards, 70);
    return writer;
}

bool Dialog::handle_cseq(std::uint32_t number) {
    if (parts_.remote_cseq && number < *parts_.remote_cseq) return false;
    parts_.remote_cseq = number;
    return true;
}

void Dialog::refresh_target(const Message& message) {
    if (auto target = contact_of(message); !target.empty())
        parts_.remote_target = std::move(target);
}

void Dialog::confirm(const Message& response) {
    refresh_target(response);
    parts_.route_set = record_route(response);
    std::reverse(parts_.route_set.begin(), parts_.route_set.end());
}

std::string Dialog::next_hop() const {
    if (parts_.route_set.empty()) return parts_.remote_target;
    const auto address = NameAddr::parse(parts_.route_set.front());
    return address ? std::string(address->uri_text) : parts_.remote_target;
}

} // namespace lyceum::sip
