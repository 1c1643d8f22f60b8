// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace lyceum::sip {

/// The methods that Lyceum knows by name. An extension method is `other` and keeps its text.
enum class Method : std::uint8_t {
    other,
    ack,
    bye,
    cancel,
    info,
    invite,
    message,
    notify,
    options,
    prack,
    publish,
    refer,
    register_,
    subscribe,
    update,
};

/// Methods are case-sensitive (RFC 3261 §7.1).
Method method_of(std::string_view name);
std::string_view name_of(Method method);

/// The header fields that Lyceum reads or writes. Any other passes through as `other`.
enum class Header : std::uint8_t {
    other,
    accept,
    accept_encoding,
    accept_language,
    alert_info,
    allow,
    allow_events,
    authentication_info,
    authorization,
    call_id,
    contact,
    content_disposition,
    content_encoding,
    content_language,
    content_length,
    content_type,
    cseq,
    date,
    event,
    expires,
    from,
    in_reply_to,
    join,
    max_forwards,
    min_expires,
    min_se,
    proxy_authenticate,
    proxy_authorization,
    proxy_require,
    rack,
    reason,
    record_route,
    refer_to,
    referred_by,
    replaces,
    require,
    retry_after,
    route,
    rseq,
    server,
    session_expires,
    subject,
    subscription_state,
    supported,
    target_dialog,
    timestamp,
    to,
    unsupported,
    user_agent,
    via,
    warning,
    www_authenticate,
};

/// Header names are case-insensitive and some have a compact form of one letter (RFC 3261 §7.3.3).
Header header_of(std::string_view name);
std::string_view name_of(Header header);

/// The reason phrase that RFC 3261 §21 and its extensions give to a status code.
std::string_view reason_phrase(int status);

} // namespace lyceum::sip
