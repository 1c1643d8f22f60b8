// SPDX-License-Identifier: Apache-2.0
/// Boost.Beast is compiled here, once, and only declared elsewhere.
#include <boost/beast/src.hpp>
