// SPDX-License-Identifier: Apache-2.0
#include "server/b2bua/relaying.hpp"

#include "base/text.hpp"
#include "sip/message/values.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace lyceum::b2bua {
namespace {

using sip::Header;

/// Of the header fields that have no number here.
constexpr std::array<std::string_view, 17> one_sided{
    "Call-Info",
    "Diversion",
    "Geolocation-Routing",
    "History-Info",
    "Identity",
    "Max-Breadth",
    "P-Access-Network-Info",
    "P-Asserted-Identity",
    "P-Charging-Vector",
    "P-Preferred-Identity",
    "P-Served-User",
    "Path",
    "Privacy",
    "Remote-Party-ID",
    "Request-Disposition",
    "Security-Client",
    "Service-Route",
};

bool belongs_to_one_side(const sip::Message& message, const sip::Message::Field& field) {
    switch (field.id) {
    case Header::via:
    case Header::route:
    case Header::record_route:
    case Header::from:
    case Header::to:
    case Header::call_id:
    case Header::cseq:
    case Header::contact:
    case Header::max_forwards:
    case Header::content_length:
    case Header::authorization:
    case Header::authentication_info:
    case Header::www_authenticate:
    case Header::proxy_authorization:
    case Header::proxy_authenticate:
    case Header::proxy_require:
    case Header::in_reply_to:
    case Header::join:
    case Header::replaces:
    case Header::server:
    case Header::target_dialog:
    case Header::user_agent:
    case Header::warning: return true;
    case Header::other: break;
    default: return false;
    }
    const auto name = message.name(field);
    return std::any_of(one_sided.begin(), one_sided.end(),
                       [&](std::string_view each) { return iequals(each, name); });
}

bool is_telling(std::string_view name) {
    static constexpr std::array<std::string_view, 4> telling{"Organization", "Referred-By",
                                                             "Reply-To", "Subject"};
    return std::any_of(telling.begin(), telling.end(),
                       [&](std::string_view each) { return iequals(each, name); });
}

/// RFC 3262 §7.2: response number, INVITE number, method.
std::string rack_across(std::string_view rack, const InviteNumbers& numbers) {
    auto rest = trim(rack);
    const auto rseq = trim(cut(rest, ' '));
    rest = trim(rest);
    const auto cseq = parse_number<std::uint32_t>(trim(cut(rest, ' ')));
    const auto known = cseq ? numbers.find(*cseq) : numbers.end();
    if (known == numbers.end()) return {};
    return std::string(rseq) + " " + std::to_string(known->second) + " " + std::string(trim(rest));
}

} // namespace

void copy_across(sip::MessageWriter& writer, const sip::Message& from, const InviteNumbers& numbers,
                 bool anonymously) {
    for (const auto& field : from.fields()) {
        if (belongs_to_one_side(from, field)) continue;
        if (anonymously && is_telling(from.name(field))) continue;
        if (field.id != Header::rack) {
            writer.copy(from, field);
            continue;
        }
        if (const auto rack = rack_across(from.value(field), numbers); !rack.empty())
            writer.header(Header::rack, rack);
    }
}

sip::Message with_credentials(const sip::Message& request, std::uint32_t cseq,
                              const sip::Credentials& credentials) {
    auto writer = sip::MessageWriter::request(request.method_name(), request.request_uri());
    for (const auto& field : request.fields()) {
        if (field.id == Header::cseq)
            writer.header(Header::cseq,
                          std::to_string(cseq) + " " + std::string(request.method_name()));
        else if (field.id != Header::content_length && field.id != credentials.header)
            writer.copy(request, field);
    }
    writer.header(credentials.header, credentials.value);
    return writer.finish({}, request.body());
}

} // namespace lyceum::b2bua
