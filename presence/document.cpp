// SPDX-License-Identifier: Apache-2.0
#include "presence/document.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace lyceum::presence {
namespace {

/// RFC 3863 §4.1.2, §4.1.4.
std::optional<Fault> check_tuple(const xml::Element& tuple) {
    if (tuple.attribute("id").value_or("").empty()) return Fault("tuple without id", 0);
    const auto* status = tuple.child(pidf_ns, "status");
    if (!status) return Fault("tuple without status", 0);
    const auto* basic = status->child(pidf_ns, "basic");
    if (!basic) return std::nullopt;
    const auto value = trim(basic->text);
    if (value != "open" && value != "closed") return Fault("basic is neither open nor closed", 0);
    return std::nullopt;
}

std::string_view newest(const std::vector<xml::Element>& parts, std::string_view ns) {
    std::string_view out;
    for (const auto& each : parts)
        if (const auto* stamp = each.child(ns, "timestamp")) out = std::max(out, trim(stamp->text));
    return out;
}

} // namespace

Result<Document, Fault> Document::parse(std::string_view text) {
    auto root = xml::parse(text);
    if (!root) return root.error();
    if (!root->is(pidf_ns, "presence")) return Fault("not a PIDF document", 0);
    if (root->children.size() > parts_max) return Fault("too many parts", 0);
    Document out;
    for (auto& each : root->children) {
        each.tail.clear();
        if (each.is(pidf_ns, "tuple")) {
            if (auto fault = check_tuple(each)) return std::move(*fault);
            out.tuples.push_back(std::move(each));
        } else if (each.is(data_model_ns, "person")) {
            out.persons.push_back(std::move(each));
        } else if (each.is(data_model_ns, "device")) {
            out.devices.push_back(std::move(each));
        } else if (each.is(pidf_ns, "note")) {
            out.notes.push_back(std::move(each));
        }
    }
    return out;
}

std::string_view Document::timestamp() const {
    const auto said = newest(persons, data_model_ns);
    return said.empty() ? newest(tuples, pidf_ns) : said;
}

} // namespace lyceum::presence
