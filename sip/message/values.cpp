// SPDX-License-Identifier: Apache-2.0
#include "sip/message/values.hpp"

#include "base/char_set.hpp"
#include "base/text.hpp"

#include <array>

namespace lyceum::sip {
namespace {

bool is_token(std::string_view text) { return !text.empty() && token_characters.has_all(text); }

/// Tokens and white space between them, as an unquoted display name may be (§25.1).
bool is_token_list(std::string_view text) {
    for (const char c : text)
        if (!token_characters.has(c) && !is_blank(c) && static_cast<unsigned char>(c) < 0x80)
            return false;
    return true;
}

std::size_t quoted_end(std::string_view text) {
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '\\') ++i;
        else if (text[i] == '"') return i;
    }
    return std::string_view::npos;
}

} // namespace

Result<NameAddr, Fault> NameAddr::parse(std::string_view text) {
    static constexpr CharSet ambiguous(",?");
    NameAddr out;
    text = trim(text);
    const auto whole = text;
    if (text.starts_with('"')) {
        const auto end = quoted_end(text);
        if (end == std::string_view::npos) return Fault{"unbalanced quotes", 0};
        out.display = text.substr(1, end - 1);
        text = trim(text.substr(end + 1));
        if (!text.starts_with('<')) return Fault{"display name without <URI>", end};
    }
    if (const auto open = text.find('<'); open != std::string_view::npos) {
        const auto close = text.find('>', open);
        if (close == std::string_view::npos) return Fault{"missing >", whole.size()};
        if (open > 0) {
            out.display = trim(text.substr(0, open));
            if (!is_token_list(out.display)) return Fault{"display name needs quotes", 0};
        }
        out.uri_text = text.substr(open + 1, close - open - 1);
        text = trim(text.substr(close + 1));
    } else {
        const auto semicolon = text.find(';');
        out.uri_text = trim(text.substr(0, semicolon));
        // A comma or question mark would be ambiguous here and needs the brackets (§20.10).
        if (ambiguous.any_in(out.uri_text)) return Fault{"URI needs < and >", 0};
        text = semicolon == std::string_view::npos ? std::string_view{} : text.substr(semicolon);
    }
    if (out.uri_text.find(':') == std::string_view::npos) return Fault{"missing URI", 0};
    if (blanks.any_in(out.uri_text)) return Fault{"white space in URI", 0};
    if (!text.empty() && !text.starts_with(';')) return Fault{"garbage after URI", 0};
    out.params = Params(text);
    if (!out.params.well_formed()) return Fault{"malformed parameter", 0};
    return out;
}

std::string uri_in(std::string_view name_addr) {
    const auto parsed = NameAddr::parse(name_addr);
    return parsed ? std::string(parsed->uri_text) : std::string();
}

std::string_view name_of(Transport transport) {
    switch (transport) {
    case Transport::udp: return "UDP";
    case Transport::tcp:
    case Transport::inside: return "TCP";
    case Transport::tls: return "TLS";
    case Transport::ws: return "WS";
    case Transport::wss: return "WSS";
    }
    return {};
}

std::string_view param_of(Transport transport) {
    switch (transport) {
    case Transport::udp: return "udp";
    case Transport::tcp:
    case Transport::inside: return "tcp";
    case Transport::tls: return "tls";
    case Transport::ws:
    case Transport::wss: return "ws";
    }
    return {};
}

std::optional<Transport> transport_of(std::string_view name) {
    for (const auto transport :
         {Transport::udp, Transport::tcp, Transport::tls, Transport::ws, Transport::wss})
        if (iequals(name, name_of(transport))) return transport;
    return std::nullopt;
}

bool Via::istarts_with_cookie() const { return branch().starts_with(branch_cookie); }

