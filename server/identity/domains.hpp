// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/text.hpp"
#include "sip/message/uri.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace lyceum::identity {

/// The hosts that are this server, in the URIs that people write: its domain, its name, its
/// addresses. They are one: a member is the same under each. A port is not looked at, since who
/// stands behind a gateway dials its.
class Domains {
public:
    Domains(std::initializer_list<std::string> hosts) {
        for (const auto& host : hosts) add(host);
    }

    /// What we call ourselves, where we say a URI: the first that was given.
    [[nodiscard]] const std::string& first() const { return first_; }

    /// A host name or an address, written in any way.
    void add(std::string_view host);
    [[nodiscard]] bool contains(const sip::Uri& uri) const;
    [[nodiscard]] bool contains(std::string_view uri_text) const;

private:
    std::string first_;
    std::unordered_set<std::string, TextHash, std::equal_to<>> hosts_;
};

} // namespace lyceum::identity
