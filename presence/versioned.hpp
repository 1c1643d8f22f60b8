// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "presence/xml.hpp"
#include "sip/event/package.hpp"

namespace lyceum::presence {

/// A document that counts itself by the `version` of its root (RFC 3680, 3858, 4235, 4575): the
/// same for every watcher but for that number, which the notifier puts in.
sip::EventState versioned(xml::Element root);

} // namespace lyceum::presence
