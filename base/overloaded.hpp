// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace lyceum {

/// One function for each kind of thing in a variant, for std::visit.
template <class... Functions>
struct Overloaded : Functions... {
    using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

} // namespace lyceum
