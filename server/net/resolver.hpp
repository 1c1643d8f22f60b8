// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/routing/enum_lookup.hpp"
#include "sip/transaction/server_locator.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lyceum::net {

/// Asks the DNS on a thread of its own, with c-ares, what sip::ServerLocator and
/// routing::EnumLookup want to know.
class Resolver {
public:
    /// Called on the resolver's thread; post it where it belongs.
    template <class Core>
    using Done = std::function<void(typename Core::Answer answer)>;

    static constexpr std::size_t lookups_max = 1000; ///< Beyond, a look-up fails at once.

    /// `name_servers` are asked, addresses with or without a port, separated by commas; empty:
    /// those of the system.
    Resolver(std::uint64_t seed, const std::string& name_servers);
    ~Resolver(); ///< Look-ups that run are given up.

    void locate(std::string uri, Done<sip::ServerLocator> done);
    /// The SIP URIs of a number, by ENUM below these suffixes.
    void enumerate(std::string number, std::vector<std::string> suffixes,
                   Done<routing::EnumLookup> done);

private:
    class Worker;
    std::unique_ptr<Worker> worker_;
};

} // namespace lyceum::net
