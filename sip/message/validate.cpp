// SPDX-License-Identifier: Apache-2.0
#include "sip/message/validate.hpp"

#include "base/char_set.hpp"
#include "base/text.hpp"
#include "sip/message/values.hpp"

#include <array>

namespace lyceum::sip {
namespace {

using Verdict = std::optional<Rejection>;

Verdict bad(std::string reason) { return Rejection{400, std::move(reason)}; }
Verdict bad(Header header, const Fault& fault) {
    return bad("Bad " + std::string(name_of(header)) + ": " + fault.what);
}

Verdict check_start_line(const Message& message) {
    if (!iequals(message.version(), "SIP/2.0")) {
        // "SIP/2.0 " with blanks behind it is a malformed line; another number is another version.
        if (istarts_with(message.version(), "SIP/2.0")) return bad("Malformed Request Line");
        return Rejection{505, std::string(reason_phrase(505))};
    }
    if (message.is_response()) return std::nullopt;
    if (!token_characters.has_all(message.method_name())) return bad("Malformed Method");
    const auto uri = Uri::parse(message.request_uri());
    if (!uri) return bad("Bad Request-URI: " + uri.error().what);
    // Header fields are not allowed in a Request-URI (§19.1.1, table 1).
    if (!uri->headers.empty()) return bad("Bad Request-URI: headers not allowed");
    return std::nullopt;
}

Verdict check_mandatory(const Message& message) {
    static constexpr std::array once{Header::from, Header::to, Header::call_id, Header::cseq};
    for (const auto header : once) {
        const auto found = message.count(header);
        if (found == 0) return bad("Missing " + std::string(name_of(header)));
        if (found > 1) return bad("Multiple " + std::string(name_of(header)));
    }
    static constexpr std::array at_most_once{Header::max_forwards, Header::content_length,
                                             Header::content_type, Header::expires};
    for (const auto header : at_most_once)
        if (message.count(header) > 1) return bad("Multiple " + std::string(name_of(header)));
    if (!message.has(Header::via)) return bad("Missing Via");
    return std::nullopt;
}

Verdict check_addresses(const Message& message) {
    for (const auto header : {Header::from, Header::to}) {
        const auto address = NameAddr::parse(*message.header(header));
        if (!address) return bad(header, address.error());
        const auto uri = address->uri();
        if (!uri) return bad(header, uri.error());
    }
    for (const auto header : {Header::contact, Header::route, Header::record_route}) {
        for (const auto value : message.values(header)) {
            if (header == Header::contact && value == "*") continue;
            const auto address = NameAddr::parse(value);
            if (!address) return bad(header, address.error());
            if (const auto uri = address->uri(); !uri) return bad(header, uri.error());
            if (header != Header::contact) continue;
            const auto expires = address->params.find("expires");
            if (expires && !parse_number<std::uint32_t>(*expires))
                return bad("Bad Contact: expires out of range");
        }
    }
    return std::nullopt;
}

/// A stray separator ("SIP/2.0/UDP host;;,;,,") leaves a Via that does not parse.
Verdict check_vias(const Message& message) {
    for (const auto& field : message.fields()) {
        if (field.id != Header::via) continue;
        const auto value = message.value(field);
        if (value.empty() || value.ends_with(',') || value.starts_with(','))
            return bad("Bad Via: empty element");
        for (auto rest = value; const auto element = next_element(rest);)
            if (const auto via = Via::parse(*element); !via) return bad(Header::via, via.error());
    }
    return std::nullopt;
}

Verdict check_numbers(const Message& message) {
    const auto cseq = CSeq::parse(*message.header(Header::cseq));
    if (!cseq) return bad(Header::cseq, cseq.error());
    if (message.is_request() && cseq->method != message.method_name())
        return bad("CSeq method does not match request method");
    if (const auto hops = message.header(Header::max_forwards)) {
        const auto number = parse_number<std::uint32_t>(*hops);
        if (!number || *number > 255) return bad("Bad Max-Forwards");
    }
    if (const auto expires = message.header(Header::expires);
        expires && !parse_number<std::uint32_t>(*expires))
        return bad("Bad Expires");
    if (const auto length = message.header(Header::content_length)) {
        const auto number = parse_number<std::size_t>(*length);
        if (!number) return bad("Bad Content-Length");
        if (*number > message.body().size()) return bad("Content-Length exceeds the body");
    }
    return std::nullopt;
}

Verdict check_body(const Message& message) {
    if (message.body().empty()) return std::nullopt;
    const auto type = message.header(Header::content_type);
    if (!type) return bad("Missing Content-Type");
    if (const auto parsed = ContentType::parse(*type); !parsed)
        return bad(Header::content_type, parsed.error());
    return std::nullopt;
}

} // namespace

std::optional<Rejection> validate(const Message& message) {
    for (const auto check : {check_start_line, check_mandatory, check_vias, check_addresses,
                             check_numbers, check_body})
        if (auto verdict = check(message)) return verdict;
    const auto call_id = *message.header(Header::call_id);
    if (call_id.empty() || blanks.any_in(call_id)) return bad("Bad Call-ID");
    return std::nullopt;
}

bool answerable(const Message& request) {
    if (!request.is_request() || request.method() == Method::ack) return false;
    for (const auto header : {Header::from, Header::to, Header::call_id, Header::cseq})
        if (!request.has(header)) return false;
    const auto vias = request.values(Header::via);
    return !vias.empty() && Via::parse(vias.front());
}

} // namespace lyceum::sip
