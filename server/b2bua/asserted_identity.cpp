// SPDX-License-Identifier: Apache-2.0
#include "server/b2bua/asserted_identity.hpp"

#include "base/text.hpp"
#include "sip/message/uri.hpp"
#include "sip/message/values.hpp"

#include <algorithm>

namespace lyceum::b2bua {
namespace {

constexpr std::string_view asserted_name = "P-Asserted-Identity";

/// "+49 (89) 123" in a tel URI is the number +4989123.
std::string user_in(const sip::Uri& uri) {
    // Its escapes stay: what they hide may not be written into a header.
    if (uri.scheme != sip::Uri::Scheme::tel)
        return std::string(uri.user.substr(0, uri.user.find(';')));
    std::string out;
    for (const char c : uri.user)
        if (is_digit(c) || c == '+' || c == '*' || c == '#') out += c;
    return out;
}

/// Display names go into quoted strings, as they came but for what would end one.
std::string quotable(std::string_view display) {
    std::string out(display);
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c == '"' || c == '\\'; }, ' ');
    return out;
}

bool is_global(std::string_view number) {
    return number.size() > 1 && number.front() == '+' &&
           std::all_of(number.begin() + 1, number.end(), is_digit);
}

std::string name_addr(const Caller& caller, std::string_view host) {
    std::string out;
    if (!caller.display.empty()) out = "\"" + caller.display + "\" ";
    return out.append("<sip:").append(caller.user).append("@").append(host).append(">");
}

} // namespace

Caller caller_of(const sip::Message& request, bool trusted) {
    Caller out;
    const auto take = [&out](std::string_view value) {
        const auto address = sip::NameAddr::parse(value);
        const auto uri = address ? address->uri() : Result<sip::Uri, Fault>(Fault{});
        if (!uri) return false;
        out.display = quotable(address->display);
        out.user = user_in(*uri);
        return true;
    };
    const auto from = *request.header(sip::Header::from);
    take(from);
    const auto said = sip::NameAddr::parse(from);
    const auto uri = said ? said->uri() : Result<sip::Uri, Fault>(Fault{});
    const bool anonymous = uri && to_lower(uri->bare_host()).ends_with(".invalid");
    out.is_private = anonymous || sip::wants_privacy(request);
    if (anonymous) out.user.clear();
    const auto asserted = trusted ? request.header(asserted_name) : std::nullopt;
    if (!asserted) return out;
    for (const auto value : sip::split_list(*asserted))
        if (take(value)) break;
    return out;
}

std::string from_value(const Caller& caller, std::string_view host) {
    if (caller.is_private || caller.user.empty())
        return "\"Anonymous\" <sip:anonymous@anonymous.invalid>";
    return name_addr(caller, host);
}

void write_identity(sip::MessageWriter& writer, const Caller& caller, std::string_view host,
                    bool trusted) {
    if (caller.is_private) writer.header("Privacy", "id");
    if (trusted && !caller.user.empty()) writer.header(asserted_name, name_addr(caller, host));
}

std::string shown_number(const trunk::Trunk& trunk, const Caller& caller, std::string_view own) {
    if (!own.empty()) return std::string(own);
    if (trunk.trusted && is_global(caller.user)) return caller.user;
    return trunk.caller.empty() ? trunk.login.user : trunk.caller;
}

} // namespace lyceum::b2bua
