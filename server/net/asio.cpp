// SPDX-License-Identifier: Apache-2.0
/// Boost.Asio is compiled here, once, and only declared elsewhere.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
