// SPDX-License-Identifier: Apache-2.0
#include "server/identity/domains.hpp"

#include "base/address.hpp"
#include "base/text.hpp"

namespace lyceum::identity {
namespace {

std::string canonical(std::string_view host) {
    const auto ip = IpAddress::parse(host);
    return ip ? ip->to_string() : to_lower(host);
}

} // namespace

void Domains::add(std::string_view host) {
    if (hosts_.empty()) first_ = host;
    hosts_.insert(canonical(host));
}

bool Domains::contains(const sip::Uri& uri) const {
    if (!uri.is_sip()) return false;
    const auto host = uri.bare_host(); // Nearly always written as we write it.
    return hosts_.contains(host) || hosts_.contains(canonical(host));
}

bool Domains::contains(std::string_view uri_text) const {
    const auto uri = sip::Uri::parse(uri_text);
    return uri && contains(*uri);
}

} // namespace lyceum::identity
