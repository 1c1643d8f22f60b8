// SPDX-License-Identifier: Apache-2.0
#include "server/proxy/rewriting.hpp"

#include "base/text.hpp"
#include "sip/message/values.hpp"
#include "sip/message/writer.hpp"

namespace lyceum::proxy {

using sip::Header;

sip::Message forwarded_request(const sip::Message& request, const NextHop& hop) {
    auto writer = sip::MessageWriter::request(request.method_name(), hop.uri);
    for (const auto& route : hop.routes) writer.header(Header::route, route);
    for (const auto& record : hop.record_routes) writer.header(Header::record_route, record);
    for (const auto& [name, value] : hop.headers) writer.header(name, value);
    if (!hop.asserted.empty()) writer.header("P-Asserted-Identity", hop.asserted);
    writer.header(Header::max_forwards, hop.max_forwards);
    if (hop.max_breadth < 60) writer.header("Max-Breadth", std::to_string(hop.max_breadth));
    for (const auto& field : request.fields()) {
        switch (field.id) {
        case Header::route:
        case Header::max_forwards:
        case Header::content_length: continue;
        case Header::authorization:
        case Header::proxy_authorization:
            if (hop.keeps_credentials && hop.keeps_credentials(request.value(field))) continue;
            break;
        case Header::replaces:
        case Header::join:
            if (!hop.named) break;
            writer.header(field.id, hop.named(field.id, request.value(field)));
            continue;
        case Header::other:
            // Who somebody is may be asserted by us and by trunks only.
            if (iequals(request.name(field), "P-Asserted-Identity") ||
                iequals(request.name(field), "P-Served-User") ||
                iequals(request.name(field), "Max-Breadth"))
                continue;
            break;
        default: break;
        }
        writer.copy(request, field);
    }
    for (const auto& [name, value] : hop.last_headers) writer.header(name, value);
    return writer.finish({}, request.body());
}

std::vector<std::string> history_of(const sip::Message& request, std::string_view uri,
                                    std::size_t branch) {
    std::vector<std::string> out;
    std::string last;
    for (const auto& field : request.fields()) {
        if (!iequals(request.name(field), "History-Info")) continue;
        for (const auto value : sip::split_list(request.value(field)))
            if (const auto entry = sip::NameAddr::parse(value))
                last = entry->params.find("index").value_or(last);
    }
    if (last.empty()) {
        last = "1";
        out.push_back("<" + std::string(request.request_uri()) + ">;index=1");
    }
    out.push_back("<" + std::string(uri) + ">;index=" + last + "." + std::to_string(branch + 1) +
                  ";mp=" + last);
    return out;
}

sip::Message forwarded_response(const sip::Message& response) {
    auto writer = sip::MessageWriter::response(response.status(), response.reason());
    bool ours = true;
    for (const auto& field : response.fields()) {
        if (field.id == Header::content_length) continue;
        if (field.id != Header::via || !ours) {
            writer.copy(response, field);
            continue;
        }
        auto values = sip::split_list(response.value(field));
        for (const auto value : values) {
            if (!ours) writer.header(Header::via, value);
            ours = false;
        }
    }
    return writer.finish({}, response.body());
}

sip::Message retargeted(const sip::Message& request, std::string_view uri) {
    auto writer = sip::MessageWriter::request(request.method_name(), uri);
    for (const auto& field : request.fields())
        if (field.id != Header::content_length) writer.copy(request, field);
    return writer.finish({}, request.body());
}

} // namespace lyceum::proxy
