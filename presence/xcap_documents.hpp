// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "presence/xcap_selector.hpp"

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
    /// What a document of it must hold besides being well-formed.
    std::optional<Conflict> (*check)(const xml::Element& root);
};
/// resource-lists, rls-services (RFC 4826), pres-rules (RFC 5025), and what we can (xcap-caps).
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
/// Those of an owner; lists that are only referred to are looked for in his resource-lists.
std::vector<Service> services_in(std::string_view rls_services, std::string_view resource_lists);

} // namespace lyceum::presence::xcap
