// SPDX-License-Identifier: Apache-2.0
#include "sip/message/uri.hpp"

#include "base/char_set.hpp"
#include "base/text.hpp"

#include <array>

namespace lyceum::sip {
namespace {

constexpr auto in_hosts = CharSet::alnum_and("-._"),
               in_parameter_names = CharSet::alnum_and("-.!%*_+`'~[]/:&$"),
               in_users = CharSet::alnum_and("-_.!~*'()&=+$,;?/:[]#");
constexpr auto never_in_uris = CharSet::controls_and(" <>\"");
constexpr CharSet in_numbers("-.()"); ///< Visual separators (RFC 3966 §5.1.1).

bool is_scheme(std::string_view text) {
    if (text.empty() || !is_alpha(text.front())) return false;
    for (const char c : text)
        if (!is_alnum(c) && c != '+' && c != '-' && c != '.') return false;
    return true;
}

/// Unreserved, escaped, and the marks that RFC 3261 §25.1 allows in a user part.
bool is_user(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '%') {
            if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
            i += 2;
        } else if (!in_users.has(c)) {
            return false;
        }
    }
    return true;
}

bool is_host(std::string_view host) {
    if (host.empty()) return false;
    if (host.front() == '[') {
        if (host.size() < 4 || host.back() != ']') return false;
        for (const char c : host.substr(1, host.size() - 2))
            if (!is_hex(c) && c != ':' && c != '.') return false;
        return true;
    }
    return in_hosts.has_all(host);
}

Result<Uri, Fault> parse_tel(Uri uri, std::string_view rest) {
    const auto semicolon = rest.find(';');
    uri.user = rest.substr(0, semicolon);
    if (semicolon != std::string_view::npos) uri.params = Params(rest.substr(semicolon));
    std::size_t digits = 0;
    for (std::size_t i = 0; i < uri.user.size(); ++i) {
        const char c = uri.user[i];
        if (is_hex(c) || c == '*' || c == '#') ++digits;
        else if (!(c == '+' && i == 0) && !in_numbers.has(c))
            return Fault{"malformed telephone number", i};
    }
    if (digits == 0) return Fault{"malformed telephone number", 0};
    if (!uri.params.well_formed()) return Fault{"malformed URI parameter", 0};
    return uri;
}

/// Equal but for %HH escapes of characters that need none.
bool equal_unescaped(std::string_view a, std::string_view b) {
    return a == b || unescape_percent(a) == unescape_percent(b);
}

/// A telephone number without its visual separators (RFC 3966 §4).
std::string bare_number(std::string_view number) {
    std::string out;
    for (const char c : number)
        if (!in_numbers.has(c)) out += lower(c);
    return out;
}

/// Parameters present in both must match; these must match even where only one has them (§19.1.4).
bool params_match(const Params& a, const Params& b) {
    static constexpr std::array<std::string_view, 5> special{"user", "ttl", "method", "maddr",
                                                             "transport"};
    for (const auto name : special)
        if (a.has(name) != b.has(name)) return false;
    for (auto rest = a.text(); const auto param = Params::next(rest);) {
        // A name that stands twice against the grammar counts where it stands first.
        const auto own = a.find(param->name), other = b.find(param->name);
        if (other && !iequals(*other, *own)) return false;
    }
    return true;
}

} // namespace

std::optional<Params::Param> Params::next(std::string_view& rest) {
    while (true) {
        while (!rest.empty() && (rest.front() == ';' || is_blank(rest.front())))
            rest.remove_prefix(1);
        if (rest.empty()) return std::nullopt;
        auto end = std::min(rest.find(';'), rest.size());
        if (rest.substr(0, end).find('"') != std::string_view::npos) {
            bool quoted = false;
            for (end = 0; end < rest.size() && (quoted || rest[end] != ';'); ++end) {
                if (rest[end] == '\\' && quoted) ++end;
                else if (rest[end] == '"') quoted = !quoted;
            }
            end = std::min(end, rest.size());
        }
        auto value = rest.substr(0, end);
        rest.remove_prefix(end);
        const auto equals = value.find('=');
        const auto name = trim(value.substr(0, equals));
        if (equals == std::string_view::npos) return Param{name, {}};
        value = trim(value.substr(equals + 1));
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
            value = value.substr(1, value.size() - 2);
        return Param{name, value};
    }
}

std::optional<std::string_view> Params::find(std::string_view name) const {
    for (auto rest = text_; const auto param = next(rest);)
        if (iequals(param->name, name)) return param->value;
    return std::nullopt;
}

