// SPDX-License-Identifier: Apache-2.0
#include "sip/dialog/referral.hpp"

#include "base/text.hpp"
#include "sip/message/values.hpp"

namespace lyceum::sip {

Result<Referral, int> Referral::of(const Message& refer) {
    const auto address = NameAddr::parse(refer.header(Header::refer_to).value_or(""));
    const auto uri = address ? address->uri() : Result<Uri, Fault>(Fault{});
    if (!uri) return 400;
    if (!uri->is_sip() && uri->scheme != Uri::Scheme::tel) return 416;
    Referral out;
    if (const auto method = uri->params.find("method")) out.method = method_of(*method);
    out.uri = address->uri_text.substr(0, address->uri_text.find('?'));
    if (const auto at = out.uri.find(";method="); at != std::string::npos) {
        const auto end = out.uri.find(';', at + 1);
        out.uri.erase(at, end == std::string::npos ? end : end - at);
    }
    for (auto rest = uri->headers; !rest.empty();) {
        auto value = cut(rest, '&');
        if (iequals(cut(value, '='), "Replaces")) out.replaces = unescape_percent(value);
    }
    const auto sub = refer.header("Refer-Sub");
    out.quiet = sub && istarts_with(trim(*sub), "false");
    return out;
}

} // namespace lyceum::sip
