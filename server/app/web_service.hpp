// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/access_log.hpp"
#include "server/app/configuration.hpp"
#include "server/app/password_thread.hpp"
#include "server/net/os_entropy.hpp"
#include "server/net/sip_transport.hpp"
#include "server/net/web_listener.hpp"
#include "server/records/message_trace.hpp"
#include "server/web/tables.hpp"
#include "server/web/web_backend.hpp"
#include "webadmin/api.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

namespace lyceum::app {

/// The web port with everything on it, on a thread of its own, so that nobody who asks for a page
/// holds up a call: the dashboard and its API, SIP by WebSocket (RFC 7118), XCAP. What belongs to
/// the thread of the calls travels there and back as values.
class WebService {
public:
    /// \name What the thread of the calls does for it. They are called there.
    ///@{
    struct Calls {
        /// Runs it there. Called from the thread of the web.
        std::function<void(std::function<void()>)> post;
        std::function<bool(const sip::Endpoint& peer, const net::SipTransport::MakeConnection&)>
            adopt;
        std::function<bool(const http::Request& request, net::WebListener::Reply reply)> xcap;
        std::function<std::optional<focus::Denial>(std::string_view room, const focus::Action&,
                                                   const focus::Actor&)>
            act;
        /// Something was written that it may look at now, rather than a little later.
        std::function<void()> changed;
        std::function<presence::Glance(std::string_view name)> glance_at;
        std::function<std::vector<records::MessageTrace::Seen>(std::string_view call_id)>
            messages_of;
        std::function<std::optional<sip::Notifier::Told>(sip::SubscriptionId id)> told;
    };
    ///@}
    static constexpr std::size_t watchers_max = 500;

    /// Opens the database, and binds the port; throws.
    WebService(const Configuration& configuration, WallTime wall_at_zero, Calls calls, Log& log);
    ~WebService(); ///< Waits for its thread.

    void start();
    void close();
    [[nodiscard]] std::uint16_t port() const { return listener_.port(); }
    /// From this machine.
    [[nodiscard]] SocketAddress address() const;
    /// The path of a link by which the first administrator chooses a password; empty: there is one.
    std::string first_link();

    /// \name From the thread of the calls
    ///@{
    /// Certificate and access log: their files may be others now.
    void reload();
    /// None: it is not in session any more.
    void show_room(std::string name, std::optional<web::RoomNow> room);
    void show_levels(std::string room, std::vector<std::pair<std::uint64_t, int>> levels);
    void show_quality(std::string room, std::vector<web::HeardNow> heard);
    /// Whether anybody would see levels. From any thread.
    [[nodiscard]] bool is_watched() const { return watched_; }
    void show_counters(std::map<std::string, std::int64_t> counters);
    ///@}

private:
    struct Watcher {
        std::shared_ptr<net::Connection> connection;
        webadmin::Who who;
    };

    template <class Work>
    void here(Work work); ///< On the thread of the web.
    void serve(const http::Request& request, net::WebListener::Reply reply);
    bool serve_own(const http::Request& request, const net::WebListener::Reply& reply);
    void upgrade(const http::Request& request, net::WebListener::Upgrade offer);
    void take_sip(const http::Request& request, net::WebListener::Upgrade offer);
    void take_watcher(const http::Request& request, const net::WebListener::Upgrade& offer);
    void tell_watchers();
    bool may_see(const webadmin::Who& who, const std::string& room);
    http::Response unavailable(const sql::Error& error);
    std::function<void(const http::Response&)> access_log_for(const http::Request& request);
    void forget_tickets();
    std::vector<std::string> explain(const std::string& dialled);

    Configuration configuration_;
    WallTime wall_at_zero_;
    Calls calls_;
    Log& log_;
    AccessLog access_log_;
    boost::asio::io_context io_{1};
    net::OsEntropy entropy_;
    web::Tables tables_;
    net::WebListener listener_;
    PasswordThread passwords_;
    webadmin::Access access_;
    web::WebBackend backend_;
    webadmin::Live live_;
    webadmin::Api api_;
    std::map<webadmin::WatcherId, Watcher> watchers_;
    std::uint64_t last_watcher_ = 0;
    std::atomic<bool> watched_ = false;
    boost::asio::steady_timer tickets_timer_;
    std::thread thread_; ///< Last: it uses all of the above.
};

} // namespace lyceum::app