Result<Via, Fault> Via::parse(std::string_view text) {
    Via out;
    text = trim(text);
    // White space may stand around the slashes (§25.1, sent-protocol).
    const auto protocol = trim(cut(text, '/'));
    const auto version = trim(cut(text, '/'));
    // Another version is a 505 of the request and must still find its way back.
    if (!iequals(protocol, "SIP") || version.size() != 3 || !is_digit(version[0]) ||
        version[1] != '.' || !is_digit(version[2]))
        return Fault{"malformed Via protocol", 0};
    text = trim(text);
    const auto gap = blanks.first_in(text);
    if (gap == std::string_view::npos) return Fault{"malformed Via", 0};
    out.transport = text.substr(0, gap);
    if (!is_token(out.transport)) return Fault{"malformed Via transport", 0};
    text = trim(text.substr(gap));
    const auto semicolon = text.find(';');
    const auto where = parse_host_port(trim(text.substr(0, semicolon)));
    if (!where) return Fault{"malformed Via host", gap};
    out.host = where->host;
    out.port = where->port;
    if (semicolon != std::string_view::npos) out.params = Params(text.substr(semicolon));
    if (!out.params.well_formed()) return Fault{"malformed Via parameter", 0};
    return out;
}

Result<CSeq, Fault> CSeq::parse(std::string_view text) {
    text = trim(text);
    const auto gap = blanks.first_in(text);
    if (gap == std::string_view::npos) return Fault{"malformed CSeq", 0};
    const auto number = parse_number<std::uint32_t>(text.substr(0, gap));
    if (!number || *number >= 0x80000000u) return Fault{"CSeq number out of range", 0};
    const auto method = trim(text.substr(gap));
    if (!is_token(method)) return Fault{"malformed CSeq method", gap};
    return CSeq{*number, method};
}

Result<RAck, Fault> RAck::parse(std::string_view text) {
    text = trim(text);
    const auto gap = blanks.first_in(text);
    const auto rseq = parse_number<std::uint32_t>(text.substr(0, gap));
    if (gap == std::string_view::npos || !rseq) return Fault{"malformed RAck", 0};
    const auto cseq = CSeq::parse(text.substr(gap));
    if (!cseq) return Fault{"malformed RAck", gap};
    return RAck{*rseq, *cseq};
}

Result<ContentType, Fault> ContentType::parse(std::string_view text) {
    const auto semicolon = text.find(';');
    auto media = trim(text.substr(0, semicolon));
    ContentType out;
    out.type = trim(cut(media, '/'));
    out.subtype = trim(media);
    if (!is_token(out.type) || !is_token(out.subtype)) return Fault{"malformed Content-Type", 0};
    if (semicolon != std::string_view::npos) out.params = Params(text.substr(semicolon));
    if (!out.params.well_formed()) return Fault{"malformed Content-Type parameter", semicolon};
    return out;
}

bool ContentType::is(std::string_view wanted_type, std::string_view wanted_subtype) const {
    return iequals(type, wanted_type) && iequals(subtype, wanted_subtype);
}

Result<SessionExpires, Fault> SessionExpires::parse(std::string_view text) {
    const auto semicolon = text.find(';');
    const auto seconds = parse_number<std::uint32_t>(trim(text.substr(0, semicolon)));
    if (!seconds) return Fault{"malformed Session-Expires", 0};
    SessionExpires out;
    out.interval = std::chrono::seconds(*seconds);
    if (semicolon == std::string_view::npos) return out;
    const auto who = Params(text.substr(semicolon)).find("refresher").value_or("");
    if (iequals(who, "uac")) out.refresher = Refresher::uac;
    else if (iequals(who, "uas")) out.refresher = Refresher::uas;
    return out;
}

