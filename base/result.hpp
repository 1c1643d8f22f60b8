// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/system/result.hpp>

#include <stdexcept>
#include <string>

namespace lyceum {

/// A value, or why there is none. Use only `operator bool`, `*`, `->` and `error()`, so that
/// std::expected can take its place once the compilers have it.
template <class T, class E>
using Result = boost::system::result<T, E>;

/// What a peer did wrong, in the words that the reason phrase and the log will use.
struct Fault {
    std::string what;
    std::size_t offset = 0; ///< Octets into the input that was parsed.

    Fault() = default;
    /// Always with an offset: a Fault made of a string alone could not be told from a result.
    Fault(std::string text, std::size_t at) : what(std::move(text)), offset(at) {}

    bool operator==(const Fault&) const = default;
};

/// Reading a Result that holds no value is our own mistake, not the peer's.
[[noreturn]] inline void throw_exception_from_error(const Fault& fault,
                                                    const boost::source_location&) {
    throw std::logic_error("unchecked Result: " + fault.what);
}

} // namespace lyceum
