// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/routing/plan.hpp"
#include "sip/message/message.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lyceum::routing {

/// What a caller wants of the way his request goes and of the device that gets it: RFC 3841,
/// Request-Disposition, Accept-Contact and Reject-Contact. Views into the request.
struct Preferences {
    struct Features { ///< One Accept-Contact or Reject-Contact value.
        std::string_view params;
        bool require = false;    ///< Who does not match is not tried at all.
        bool explicitly = false; ///< Who does not say so does not match.
    };
    bool redirects = false; ///< He wants to be told, and to go there himself.
    bool forks = true, parallel = true, recurses = true;
    std::vector<Features> accepts, rejects;
    /// He offers pictures and no sound, which he has already: for a device that says that it shows
    /// them, if there is one.
    bool pictures_alone = false;

    static Preferences of(const sip::Message& request);

    /// Leaves out devices, puts those first that fit best, and takes apart what is to be tried at
    /// the same time. A target that is no device is left alone (§7.2: it has no preferences).
    void apply(Plan& plan, Duration serial_ring) const;
};

/// Whether a device with these features (`;audio;methods="INVITE,BYE"`, RFC 3840 §9) can be what
/// those ask for. What it does not say it may be, unless it has to say so.
bool matches(std::string_view wanted, std::string_view features, bool explicitly);

} // namespace lyceum::routing
