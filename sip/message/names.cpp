// SPDX-License-Identifier: Apache-2.0
#include "sip/message/names.hpp"

#include "base/text.hpp"

#include <array>
#include <utility>

namespace lyceum::sip {
namespace {

constexpr std::array<std::pair<Method, std::string_view>, 14> method_names{{
    {Method::ack, "ACK"},
    {Method::bye, "BYE"},
    {Method::cancel, "CANCEL"},
    {Method::info, "INFO"},
    {Method::invite, "INVITE"},
    {Method::message, "MESSAGE"},
    {Method::notify, "NOTIFY"},
    {Method::options, "OPTIONS"},
    {Method::prack, "PRACK"},
    {Method::publish, "PUBLISH"},
    {Method::refer, "REFER"},
    {Method::register_, "REGISTER"},
    {Method::subscribe, "SUBSCRIBE"},
    {Method::update, "UPDATE"},
}};

struct HeaderName {
    Header id;
    std::string_view name;
    char compact = 0;
};

/// In the order of the enum, so that name_of is an index.
constexpr std::array<HeaderName, 52> header_names{{
    {Header::other, ""},
    {Header::accept, "Accept"},
    {Header::accept_encoding, "Accept-Encoding"},
    {Header::accept_language, "Accept-Language"},
    {Header::alert_info, "Alert-Info"},
    {Header::allow, "Allow"},
    {Header::allow_events, "Allow-Events", 'u'},
    {Header::authentication_info, "Authentication-Info"},
    {Header::authorization, "Authorization"},
    {Header::call_id, "Call-ID", 'i'},
    {Header::contact, "Contact", 'm'},
    {Header::content_disposition, "Content-Disposition"},
    {Header::content_encoding, "Content-Encoding", 'e'},
    {Header::content_language, "Content-Language"},
    {Header::content_length, "Content-Length", 'l'},
    {Header::content_type, "Content-Type", 'c'},
    {Header::cseq, "CSeq"},
    {Header::date, "Date"},
    {Header::event, "Event", 'o'},
    {Header::expires, "Expires"},
    {Header::from, "From", 'f'},
    {Header::in_reply_to, "In-Reply-To"},
    {Header::join, "Join"},
    {Header::max_forwards, "Max-Forwards"},
    {Header::min_expires, "Min-Expires"},
    {Header::min_se, "Min-SE"},
    {Header::proxy_authenticate, "Proxy-Authenticate"},
    {Header::proxy_authorization, "Proxy-Authorization"},
    {Header::proxy_require, "Proxy-Require"},
    {Header::rack, "RAck"},
    {Header::reason, "Reason"},
    {Header::record_route, "Record-Route"},
    {Header::refer_to, "Refer-To", 'r'},
    {Header::referred_by, "Referred-By", 'b'},
    {Header::replaces, "Replaces"},
    {Header::require, "Require"},
    {Header::retry_after, "Retry-After"},
    {Header::route, "Route"},
    {Header::rseq, "RSeq"},
    {Header::server, "Server"},
    {Header::session_expires, "Session-Expires", 'x'},
    {Header::subject, "Subject", 's'},
    {Header::subscription_state, "Subscription-State"},
    {Header::supported, "Supported", 'k'},
    {Header::target_dialog, "Target-Dialog"},
    {Header::timestamp, "Timestamp"},
    {Header::to, "To", 't'},
    {Header::unsupported, "Unsupported"},
    {Header::user_agent, "User-Agent"},
    {Header::via, "Via", 'v'},
    {Header::warning, "Warning"},
    {Header::www_authenticate, "WWW-Authenticate"},
}};

/// Where a name may be found: a hash of what is read anyway. Empty places hold 0, which is no name.
constexpr std::size_t place_of(std::string_view name) {
    const auto first = static_cast<unsigned char>(lower(name.front()));
    const auto last = static_cast<unsigned char>(lower(name.back()));
    return (name.size() * 7 + first * 5u + last) % 256;
}
constexpr auto header_places = [] {
    std::array<std::uint8_t, 256> places{};
    for (std::size_t i = 1; i < header_names.size(); ++i) {
        auto at = place_of(header_names[i].name);
        while (places[at] != 0) at = (at + 1) % places.size();
        places[at] = static_cast<std::uint8_t>(i);
    }
    return places;
}();

static_assert([] {
    for (std::size_t i = 0; i < header_names.size(); ++i)
        if (static_cast<std::size_t>(header_names[i].id) != i) return false;
    return true;
}());

} // namespace

Method method_of(std::string_view name) {
    for (const auto& [method, text] : method_names)
        if (text == name) return method;
    return Method::other;
}

std::string_view name_of(Method method) {
    for (const auto& [known, text] : method_names)
        if (known == method) return text;
    return {};
}

Header header_of(std::string_view name) {
    if (name.size() == 1) {
        for (const auto& entry : header_names)
            if (entry.compact && entry.compact == lower(name[0])) return entry.id;
        return Header::other;
    }
    if (name.empty()) return Header::other;
    for (auto at = place_of(name); header_places[at] != 0; at = (at + 1) % header_places.size())
        if (const auto& entry = header_names[header_places[at]]; iequals(entry.name, name))
            return entry.id;
    return Header::other;
}

std::string_view name_of(Header header) {
    return header_names[static_cast<std::size_t>(header)].name;
}

std::string_view reason_phrase(int status) {
    switch (status) {
    case 100: return "Trying";
    case 180: return "Ringing";
    case 181: return "Call Is Being Forwarded";
    case 182: return "Queued";
    case 183: return "Session Progress";
    case 200: return "OK";
    case 202: return "Accepted";
    case 204: return "No Notification";
    case 300: return "Multiple Choices";
    case 301: return "Moved Permanently";
    case 302: return "Moved Temporarily";
    case 305: return "Use Proxy";
    case 380: return "Alternative Service";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 407: return "Proxy Authentication Required";
    case 408: return "Request Timeout";
    case 410: return "Gone";
    case 412: return "Conditional Request Failed";
    case 413: return "Request Entity Too Large";
    case 414: return "Request-URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Unsupported URI Scheme";
    case 420: return "Bad Extension";
    case 421: return "Extension Required";
    case 422: return "Session Interval Too Small";
    case 423: return "Interval Too Brief";
    case 480: return "Temporarily Unavailable";
    case 481: return "Call/Transaction Does Not Exist";
    case 482: return "Loop Detected";
    case 483: return "Too Many Hops";
    case 484: return "Address Incomplete";
    case 485: return "Ambiguous";
    case 486: return "Busy Here";
    case 487: return "Request Terminated";
    case 488: return "Not Acceptable Here";
    case 489: return "Bad Event";
    case 491: return "Request Pending";
    case 493: return "Undecipherable";
    case 500: return "Server Internal Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Server Time-out";
    case 505: return "Version Not Supported";
    case 513: return "Message Too Large";
    case 600: return "Busy Everywhere";
    case 603: return "Decline";
    case 604: return "Does Not Exist Anywhere";
    case 606: return "Not Acceptable";
    default: break;
    }
    switch (status / 100) {
    case 1: return "Progress";
    case 2: return "OK";
    case 3: return "Redirection";
    case 4: return "Request Failure";
    case 5: return "Server Failure";
    default: return "Global Failure";
    }
}

} // namespace lyceum::sip
