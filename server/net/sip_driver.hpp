// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "presence/mailbox.hpp"
#include "server/b2bua/b2bua.hpp"
#include "server/events/presence_agent.hpp"
#include "server/focus/focus.hpp"
#include "server/messages/exploder.hpp"
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
/// drains the user agent into the transport and the other cores until nothing is left, and sets the
/// one timer.
class SipDriver {
public:
    struct Cores {
        sip::UserAgent& agent;
        focus::Focus& focus;
        registrar::Registrar& registrar;
        proxy::Proxy& proxy;
        trunk::Trunks& trunks;
        b2bua::B2bua& b2bua;
        events::PresenceAgent& presence;
        presence::Mailbox& mailbox;
        messages::Exploder& exploder;
        protection::Guard& guard;
        records::CallRecords& records;
    };
    /// What goes to disk.
    struct Keeper {
        /// For these three, the core is told by `handle_saved` that it is there.
        std::function<void(registrar::Registrar::Save)> keep_registration;
        std::function<void(events::PresenceAgent::Output)> keep_presence;
        std::function<void(presence::Mailbox::Output)> keep_mail;
        std::function<void(const protection::Guard::Output&)> keep_ban;
        std::function<void(const trunk::Trunks::Changed&)> keep_state;
        std::function<void(records::CallRecord)> keep_record;
        std::function<void(focus::Focus::Noted)> keep_action;
        std::function<void(focus::Focus::Speak)> speak;      ///< Not to disk: to a voice.
        std::function<void(const std::string& room)> show;   ///< To those who watch it.
        std::function<void(b2bua::B2bua::Output)> keep_call; ///< Or what it is called now.
        std::function<void()> turned; ///< What is asked from now on belongs to the next turn.
    };

    /// Numbers are looked for below the suffixes, one after the other.
    SipDriver(boost::asio::io_context& io, Cores cores, SipTransport& transport, Resolver& resolver,
              std::vector<std::string> enum_suffixes, Keeper keeper);

    void handle_message(sip::Message message, const sip::Endpoint& from);
    void handle_send_failed(sip::TransactionId transaction);
    /// After any command to the cores, and after a batch of messages.
    void turn();

private:
    void drain(TimePoint now);
    bool drain_agent(TimePoint now);
    void drain_mailbox();
    void drain_registrar(TimePoint now);
    void drain_proxy();
    void drain_trunks();
    void drain_presence();
    void drain_focus(TimePoint now);
    void hand_on(sip::UserAgent::Output& shown, TimePoint now);
    /// Asks the DNS, and tells the core that wanted to know.
    template <class Core>
    void locate(Core& core, sip::Locate wanted);
    void arm();
    void handle_timeout();

    boost::asio::io_context& io_;
    Cores cores_;
    SipTransport& transport_;
    Resolver& resolver_;
    std::vector<std::string> enum_suffixes_;
    Keeper keeper_;
    boost::asio::steady_timer timer_;
    std::optional<TimePoint> armed_;
    bool posted_ = false; ///< Something is due, and has its turn soon.
};

} // namespace lyceum::net
