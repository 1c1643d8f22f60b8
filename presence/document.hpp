// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "presence/xml.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lyceum::presence {

inline constexpr std::string_view pidf_type = "application/pidf+xml";
inline constexpr std::string_view pidf_ns = "urn:ietf:params:xml:ns:pidf";
inline constexpr std::string_view data_model_ns = "urn:ietf:params:xml:ns:pidf:data-model";
inline constexpr std::string_view rpid_ns = "urn:ietf:params:xml:ns:pidf:rpid";
inline constexpr std::string_view timed_ns = "urn:ietf:params:xml:ns:pidf:timed-status";
inline constexpr std::string_view caps_ns = "urn:ietf:params:xml:ns:pidf:caps";
inline constexpr std::string_view cipid_ns = "urn:ietf:params:xml:ns:pidf:cipid";

/// A presence document taken apart: PIDF (RFC 3863) with the data model of RFC 4479. What stands in
/// its elements is kept as it came, also where we do not know it (RPID, CIPID, capabilities, timed
/// presence are such).
struct Document {
    std::vector<xml::Element> tuples, persons, devices, notes;
    /// Not from a device that is there: hard state (RFC 4827).
    bool is_hard_state = false;

    /// Of the root, its `entity` is not looked at: who published it is known better.
    static Result<Document, Fault> parse(std::string_view text);

    /// The newest `timestamp` of a person, or of a tuple where there is none; empty: it says none.
    [[nodiscard]] std::string_view timestamp() const;
};

inline constexpr std::size_t parts_max =
    64; ///< Tuples, persons, devices and notes of one document.

} // namespace lyceum::presence
