// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/b2bua/descriptions.hpp"
#include "sip/dialog/dialog.hpp"
#include "sip/transaction/endpoint.hpp"

#include <array>
#include <optional>
#include <string>

namespace lyceum::b2bua {

/// A call that talks, as it is on disk: both of its dialogs, so that after a crash who hangs up is
/// heard on the other side. Requests that are under way when it happens are lost.
struct KeptCall {
    struct End {
        sip::Dialog::Parts dialog;
        sip::Endpoint peer; ///< A connection is gone; one to its address is made.
        std::string contact;
        bool may_refer = false;
        std::string description;       ///< What it said last of its media.
        std::optional<Origin> shown{}; ///< To it, once the other end has changed.

        bool operator==(const End&) const = default;
    };

    std::string id;          ///< Of us, and of nobody else's.
    std::string trunk;       ///< By which it goes; empty: by none.
    std::string way;         ///< "out", "in" or "across".
    bool relayed = false;    ///< Its media went by us, whose keys are gone: it ends, on both sides.
    unsigned expires_s = 0;  ///< Of its session timer (RFC 4028); 0: it has none.
    std::array<End, 2> ends; ///< Caller and callee.

    bool operator==(const KeptCall&) const = default;
};

} // namespace lyceum::b2bua
