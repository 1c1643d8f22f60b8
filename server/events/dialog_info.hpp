// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "presence/presentities.hpp"
#include "server/records/call_records.hpp"

namespace lyceum::events {

inline constexpr std::string_view dialog_info_type = "application/dialog-info+xml";

/// The package `dialog` (RFC 4235), for lamps that show whether somebody is being called or talks:
/// always all of his calls, and of each only that. With whom is nobody else's business.
class DialogInfo final : public sip::EventSource {
public:
    DialogInfo(const records::CallRecords& records, presence::Surroundings& surroundings)
        : records_(records), surroundings_(surroundings) {}

    sip::EventState state(std::string_view resource, std::string_view watcher,
                          std::string_view type) override;

private:
    const records::CallRecords& records_;
    presence::Surroundings& surroundings_;
};

} // namespace lyceum::events
