// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/focus/focus.hpp"
#include "server/net/resolver.hpp"
#include "server/net/sip_transport.hpp"
#include "server/proxy/proxy.hpp"
#include "server/registrar/registrar.hpp"
#include "sip/dialog/user_agent.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>

namespace lyceum::net {

/// Joins the SIP cores to their sockets on the signalling thread: every turn takes one input,
/// drains the user agent into the transport, the focus, the registrar and the proxy until nothing
/// is left, and sets the one timer.
class SipDriver {
public:
    /// What the registrar wants kept; `handle_saved` says that it is.
    using Save = std::function<void(registrar::Registrar::Save)>;
    /// What the guard wants kept.
    using Keep = std::function<void(const protection::Guard::Output&)>;

    SipDriver(boost::asio::io_context& io, sip::UserAgent& agent, focus::Focus& focus,
              registrar::Registrar& registrar, proxy::Proxy& proxy, protection::Guard& guard,
              SipTransport& transport, Resolver& resolver, Save save, Keep keep);

    void handle_message(sip::Message message, const sip::Endpoint& from);
    void handle_send_failed(sip::TransactionId transaction);
    void handle_saved(const std::vector<registrar::SaveId>& ids, bool done);
    /// After any command to the cores, and after a batch of messages.
    void turn();

private:
    void drain(TimePoint now);
    void drain_registrar(TimePoint now);
    void drain_proxy();
    /// Asks the DNS, and tells the core that wanted to know.
    template <class Core>
    void locate(Core& core, sip::Locate wanted);
    void arm();

    boost::asio::io_context& io_;
    sip::UserAgent& agent_;
    focus::Focus& focus_;
    registrar::Registrar& registrar_;
    proxy::Proxy& proxy_;
    protection::Guard& guard_;
    SipTransport& transport_;
    Resolver& resolver_;
    Save save_;
    Keep keep_;
    boost::asio::steady_timer timer_;
    std::optional<TimePoint> armed_;
};

} // namespace lyceum::net
