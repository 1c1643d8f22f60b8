// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "presence/xcap_server.hpp"
#include "sip/event/package.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace lyceum::presence::xcap {

inline constexpr std::string_view diff_type = "application/xcap-diff+xml";

/// The package `xcap-diff` (RFC 5875), by which a member's devices hear that one of them has
/// changed a document of his: all that there are with their entity-tags at first, then those that
/// are new, changed or gone (RFC 5874). Says that a document is another one, and not what is other
/// in it; whatever a SUBSCRIBE lists, it is about all documents of its owner.
class Diff final : public sip::EventSource {
public:
    using UriOf = std::function<std::string(std::string_view owner)>;

    /// `root` is the address under which documents are (RFC 4825 §6.1).
    Diff(const Server& server, UriOf uri_of, std::string root)
        : server_(server), uri_of_(std::move(uri_of)), root_(std::move(root)) {}

    sip::EventState state(std::string_view owner, std::string_view watcher,
                          std::string_view type) override;
    std::unique_ptr<sip::EventView> follow(std::string_view owner, std::string_view watcher,
                                           std::string_view type) override;

private:
    class View;
    using Tags = std::map<std::string, std::string>; ///< By AUID.

    [[nodiscard]] std::string between(std::string_view owner, const Tags& before,
                                      const Tags& now) const;

    const Server& server_;
    UriOf uri_of_;
    std::string root_;
};

} // namespace lyceum::presence::xcap
