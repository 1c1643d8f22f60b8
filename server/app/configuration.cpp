// SPDX-License-Identifier: Apache-2.0
#include "server/app/configuration.hpp"

#include "base/address.hpp"
#include "base/text.hpp"
#include "server/events/policy.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <sstream>
#include <variant>

namespace lyceum::app {
namespace {

using Place = std::variant<std::string Configuration::*, std::uint16_t Configuration::*,
                           unsigned Configuration::*, bool Configuration::*>;
struct Option {
    const char* name;
    Place place;
};

const std::vector<Option>& options() {
    static const std::vector<Option> all{
        {"data", &Configuration::data},
        {"bind", &Configuration::bind},
        {"sip_port", &Configuration::sip_port},
        {"sips_port", &Configuration::sips_port},
        {"web_port", &Configuration::web_port},
        {"domain", &Configuration::domain},
        {"certificate", &Configuration::certificate},
        {"key", &Configuration::key},
        {"tls_verify", &Configuration::tls_verify},
        {"tls_trust", &Configuration::tls_trust},
        {"name_servers", &Configuration::name_servers},
        {"rtp_port_min", &Configuration::rtp_port_min},
        {"rtp_port_max", &Configuration::rtp_port_max},
        {"relay_media", &Configuration::relay_media},
        {"media_threads", &Configuration::media_threads},
        {"rtp_timeout_s", &Configuration::rtp_timeout_s},
        {"session_expires_s", &Configuration::session_expires_s},
        {"digest", &Configuration::digest},
        {"drop_scanners", &Configuration::drop_scanners},
        {"ban_after", &Configuration::ban_after},
        {"ban_s", &Configuration::ban_s},
        {"requests_per_s", &Configuration::requests_per_s},
        {"calls_per_minute", &Configuration::calls_per_minute},
        {"presence", &Configuration::presence},
        {"messages_days", &Configuration::messages_days},
        {"call_records_days", &Configuration::call_records_days},
        {"trace_mib", &Configuration::trace_mib},
        {"hep_server", &Configuration::hep_server},
        {"hep_agent", &Configuration::hep_agent},
        {"access_log", &Configuration::access_log},
        {"country_code", &Configuration::country_code},
        {"international_prefix", &Configuration::international_prefix},
        {"national_prefix", &Configuration::national_prefix},
        {"emergency_numbers", &Configuration::emergency_numbers},
        {"enum_suffixes", &Configuration::enum_suffixes},
        {"log_level", &Configuration::log_level},
        {"log_personal", &Configuration::log_personal},
    };
    return all;
}

const Option& find_option(std::string name, const std::string& where) {
    std::replace(name.begin(), name.end(), '-', '_');
    for (const auto& option : options())
        if (name == option.name) return option;
    throw ConfigurationError(where + ": unknown key '" + name + "'");
}

[[noreturn]] void refuse(const std::string& where, const std::string& name,
                         const std::string& expected) {
    throw ConfigurationError(where + ": " + name + ": expected " + expected);
}

template <class Number>
Number number_of(const std::string& text, const std::string& where, const std::string& name) {
    const auto value = parse_number<Number>(text);
    if (!value) refuse(where, name, "a number from 0 to " + std::to_string(Number(-1)));
    return *value;
}

/// "192.0.2.53", "192.0.2.53:5353", "2001:db8::53" or "[2001:db8::53]:5353".
bool is_name_server(std::string_view text) {
    return IpAddress::parse(text) || SocketAddress::parse(text);
}

} // namespace

void set_option(Configuration& configuration, const std::string& name, const std::string& value,
                const std::string& where) {
    const auto& option = find_option(name, where);
    std::visit(
        [&](auto member) {
            auto& target = configuration.*member;
            using Value = std::decay_t<decltype(target)>;
            if constexpr (std::is_same_v<Value, std::string>) {
                target = value;
            } else if constexpr (std::is_same_v<Value, bool>) {
                if (value != "true" && value != "false") refuse(where, name, "true or false");
                target = value == "true";
            } else {
                target = number_of<Value>(value, where, name);
            }
        },
        option.place);
}

void read_file(Configuration& configuration, const std::string& path) {
    toml::table table;
    try {
        table = toml::parse_file(path);
    } catch (const toml::parse_error& error) {
        throw ConfigurationError(path + ":" + std::to_string(error.source().begin.line) + ": " +
                                 std::string(error.description()));
    }
    for (const auto& [key, node] : table) {
        const auto where = path + ":" + std::to_string(node.source().begin.line);
        const std::string name(key.str());
        const auto& option = find_option(name, where);
        const bool text = std::holds_alternative<std::string Configuration::*>(option.place);
        const bool flag = std::holds_alternative<bool Configuration::*>(option.place);
        if (text && !node.is_string()) refuse(where, name, "a text in quotes");
        if (flag && !node.is_boolean()) refuse(where, name, "true or false");
        if (!text && !flag && !node.is_integer()) refuse(where, name, "a number");
        std::string value;
        if (text) value = node.ref<std::string>();
        else if (flag) value = node.ref<bool>() ? "true" : "false";
        else value = std::to_string(node.ref<std::int64_t>());
        set_option(configuration, name, value, where);
    }
}

void check(const Configuration& c) {
    const auto require = [](bool holds, const char* what) {
        if (!holds) throw ConfigurationError(what);
    };
    require(IpAddress::parse(c.bind).has_value(), "bind: expected an IP address");
    require(c.requests_per_s > 0 && c.calls_per_minute > 0,
            "requests_per_s, calls_per_minute: expected more than nothing");
    const auto digits = [](std::string_view text) {
        return std::all_of(text.begin(), text.end(), is_digit);
    };
    require(digits(c.country_code) && digits(c.international_prefix) && digits(c.national_prefix),
            "country_code, international_prefix, national_prefix: expected digits");
    require(c.rtp_port_min >= 1024 && c.rtp_port_min + 1 < c.rtp_port_max,
            "rtp_port_min, rtp_port_max: expected 1024 or more, and room for two ports");
    for (std::string_view rest = c.name_servers; !rest.empty();)
        require(is_name_server(trim(cut(rest, ','))),
                "name_servers: expected IP addresses, with or without a port, between commas");
    require(c.hep_server.empty() || SocketAddress::parse(c.hep_server),
            "hep_server: expected an IP address and a port");
    require(c.rtp_timeout_s >= 5, "rtp_timeout_s: expected 5 or more");
    require(c.session_expires_s >= 90, "session_expires_s: expected 90 or more (RFC 4028)");
    require(c.certificate.empty() == c.key.empty(), "certificate and key go together");
    require(c.media_threads <= 256, "media_threads: expected 256 or less");
    require(c.sip_port == 0 || c.sip_port != c.sips_port,
            "sip_port and sips_port: expected two different ports");
    require(c.digest == "sha256,md5" || c.digest == "sha256" || c.digest == "md5",
            "digest: expected sha256,md5 or sha256 or md5");
    require(events::policy_of(c.presence).has_value(),
            "presence: expected all, availability, groups or nothing");
    const bool level = c.log_level == "debug" || c.log_level == "info" ||
                       c.log_level == "warning" || c.log_level == "error";
    require(level, "log_level: expected debug, info, warning or error");
}

std::vector<std::string> explain(const Configuration& configuration) {
    std::vector<std::string> lines;
    for (const auto& option : options()) {
        std::ostringstream line;
        line << option.name << " = ";
        std::visit(
            [&](auto member) {
                const auto& value = configuration.*member;
                using Value = std::decay_t<decltype(value)>;
                if constexpr (std::is_same_v<Value, std::string>) line << '"' << value << '"';
                else if constexpr (std::is_same_v<Value, bool>) line << (value ? "true" : "false");
                else line << value;
            },
            option.place);
        lines.push_back(line.str());
    }
    return lines;
}

} // namespace lyceum::app
