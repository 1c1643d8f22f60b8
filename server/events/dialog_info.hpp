// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "presence/presentities.hpp"
#include "server/records/call_records.hpp"

#include <functional>
#include <utility>

namespace lyceum::events {

inline constexpr std::string_view dialog_info_type = "application/dialog-info+xml";

/// The package `dialog` (RFC 4235), for lamps that show whether somebody is being called or talks:
/// always all of his calls, and of each only that. With whom is nobody else's business, but of
/// those who may take his calls: they are told the dialog too, by which a phone takes a call that
/// rings or is parked (an INVITE with Replaces to the other end, RFC 5359 §2.15, §2.16).
class DialogInfo final : public sip::EventSource {
public:
    using MayTake = std::function<bool(std::string_view resource, std::string_view watcher)>;

    DialogInfo(const records::CallRecords& records, presence::Surroundings& surroundings,
               MayTake may_take)
        : records_(records), surroundings_(surroundings), may_take_(std::move(may_take)) {}

    sip::EventState state(std::string_view resource, std::string_view watcher,
                          std::string_view type) override;

private:
    const records::CallRecords& records_;
    presence::Surroundings& surroundings_;
    MayTake may_take_;
};

} // namespace lyceum::events
