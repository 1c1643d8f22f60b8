// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "sip/message/message.hpp"
#include "sip/message/uri.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Header values with a structure, parsed when somebody asks. All are views into the text given.
namespace lyceum::sip {

/// From, To, Contact, Route, Record-Route, Refer-To: `"Display" <uri>;params` or `uri;params`
/// (RFC 3261 §20.10). Without brackets, parameters belong to the header and not to the URI.
struct NameAddr {
    std::string_view display; ///< Quotes taken off, escapes not resolved.
    std::string_view uri_text;
    Params params;

    static Result<NameAddr, Fault> parse(std::string_view text);

    [[nodiscard]] Result<Uri, Fault> uri() const { return Uri::parse(uri_text); }
    [[nodiscard]] std::optional<std::string_view> tag() const { return params.find("tag"); }
};

/// The URI in a From, Route or Contact value; empty if there is none.
std::string uri_in(std::string_view name_addr);

/// WebSocket connections, plain or by TLS, are made by browsers to us and never by us (RFC 7118).
/// `inside` is no network: two parts of this program are each other's peers (see Inside).
enum class Transport : std::uint8_t { udp, tcp, tls, ws, wss, inside };
/// As Via writes it: "UDP", "TCP", "TLS", "WS", "WSS". `inside` looks like TCP to those further on,
/// and has no name by which anybody could ask for it.
std::string_view name_of(Transport transport);
/// As a URI writes it behind `transport=`: in lower case, and `ws` for both (RFC 7118 §5.4).
std::string_view param_of(Transport transport);
std::optional<Transport> transport_of(std::string_view name);
constexpr bool is_reliable(Transport transport) { return transport != Transport::udp; }
constexpr bool is_web(Transport transport) {
    return transport == Transport::ws || transport == Transport::wss;
}

/// RFC 3261 §20.42: `SIP/2.0/UDP host:port;branch=…`.
struct Via {
    std::string_view transport;
    std::string_view host;
    std::optional<std::uint16_t> port;
    Params params;

    static Result<Via, Fault> parse(std::string_view text);

    [[nodiscard]] std::string_view branch() const { return params.find("branch").value_or(""); }
    /// Whether the branch starts with the magic cookie and says something after it (§8.1.1.7).
    [[nodiscard]] bool rfc3261_branch() const {
        return branch().size() > branch_cookie.size() && istarts_with_cookie();
    }
    static constexpr std::string_view branch_cookie = "z9hG4bK";

private:
    [[nodiscard]] bool istarts_with_cookie() const;
};

struct CSeq {
    std::uint32_t number = 0; ///< Under 2^31 (§8.1.1.5).
    std::string_view method;

    static Result<CSeq, Fault> parse(std::string_view text);
};

/// RFC 3262 §7.2.
struct RAck {
    std::uint32_t rseq = 0;
    CSeq cseq;

    static Result<RAck, Fault> parse(std::string_view text);
};

/// `type/subtype;params`.
struct ContentType {
    std::string_view type, subtype;
    Params params;

    static Result<ContentType, Fault> parse(std::string_view text);
    [[nodiscard]] bool is(std::string_view wanted_type, std::string_view wanted_subtype) const;
};

/// RFC 4028 §4.
struct SessionExpires {
    enum class Refresher { unspecified, uac, uas };
    std::chrono::seconds interval{};
    Refresher refresher = Refresher::unspecified;

    static Result<SessionExpires, Fault> parse(std::string_view text);
};

/// Delta-seconds; may be followed by parameters (Retry-After, Expires, Min-SE).
std::optional<std::uint32_t> parse_delta_seconds(std::string_view text);

/// A Date value (RFC 3261 §20.17): "Sat, 13 Nov 2010 23:29:00 GMT".
std::string date_text(WallTime time);

/// One part of a multipart body (RFC 2046 §5.1, RFC 5621).
struct BodyPart {
    std::string_view headers;
    std::string_view content;

    [[nodiscard]] std::string_view header(std::string_view name) const;
};
Result<std::vector<BodyPart>, Fault> parse_multipart(std::string_view body,
                                                     std::string_view boundary);
inline constexpr std::size_t body_parts_max = 32;

/// The body, or the part of a multipart body, that has this type. RFC 5621 §3 lets an offer come in
/// either way.
std::optional<std::string_view> find_body(const Message& message, std::string_view type,
                                          std::string_view subtype);

/// Whether the called shall not learn who calls (RFC 3323 §4.2, RFC 3325 §9.3).
bool wants_privacy(const Message& request);

/// The SDP in a message, as text; empty if there is none.
std::string description_in(const Message& message);

/// The number of the CSeq of a valid message.
std::uint32_t cseq_of(const Message& message);

/// The tag of From or To; empty if there is none.
std::string_view tag_of(const Message& message, Header header);

} // namespace lyceum::sip
