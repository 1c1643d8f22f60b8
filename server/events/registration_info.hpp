// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/routing/router.hpp"
#include "sip/event/package.hpp"

namespace lyceum::events {

inline constexpr std::string_view registration_info_type = "application/reginfo+xml";

/// The package `reg` (RFC 3680): where a member is registered. Always all of his devices; those
/// that are gone are just not there any more.
class RegistrationInfo final : public sip::EventSource {
public:
    RegistrationInfo(const routing::Router& router, routing::Router::Location location)
        : router_(router), location_(std::move(location)) {}

    sip::EventState state(std::string_view resource, std::string_view watcher,
                          std::string_view type) override;

private:
    const routing::Router& router_;
    routing::Router::Location location_;
};

} // namespace lyceum::events
