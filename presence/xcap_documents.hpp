// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "presence/xcap_selector.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::presence::xcap {

/// Why a change is not made (RFC 4825 §11): what stands in the document of a 409.
struct Conflict {
    std::string what;     ///< Name of the element: "cannot-insert".
    std::string phrase{}; ///< For people.
};

/// A kind of documents that clients keep here (RFC 4825 §5).
struct Application {
    std::string_view auid, ns, type;
    std::string_view schema; ///< The name of its file; empty: anything goes.
    /// What a document has to be besides being as the schema says.
    std::optional<Conflict> (*check)(const xml::Element& root);
};
/// Whether somebody may have such a document, as far as it says.
std::optional<Conflict> check(const Application& application, const xml::Element& root);

/// resource-lists, rls-services (RFC 4826), pres-rules (RFC 5025), pidf-manipulation (RFC 4827),
/// and what we can (xcap-caps).
std::span<const Application> applications();
const Application* application_of(std::string_view auid);

/// \name A change of one node of a document; what the result is worth, the application says.
///@{
const xml::Element* find(const xml::Element& root, std::span<const Step> steps);
/// True: there was none before. The element, or an attribute's value, is as text.
Result<bool, Conflict> put(xml::Element& root, const Selector& at, std::string_view text);
/// False: there is nothing to be removed.
Result<bool, Conflict> remove(xml::Element& root, const Selector& at);
///@}

/// A service of rls-services (RFC 4826 §4): one URI for a list.
struct Service {
    std::string uri;
    std::vector<std::string> members;
};
/// Those of an owner. Whom a list refers to (`resource-list`, `external`, `entry-ref`) is looked
/// for in his own resource-lists: other people's are theirs alone, and other servers are not asked.
/// What is not there, and what leads back to where it comes from, is as if it were not said.
std::vector<Service> services_in(std::string_view rls_services, std::string_view resource_lists,
                                 const std::function<bool(std::string_view xui)>& is_owner);

} // namespace lyceum::presence::xcap
