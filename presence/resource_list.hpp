// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "base/result.hpp"
#include "presence/rules.hpp"
#include "sip/event/event_list.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::presence {

inline constexpr std::string_view resource_lists_type = "application/resource-lists+xml";

/// The URIs in a document of RFC 4826 §3, in its order and each once; those of lists in the list
/// too. What only refers to something elsewhere (`external`, `entry-ref`) is not followed.
Result<std::vector<std::string>, Fault> uris_listed(std::string_view document);
inline constexpr std::size_t listed_max = 500;

/// A port: what is in a list, and what becomes of a watcher of each of it.
class ListContents {
public:
    virtual ~ListContents() = default;
    struct Item {
        std::string uri;
        std::string resource; ///< Empty: nothing of ours.
    };
    virtual std::vector<Item> items(const sip::Subscription& subscription) = 0;
    virtual Handling handling(std::string_view resource, std::string_view watcher) = 0;
};

/// Lists of resources (RFC 4662): a multipart body of a document that lists them (RLMI), and of the
/// state of those that have changed, as each package renders it.
class ResourceLists final : public sip::EventLists {
public:
    /// A body has the states of so many octets, and one more; the rest follows in the next, so that
    /// a long list fits into datagrams.
    static constexpr std::size_t states_bytes_max = 24 * 1024;

    ResourceLists(ListContents& contents, Entropy& entropy)
        : contents_(contents), entropy_(entropy) {}

    std::unique_ptr<sip::EventView> open(const sip::Subscription& subscription,
                                         sip::EventSource& source) override;

private:
    ListContents& contents_;
    Entropy& entropy_;
};

} // namespace lyceum::presence
