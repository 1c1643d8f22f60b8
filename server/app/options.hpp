// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "presence/mailbox.hpp"
#include "server/app/configuration.hpp"
#include "server/events/presence_agent.hpp"
#include "server/identity/identity.hpp"
#include "server/net/certificate.hpp"
#include "server/protection/guard.hpp"
#include "server/registrar/registrar.hpp"
#include "server/routing/router.hpp"
#include "server/store/store.hpp"
#include "sip/dialog/user_agent.hpp"

#include <string>
#include <string_view>
#include <vector>

/// The configuration in the words of each part.
namespace lyceum::app {

inline constexpr std::string_view server_version = "0.1";
inline constexpr auto server_name = "Lyceum/0.1";

WallTime wall_at_zero();
std::string domain_of(const Configuration& c);
/// What people may call us by: the domain, the host, and its addresses.
identity::Domains domains(const Configuration& c);
/// "a, b".
std::vector<std::string> list_of(std::string_view text);
net::CertificateFiles certificate_of(const Configuration& c);

sip::UserAgent::Options agent_options(const Configuration& c);
registrar::Registrar::Options
registrar_options(const Configuration& c,
                  std::shared_ptr<const registrar::TemporaryGruus> temporary);
events::PresenceAgent::Options presence_options(const Configuration& c, store::Store& store);
presence::Mailbox::Options mailbox_options(const Configuration& c);
protection::Guard::Options guard_options(const Configuration& c);
sip::DigestAuthenticator::Options digest_options(const Configuration& c, const std::string& realm);
routing::Router::Options
router_options(const Configuration& c,
               std::shared_ptr<const registrar::TemporaryGruus> temporary = {});

} // namespace lyceum::app
