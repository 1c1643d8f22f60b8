// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace lyceum {

/// A handle that cannot be confused with another kind of handle. Things refer to each other by id
/// and look up; a failed look-up is a normal branch. Zero is "none".
template <class Tag>
struct StrongId {
    std::uint64_t value = 0;

    constexpr explicit operator bool() const { return value != 0; }
    constexpr auto operator<=>(const StrongId&) const = default;
};

} // namespace lyceum

template <class Tag>
struct std::hash<lyceum::StrongId<Tag>> {
    std::size_t operator()(lyceum::StrongId<Tag> id) const noexcept {
        return std::hash<std::uint64_t>{}(id.value);
    }
};