std::string date_text(WallTime time) {
    static constexpr std::array<const char*, 7> weekdays{"Sun", "Mon", "Tue", "Wed",
                                                         "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
    const auto two = [](auto number) {
        const auto text = std::to_string(number);
        return text.size() < 2 ? "0" + text : text;
    };
    std::string out = weekdays[std::chrono::weekday(day).c_encoding()];
    out.append(", ").append(two(unsigned(date.day()))).append(" ");
    out.append(months[unsigned(date.month()) - 1]).append(" ");
    out.append(std::to_string(int(date.year()))).append(" ").append(two(clock.hours().count()));
    out.append(":").append(two(clock.minutes().count())).append(":");
    return out.append(two(clock.seconds().count())).append(" GMT");
}

std::optional<std::uint32_t> parse_delta_seconds(std::string_view text) {
    static constexpr CharSet delta_ends("; (");
    return parse_number<std::uint32_t>(trim(text.substr(0, delta_ends.first_in(text))));
}

std::string_view BodyPart::header(std::string_view name) const {
    for (auto rest = headers; !rest.empty();) {
        auto line = cut(rest, '\n');
        if (iequals(trim(cut(line, ':')), name)) return trim(line);
    }
    return {};
}

Result<std::vector<BodyPart>, Fault> parse_multipart(std::string_view body,
                                                     std::string_view boundary) {
    if (boundary.empty() || boundary.size() > 70) return Fault{"malformed boundary", 0};
    const std::string delimiter = "--" + std::string(boundary);
    std::vector<BodyPart> parts;
    auto at = body.find(delimiter);
    if (at == std::string_view::npos) return Fault{"missing boundary", 0};
    while (true) {
        at += delimiter.size();
        if (body.substr(at).starts_with("--")) return parts;
        const auto line_end = body.find("\r\n", at);
        if (line_end == std::string_view::npos) return Fault{"truncated multipart", at};
        const auto start = line_end + 2;
        const auto end = body.find("\r\n" + delimiter, line_end);
        if (end == std::string_view::npos) return Fault{"missing closing boundary", at};
        if (parts.size() == body_parts_max) return Fault{"too many body parts", at};
        const auto part = end > start ? body.substr(start, end - start) : std::string_view{};
        const auto blank = part.starts_with("\r\n") ? 0 : part.find("\r\n\r\n");
        if (blank == std::string_view::npos) parts.push_back({part, {}});
        else if (part.starts_with("\r\n")) parts.push_back({{}, part.substr(2)});
        else parts.push_back({part.substr(0, blank + 2), part.substr(blank + 4)});
        at = end + 2;
    }
}

std::optional<std::string_view> find_body(const Message& message, std::string_view type,
                                          std::string_view subtype) {
    const auto field = message.header(Header::content_type);
    if (!field || message.body().empty()) return std::nullopt;
    const auto content = ContentType::parse(*field);
    if (!content) return std::nullopt;
    if (content->is(type, subtype)) return message.body();
    if (!iequals(content->type, "multipart")) return std::nullopt;
    const auto boundary = content->params.find("boundary");
    if (!boundary) return std::nullopt;
    const auto parts = parse_multipart(message.body(), *boundary);
    if (!parts) return std::nullopt;
    for (const auto& part : *parts) {
        const auto inner = ContentType::parse(part.header("Content-Type"));
        if (inner && inner->is(type, subtype)) return part.content;
    }
    return std::nullopt;
}

bool wants_privacy(const Message& request) {
    auto rest = request.header("Privacy").value_or("");
    while (!rest.empty()) {
        const auto each = trim(cut(rest, ';'));
        if (iequals(each, "id") || iequals(each, "user") || iequals(each, "header")) return true;
    }
    return false;
}

std::string description_in(const Message& message) {
    return std::string(find_body(message, "application", "sdp").value_or(""));
}

std::uint32_t cseq_of(const Message& message) {
    const auto cseq = CSeq::parse(message.header(Header::cseq).value_or(""));
    return cseq ? cseq->number : 0;
}

std::string_view tag_of(const Message& message, Header header) {
    const auto address = NameAddr::parse(message.header(header).value_or(""));
    return address ? address->tag().value_or("") : std::string_view{};
}

} // namespace lyceum::sip
