// SPDX-License-Identifier: Apache-2.0
#include "presence/cpim.hpp"

#include "base/text.hpp"
#include "presence/xml.hpp"
#include "sip/message/values.hpp"

#include <algorithm>

namespace lyceum::presence {
namespace {

/// "imdn <urn:ietf:params:imdn>" (RFC 3862 §3.4).
std::optional<std::pair<std::string_view, std::string_view>> binding_of(std::string_view value) {
    const auto open = value.find('<'), close = value.find('>');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open)
        return std::nullopt;
    return std::pair(trim(value.substr(0, open)), value.substr(open + 1, close - open - 1));
}

/// Of the marks that a Message-ID has (§10), and short.
bool is_token(std::string_view text) {
    return !text.empty() && text.size() <= 256 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

} // namespace

Result<Cpim, Fault> Cpim::parse(std::string_view text) {
    if (!is_utf8(text)) return Fault("not UTF-8", 0);
    Cpim out;
    std::vector<std::pair<std::string_view, std::string_view>> prefixes{{"", ""}};
    const auto meaning_of = [&](std::string_view prefix) -> std::optional<std::string_view> {
        for (auto it = prefixes.rbegin(); it != prefixes.rend(); ++it)
            if (it->first == prefix) return it->second;
        return std::nullopt;
    };
    const auto whole = text.size();
    while (!text.empty()) {
        const auto at = whole - text.size();
        const auto line = cut_line(text);
        if (line.empty()) {
            out.content = text;
            return out;
        }
        // Between the colon and the space there may be parameters (§3.3).
        const auto colon = line.find(':'), space = line.find(' ', std::min(colon, line.size()));
        if (colon == 0 || space == std::string_view::npos ||
            (space > colon + 1 && line[colon + 1] != ';'))
            return Fault("not a header", at);
        if (out.headers.size() >= headers_max) return Fault("too many headers", at);
        auto name = line.substr(0, colon);
        const auto value = trim(line.substr(space + 1));
        const auto dot = name.find('.');
        const auto prefix =
            dot == std::string_view::npos ? std::string_view{} : name.substr(0, dot);
        if (dot != std::string_view::npos) name.remove_prefix(dot + 1);
        const auto ns = meaning_of(prefix);
        if (!ns) return Fault("a prefix that means nothing", at);
        if (name == "NS" && ns->empty()) {
            const auto binding = binding_of(value);
            if (!binding) return Fault("a namespace that is none", at);
            prefixes.push_back(*binding);
        }
        out.headers.push_back({std::string(*ns), std::string(name), std::string(value)});
    }
    return Fault("no content", whole);
}

std::optional<std::string_view> Cpim::header(std::string_view ns, std::string_view name) const {
    for (const auto& each : headers)
        if (each.ns == ns && each.name == name) return each.value;
    return std::nullopt;
}

std::optional<ReceiptRequest> ReceiptRequest::of(std::string_view content_type,
                                                 std::string_view body) {
    const auto type = sip::ContentType::parse(content_type);
    if (!type || !type->is("message", "cpim")) return std::nullopt;
    const auto message = Cpim::parse(body);
    if (!message) return std::nullopt;
    const auto id = message->header(imdn_ns, "Message-ID");
    auto asked = message->header(imdn_ns, "Disposition-Notification");
    if (!id || !is_token(*id) || !asked) return std::nullopt;
    ReceiptRequest out{std::string(*id)};
    while (!asked->empty()) {
        const auto each = trim(cut(*asked, ','));
        out.processing |= each == "processing";
        out.failure |= each == "negative-delivery";
    }
    return out.processing || out.failure ? std::optional(std::move(out)) : std::nullopt;
}

std::string Receipt::text() const {
    const std::string ns = "urn:ietf:params:xml:ns:imdn";
    const auto element = [&](const char* name, std::string content) {
        return xml::Element{ns, name, {}, std::move(content)};
    };
    const bool stored = kind == Kind::stored;
    auto root = element("imdn", {}), status = element("status", {});
    auto notification = element(stored ? "processing-notification" : "delivery-notification", {});
    status.children.push_back(element(stored ? "stored" : "failed", {}));
    notification.children.push_back(std::move(status));
    root.children = {element("message-id", message_id), element("datetime", date_time),
                     element("recipient-uri", reader), element("original-recipient-uri", reader),
                     std::move(notification)};
    const auto inside = xml::write(root);
    return "From: <" + reader + ">\r\nTo: <" + sender + ">\r\nDateTime: " + date_time +
           "\r\nNS: imdn <" + std::string(imdn_ns) + ">\r\nimdn.Message-ID: " + own_id +
           "\r\n\r\nContent-Type: message/imdn+xml\r\nContent-Disposition: notification\r\n"
           "Content-Length: " +
           std::to_string(inside.size()) + "\r\n\r\n" + inside;
}

} // namespace lyceum::presence
