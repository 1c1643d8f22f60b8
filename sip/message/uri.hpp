// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lyceum::sip {

/// `;name=value;name` as in URIs and header fields. A view; looks a parameter up when asked.
class Params {
public:
    Params() = default;
    /// `text` starts with a semicolon or is empty.
    explicit Params(std::string_view text) : text_(text) {}

    /// The value, without quotes; empty for a parameter without one. Names are case-insensitive.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name) const { return find(name).has_value(); }
    [[nodiscard]] std::string_view text() const { return text_; }

    /// Takes the next parameter from the front of `rest`.
    struct Param {
        std::string_view name, value;
    };
    static std::optional<Param> next(std::string_view& rest);

    /// Whether each parameter has a name and no quoted string is left open.
    [[nodiscard]] bool well_formed() const;

private:
    std::string_view text_;
};

/// A SIP, SIPS or tel URI (RFC 3261 §19.1, RFC 3966), or one of another scheme, kept as it is.
/// A view into the text it was parsed from.
struct Uri {
    enum class Scheme { sip, sips, tel, other };

    Scheme scheme = Scheme::other;
    std::string_view scheme_name;
    std::string_view user; ///< sip: before the @, escapes not resolved. tel: the number.
    std::string_view password;
    std::string_view host; ///< An IPv6 reference keeps its brackets.
    std::optional<std::uint16_t> port;
    Params params;
    std::string_view headers; ///< After the question mark.
    std::string_view opaque;  ///< Another scheme: all after the colon.

    static Result<Uri, Fault> parse(std::string_view text);

    [[nodiscard]] bool is_sip() const { return scheme == Scheme::sip || scheme == Scheme::sips; }
    /// The user part with its escapes resolved: what a room or a user is called.
    [[nodiscard]] std::string user_name() const;
    /// The host without the brackets of an IPv6 reference.
    [[nodiscard]] std::string_view bare_host() const;
    /// What a header field of this name shall say in a request to it, its escapes resolved; empty:
    /// there is none.
    [[nodiscard]] std::string header(std::string_view name) const;
};

/// RFC 3261 §19.1.4, or RFC 3966 §4 for tel.
bool equivalent(const Uri& a, const Uri& b);

/// `host[:port]` as in URIs and Via: the host keeps its brackets.
struct HostPort {
    std::string_view host;
    std::optional<std::uint16_t> port;
};
Result<HostPort, Fault> parse_host_port(std::string_view text);

} // namespace lyceum::sip
