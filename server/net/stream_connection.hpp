// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/log.hpp"
#include "server/net/connection.hpp"
#include "sip/message/parser.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>

namespace lyceum::net {

/// One TCP or TLS connection of SIP. Cuts the stream into messages, answers keep-alive pings,
/// queues what is to be sent. Half a message must become whole, a handshake must end, and the send
/// queue must drain, each in its time; else the connection is closed.
class StreamConnection : public Connection {
public:
    static constexpr std::chrono::seconds connect_time_max{10};
    static constexpr std::chrono::seconds stall_time_max{32};
    static constexpr std::chrono::seconds idle_time_max{900};

    struct Target {
        boost::asio::ip::tcp::endpoint address;
        std::string name; ///< What its certificate has to be for; empty: whatever it shows.
    };
    /// A connection that came, or (with `to`) one to be made. TLS if `tls` is not null.
    static std::shared_ptr<Connection> make(boost::asio::ip::tcp::socket socket,
                                            std::shared_ptr<boost::asio::ssl::context> tls,
                                            const std::optional<Target>& to, Events events);
};

} // namespace lyceum::net
