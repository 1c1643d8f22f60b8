// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lyceum::sip {

/// One watcher's view of something that is told in parts: remembers what he has been told of it. Of
/// one resource, or of a list of them (RFC 4662); the subscriptions to the resources behind a list
/// are ones in memory, without any SIP.
class EventView {
public:
    virtual ~EventView() = default;

    /// What is in it, of a list; a change of any of these is news for the watcher.
    [[nodiscard]] virtual const std::vector<std::string>& resources() const {
        static const std::vector<std::string> none;
        return none;
    }

    struct Telling {
        std::string type, text;
        bool more; ///< It did not hold all; the rest is for the next one.
    };
    /// The next body: of all there is, or of what has changed since the last one. None: nothing
    /// has. `version` grows by one from body to body.
    virtual std::optional<Telling> tell(bool all, std::uint32_t version) = 0;
};

} // namespace lyceum::sip
