// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// XML as a value: a tree of elements whose names are a namespace and a local name. The only place
/// that knows which library reads it.
namespace lyceum::presence::xml {

struct Attribute {
    std::string ns, name, value;

    bool operator==(const Attribute&) const = default;
};

struct Element {
    std::string ns, name;
    std::vector<Attribute> attributes{};
    std::string text{}; ///< Before its first child.
    std::vector<Element> children{};
    std::string tail{}; ///< Behind its end, inside of its parent.

    bool operator==(const Element&) const = default;

    [[nodiscard]] bool is(std::string_view namespace_name, std::string_view local) const {
        return ns == namespace_name && name == local;
    }
    /// The first such child, or null.
    [[nodiscard]] const Element* child(std::string_view namespace_name,
                                       std::string_view local) const;
    [[nodiscard]] std::optional<std::string_view> attribute(std::string_view local) const;
    void set(std::string_view local, std::string_view value);
};

inline constexpr std::size_t document_bytes_max = 256 * 1024;
inline constexpr std::size_t elements_max = 10'000;
inline constexpr std::size_t depth_max = 32;

/// A whole document, or what is wrong with it and where. Comments and processing instructions are
/// left out. Refused before anything is built of it: a document type, with whatever entities it
/// declares; what is beyond the limits.
Result<Element, Fault> parse(std::string_view document);

/// A description of documents (XML Schema 1.0) that imports no others.
class Schema {
public:
    explicit Schema(std::string_view text); ///< It is ours: it has to be a good one.
    Schema(const Schema&) = delete;
    Schema& operator=(const Schema&) = delete;
    ~Schema();

    /// What a document is not like it in; the document is one that `parse` takes.
    [[nodiscard]] std::optional<Fault> check(const std::string& document) const;

private:
    void* schema_; ///< The library's.
};

/// With a declaration, in UTF-8. The root's namespace is the default one, the others that presence
/// uses have the prefixes that their RFCs use: some watchers look for `rpid:away` and not for what
/// it means.
std::string write(const Element& root);
/// An element as part of a document: to be compared, not to be sent.
std::string write_bare(const Element& element);

} // namespace lyceum::presence::xml
