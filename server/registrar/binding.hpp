// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "sip/transaction/endpoint.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::registrar {

/// Where a member is reached, as one of his devices has said (RFC 3261 §10). His name is the
/// address-of-record: all our domains are one.
struct Binding {
    std::string contact;           ///< The URI.
    std::string call_id;           ///< Of the REGISTER that said so last…
    std::uint32_t cseq = 0;        ///< …and its number.
    unsigned q_thousandths = 1000; ///< Those with more are tried first (§20.10).
    WallTime expires{};
    std::string path;         ///< The Path values of RFC 3327, as they came; empty: direct.
    std::string instance;     ///< +sip.instance (RFC 5626 §4.1), or empty.
    std::uint32_t reg_id = 0; ///< Which of the device's flows to us (RFC 5626 §4.2); 0: its one.
    std::string user_agent;   ///< What the device calls itself.
    std::string features;     ///< What it can do: `;audio;methods="INVITE"` (RFC 3840).
    sip::Endpoint source;     ///< Where the REGISTER came from.

    bool operator==(const Binding&) const = default;
};

/// What stands behind `gr=` in the address of one device (RFC 5627 §4.1): its instance without the
/// angle brackets. Empty, if that cannot be part of a URI.
std::string_view gr_of(std::string_view instance);

/// All that is known of one member: what is on disk is replaced by it as a whole.
struct Registration {
    std::string user;
    std::vector<Binding> bindings;
};

} // namespace lyceum::registrar
