// SPDX-License-Identifier: Apache-2.0
#include "server/app/options.hpp"

#include "base/text.hpp"
#include "server/net/clock.hpp"
#include "server/net/sip_transport.hpp"

#include <boost/asio/ip/host_name.hpp>

namespace lyceum::app {

WallTime wall_at_zero() { return net::wall_now() - net::monotonic_now().time_since_epoch(); }

std::string domain_of(const Configuration& configuration) {
    return configuration.domain.empty() ? boost::asio::ip::host_name() : configuration.domain;
}

identity::Domains domains(const Configuration& c) {
    identity::Domains domains{domain_of(c), boost::asio::ip::host_name(), "localhost", c.bind};
    for (const auto& address : net::own_addresses()) domains.add(address.to_string());
    return domains;
}

std::vector<std::string> list_of(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) out.emplace_back(trim(cut(text, ',')));
    return out;
}

net::CertificateFiles certificate_of(const Configuration& configuration) {
    const auto& c = configuration;
    if (!c.certificate.empty()) return {c.certificate, c.key, c.tls_trust};
    return {c.data + "/certificate.pem", c.data + "/key.pem", c.tls_trust};
}

sip::UserAgent::Options agent_options(const Configuration& c) {
    sip::UserAgent::Options options;
    options.server_name = server_name;
    options.contact_params = ";isfocus"; // RFC 4579 §4.1.
    options.session_interval = std::chrono::seconds(c.session_expires_s);
    options.shows_strangers = true; // The registrar's among them.
    return options;
}

registrar::Registrar::Options
registrar_options(const Configuration& c,
                  std::shared_ptr<const registrar::TemporaryGruus> temporary) {
    registrar::Registrar::Options options;
    options.server_name = server_name;
    options.wall_at_zero = wall_at_zero();
    options.domains = domains(c);
    options.temporary = std::move(temporary);
    return options;
}

events::PresenceAgent::Options presence_options(const Configuration& c, store::Store& store) {
    events::PresenceAgent::Options options;
    options.server_name = server_name;
    options.policy = *events::policy_of(c.presence);
    options.notifier.server_name = options.publications.server_name = server_name;
    options.notifier.wall_at_zero = options.publications.wall_at_zero = wall_at_zero();
    options.has_role = [&store](std::string_view name, std::string_view member) {
        const auto room = store.room(name);
        return room && room->roles.contains(std::string(member));
    };
    return options;
}

presence::Mailbox::Options mailbox_options(const Configuration& c) {
    presence::Mailbox::Options options;
    options.server_name = server_name;
    options.wall_at_zero = wall_at_zero();
    options.kept = std::chrono::days(c.messages_days);
    if (c.messages_days == 0) options.mails_max = 0;
    return options;
}

protection::Guard::Options guard_options(const Configuration& c) {
    protection::Guard::Options options;
    options.failures_max = c.ban_after;
    options.ban_for = std::chrono::seconds(c.ban_s);
    options.drops_scanners = c.drop_scanners;
    options.requests_per_s = c.requests_per_s;
    options.requests_burst = 10.0 * c.requests_per_s;
    options.wall_at_zero = wall_at_zero();
    return options;
}

sip::DigestAuthenticator::Options digest_options(const Configuration& c, const std::string& realm) {
    sip::DigestAuthenticator::Options options{.realm = realm};
    if (c.digest == "sha256") options.algorithms = {sip::DigestAlgorithm::sha256};
    if (c.digest == "md5") options.algorithms = {sip::DigestAlgorithm::md5};
    return options;
}

routing::Router::Options
router_options(const Configuration& c, std::shared_ptr<const registrar::TemporaryGruus> temporary) {

    routing::Router::Options options;
    options.domains = domains(c);
    options.numbers.country_code = c.country_code;
    options.numbers.international_prefix = c.international_prefix;
    options.numbers.national_prefix = c.national_prefix;
    options.numbers.asks_dns = !c.enum_suffixes.empty();
    const auto emergency = list_of(c.emergency_numbers);
    options.numbers.emergency = {emergency.begin(), emergency.end()};
    options.temporary = std::move(temporary);
    return options;
}

} // namespace lyceum::app
