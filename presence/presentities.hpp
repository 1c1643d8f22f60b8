// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "presence/composition.hpp"
#include "presence/publications.hpp"
#include "sip/event/package.hpp"

#include <map>
#include <string>
#include <string_view>

namespace lyceum::presence {

/// A port: what is known of a presentity without its help, and who may see what of it.
class Surroundings {
public:
    virtual ~Surroundings() = default;
    virtual Facts facts(std::string_view resource) = 0;
    virtual View view(std::string_view resource, std::string_view watcher) = 0;
    /// Its URI, as documents name it.
    virtual std::string uri_of(std::string_view resource) = 0;
};

/// The package `presence` (RFC 3856): the state of a presentity for each of its watchers, composed
/// once for all who see the same of it.
class Presentities final : public sip::EventSource {
public:
    static constexpr std::size_t remembered_max =
        20'000; ///< Resources whose documents are at hand.

    Presentities(const Publications& publications, Surroundings& surroundings)
        : publications_(publications), surroundings_(surroundings) {}

    sip::EventState state(std::string_view resource, std::string_view watcher,
                          std::string_view type) override;
    /// Something else is known of it, or others may see it. True: so its document is another one.
    bool change(std::string_view resource);

private:
    using Views = std::map<View, sip::EventState>;

    [[nodiscard]] sip::EventState render(std::string_view resource, const View& view) const;

    const Publications& publications_;
    Surroundings& surroundings_;
    std::map<std::string, Views, std::less<>> rendered_;
};

} // namespace lyceum::presence
