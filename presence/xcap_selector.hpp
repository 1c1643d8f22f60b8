// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "presence/xml.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lyceum::presence::xcap {

/// One step of a node selector (RFC 4825 §6.3): `list[2][@name="friends"]`.
struct Step {
    std::string ns, name;                ///< The name `*` is any element.
    std::optional<std::size_t> position; ///< From 1, among those of the name.
    std::optional<std::pair<std::string, std::string>> attribute{};

    [[nodiscard]] bool names(const xml::Element& element) const;
    [[nodiscard]] bool fits(const xml::Element& element) const; ///< Its name and attribute.
};

/// What an XCAP URI names: a document, an element in it, or an attribute of that.
struct Selector {
    std::string auid;                   ///< What kind of document: "resource-lists".
    std::optional<std::string> owner{}; ///< None: a global one.
    std::string document;               ///< Its name among the owner's.
    std::vector<Step> steps{};          ///< Empty: the whole document.
    std::string attribute{};            ///< Of the element; empty: the element.
    bool namespaces = false;            ///< Not the element, but what its prefixes mean.

    static constexpr std::size_t steps_max = 32;
    static constexpr std::size_t target_bytes_max = 4096;

    /// Of the path and query of a request, without the root: "/resource-lists/users/sip:a@b/index/
    /// ~~/resource-lists?xmlns(x=urn:y)". `namespace_of` says what names without a prefix are in.
    static Result<Selector, Fault>
    parse(std::string_view target,
          const std::function<std::string(std::string_view)>& namespace_of);

    [[nodiscard]] bool is_document() const { return steps.empty(); }
};

/// The one element among siblings that a step selects; none: no one, or several.
std::optional<std::size_t> select(const std::vector<xml::Element>& siblings, const Step& step);

} // namespace lyceum::presence::xcap
