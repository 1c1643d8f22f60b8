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
    out.target = address->uri_text;
    if (const auto at = out.target.find(";method="); at != std::string::npos) {
        const auto end = out.target.find_first_of(";?", at + 1);
        out.target.erase(at, end == std::string::npos ? end : end - at);
    }
    out.uri = out.target.substr(0, out.target.find('?'));
    out.replaces = uri->header("Replaces");
    const auto sub = refer.header("Refer-Sub");
    out.quiet = sub && istarts_with(trim(*sub), "false");
    return out;
}

} // namespace lyceum::sip
