// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/http.hpp"
#include "presence/xcap_diff.hpp"
#include "presence/xcap_server.hpp"
#include "server/app/database_thread.hpp"
#include "server/events/presence_agent.hpp"

#include <functional>
#include <map>

namespace lyceum::app {

/// The XCAP server on the web port, below `/xcap`: who asks proves it by the same digest as in SIP,
/// a change goes to disk, and from there to the presence agent that it is for.
class XcapService final : private presence::xcap::Names {
public:
    static constexpr std::string_view root = "/xcap";

    using Reply = std::function<void(http::Response)>;

    XcapService(identity::Identity& identity, protection::Guard& guard,
                const routing::Router& router, events::PresenceAgent& presence,
                DatabaseThread& database, std::function<void()> turn, std::string host, Log& log)
        : identity_(identity), guard_(guard), router_(router), presence_(presence),
          database_(database), turn_(std::move(turn)), server_(*this, log),
          diff_(
              server_, [&router](std::string_view name) { return router.uri_of(name); },
              "https://" + host + std::string(root) + "/") {}

    /// For who wants to hear that his documents have changed.
    [[nodiscard]] sip::EventPackage package() {
        return {"xcap-diff", {std::string(presence::xcap::diff_type)}, &diff_};
    }

    /// What is on disk, at the start or since another process has written it.
    void set(const presence::xcap::Document& document);
    /// False: it is nothing of ours.
    bool serve(const http::Request& request, Reply reply);

private:
    std::optional<std::string> member_of(std::string_view xui) override;
    bool is_free(std::string_view uri) override;
    void take_effect(const presence::xcap::Document& document);
    void drain();

    identity::Identity& identity_;
    protection::Guard& guard_;
    const routing::Router& router_;
    events::PresenceAgent& presence_;
    DatabaseThread& database_;
    std::function<void()> turn_;
    presence::xcap::Server server_;
    presence::xcap::Diff diff_;
    std::map<presence::xcap::Server::RequestId, Reply> replies_;
    std::uint64_t last_id_ = 0;
};

} // namespace lyceum::app