bool Params::well_formed() const {
    std::size_t separators = 0, found = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text_.size(); ++i) {
        if (text_[i] == '\\' && quoted) ++i;
        else if (text_[i] == '"') quoted = !quoted;
        else if (text_[i] == ';' && !quoted) ++separators;
    }
    if (quoted) return false;
    for (auto rest = text_; const auto param = next(rest); ++found) {
        if (param->name.empty() || !in_parameter_names.has_all(param->name)) return false;
    }
    return separators == found;
}

Result<HostPort, Fault> parse_host_port(std::string_view text) {
    HostPort out;
    const auto bracket = text.starts_with('[') ? text.find(']') : 0;
    if (bracket == std::string_view::npos) return Fault{"malformed host", 0};
    const auto colon = text.find(':', bracket);
    out.host = trim(text.substr(0, colon));
    if (!is_host(out.host)) return Fault{"malformed host", 0};
    if (colon == std::string_view::npos) return out;
    out.port = parse_number<std::uint16_t>(trim(text.substr(colon + 1)));
    if (!out.port) return Fault{"malformed port", colon};
    return out;
}

Result<Uri, Fault> Uri::parse(std::string_view text) {
    const auto colon = text.find(':');
    Uri uri;
    uri.scheme_name = text.substr(0, colon);
    if (colon == std::string_view::npos || !is_scheme(uri.scheme_name))
        return Fault{"malformed URI scheme", 0};
    if (const auto at = never_in_uris.first_in(text); at != std::string_view::npos)
        return Fault{"illegal character in URI", at};
    auto rest = text.substr(colon + 1);
    if (iequals(uri.scheme_name, "sip")) uri.scheme = Scheme::sip;
    else if (iequals(uri.scheme_name, "sips")) uri.scheme = Scheme::sips;
    else if (iequals(uri.scheme_name, "tel")) {
        uri.scheme = Scheme::tel;
        return parse_tel(uri, rest);
    } else {
        uri.opaque = rest;
        return uri;
    }
    // The user part may hold ; and ? itself, so the @ is looked for first.
    if (const auto sign = rest.find('@'); sign != std::string_view::npos) {
        auto userinfo = rest.substr(0, sign);
        rest.remove_prefix(sign + 1);
        uri.user = cut(userinfo, ':');
        uri.password = userinfo;
        if (uri.user.empty() || !is_user(uri.user) || !is_user(uri.password))
            return Fault{"malformed user part", colon + 1};
    }
    if (const auto question = rest.find('?'); question != std::string_view::npos) {
        uri.headers = rest.substr(question + 1);
        rest = rest.substr(0, question);
    }
    if (const auto semicolon = rest.find(';'); semicolon != std::string_view::npos) {
        uri.params = Params(rest.substr(semicolon));
        rest = rest.substr(0, semicolon);
        if (!uri.params.well_formed()) return Fault{"malformed URI parameter", semicolon};
    }
    const auto where = parse_host_port(rest);
    if (!where) return where.error();
    uri.host = where->host;
    uri.port = where->port;
    return uri;
}

std::string Uri::user_name() const { return unescape_percent(user); }

std::string_view Uri::bare_host() const {
    if (host.size() > 2 && host.front() == '[') return host.substr(1, host.size() - 2);
    return host;
}

std::string Uri::header(std::string_view name) const {
    for (auto rest = headers; !rest.empty();) {
        auto value = cut(rest, '&');
        if (!iequals(cut(value, '='), name)) continue;
        auto out = unescape_percent(value);
        // What would be the end of a line is not let into anything that we write.
        const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' '; };
        if (std::none_of(out.begin(), out.end(), is_control)) return out;
    }
    return {};
}

bool equivalent(const Uri& a, const Uri& b) {
    if (!iequals(a.scheme_name, b.scheme_name)) return false;
    if (a.scheme == Uri::Scheme::tel)
        return bare_number(a.user) == bare_number(b.user) && params_match(a.params, b.params) &&
               params_match(b.params, a.params);
    if (!a.is_sip()) return a.opaque == b.opaque;
    return equal_unescaped(a.user, b.user) && equal_unescaped(a.password, b.password) &&
           iequals(a.host, b.host) && a.port == b.port && params_match(a.params, b.params) &&
           params_match(b.params, a.params) && a.headers == b.headers;
}

} // namespace lyceum::sip
