// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/trunk/trunk.hpp"
#include "sip/message/message.hpp"
#include "sip/message/writer.hpp"

#include <string>
#include <string_view>

namespace lyceum::b2bua {

/// Who calls, as far as we know and believe it.
struct Caller {
    std::string display;     ///< Without quotes.
    std::string user;        ///< A number or a name; empty: nothing is known.
    bool is_private = false; ///< Does not want the called to know (RFC 3323 §4).
};

/// From P-Asserted-Identity if whoever sent this is believed (RFC 3325 §5), else from From.
Caller caller_of(const sip::Message& request, bool trusted);

/// `"Alice" <sip:alice@host>`, or the anonymous one (RFC 3323 §4.1).
std::string from_value(const Caller& caller, std::string_view host);

/// What is told to a trunk beside From: who it is, to those who are trusted with it, and that they
/// keep it to themselves (RFC 3325 §9.1, §9.3).
void write_identity(sip::MessageWriter& writer, const Caller& caller, std::string_view host,
                    bool trusted);

/// The number that a trunk is to show: one of the caller's own if the trunk lets us say which, and
/// else that of the trunk. `own` is the caller's number here; empty: he has none.
std::string shown_number(const trunk::Trunk& trunk, const Caller& caller, std::string_view own);

} // namespace lyceum::b2bua
