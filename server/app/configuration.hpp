// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace lyceum::app {

/// All that can be set, with its default. A configuration file in TOML has the same names; the
/// command line overrides it. docs/operations.md explains each.
struct Configuration {
    std::string data = "lyceum-data"; ///< Directory; made if it is not there.
    std::string bind = "0.0.0.0";     ///< All addresses, IPv6 too.
    std::uint16_t sip_port = 5060;    ///< UDP and TCP; 0 chooses.
    std::uint16_t sips_port = 5061;   ///< TLS.
    std::uint16_t web_port = 8443;    ///< HTTPS and SIP over WebSocket; 0: a free one.
    std::string domain;               ///< Empty: the name of the host.
    std::string certificate, key;     ///< PEM files; empty: self-signed, in the data directory.
    bool tls_verify = true; ///< Who is reached by a name and TLS has to have a certificate for it.
    std::string tls_trust;  ///< PEM file: whom to believe besides those whom this machine does.
    std::string name_servers; ///< "192.0.2.53, [2001:db8::53]:5353"; empty: those of the system.
    std::uint16_t rtp_port_min = 16384, rtp_port_max = 32767;
    bool relay_media = true;    ///< Of calls whose two ends do not reach each other.
    unsigned media_threads = 0; ///< 0: one for each processor.
    unsigned rtp_timeout_s = 30;
    unsigned session_expires_s = 1800;
    std::string digest =
        "sha256,md5";          ///< Algorithms that are offered, in order; see docs/operations.md.
    bool drop_scanners = true; ///< Messages of known scanners get no answer.
    unsigned ban_after = 10;   ///< Failed logins of one address within a minute; 0: never.
    unsigned ban_s = 600;      ///< For so long.
    unsigned requests_per_s = 100;  ///< New ones of one address; ten times as many at once.
    unsigned calls_per_minute = 60; ///< Of one member.
    std::string country_code;       ///< "49": national numbers become +49…; empty: they stay.
    std::string international_prefix = "00", national_prefix = "0"; ///< As people dial here.
    std::string emergency_numbers = "110,112,911,999";              ///< Never sent just anywhere.
    std::string enum_suffixes; ///< "e164.arpa": where the DNS knows numbers; empty: not asked.
    /// What members see of each other: all, availability, groups, nothing.
    std::string presence = "all";
    unsigned messages_days = 30; ///< How long messages wait for who is not there; 0: they do not.
    unsigned call_records_days = 90; ///< How long it is kept who called whom; 0: it is not.
    unsigned trace_mib = 16;        ///< SIP of calls, kept in memory to be looked at; 0: it is not.
    std::string hep_server;         ///< "192.0.2.7:9060": copies of all SIP go there; or empty.
    std::uint32_t hep_agent = 1;    ///< What we are called there.
    std::string access_log;         ///< File: who asked for what on the web port; or empty.
    std::string log_level = "info"; ///< debug, info, warning, error.
    bool log_personal = false;      ///< Numbers and addresses in clear.
};

/// Says file, line, key and what was expected.
class ConfigurationError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Reads a file over the defaults. An unknown key or a value of the wrong kind is refused.
void read_file(Configuration& configuration, const std::string& path);
/// Sets one by its name, as `--sip-port 5060` does.
void set_option(Configuration& configuration, const std::string& name, const std::string& value,
                const std::string& where);
/// What contradicts itself. Throws ConfigurationError.
void check(const Configuration& configuration);
/// `name = value` lines of everything, as `lyceum check` prints them.
std::vector<std::string> explain(const Configuration& configuration);

} // namespace lyceum::app
