// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/log.hpp"
#include "server/net/certificate.hpp"
#include "server/net/connection.hpp"
#include "server/net/listen.hpp"
#include "server/net/udp_socket.hpp"
#include "sip/message/parser.hpp"
#include "sip/transaction/endpoint.hpp"
#include "sip/transaction/transaction_layer.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <tuple>
#include <unordered_map>

namespace lyceum::net {

/// SIP's sockets: UDP, TCP and TLS on the signalling thread (RFC 3261 §18), and the WebSockets that
/// the web server has accepted (RFC 7118). Parses what comes, sends what the core asks for, on the
/// flow it names, an open connection to the same address, or a new one. Decides nothing.
class SipTransport final : public sip::LocalAddresses {
public:
    static constexpr std::size_t connections_max = 15'000;

    struct Options {
        IpAddress bind;
        std::uint16_t port = 5060, tls_port = 5061;
        CertificateFiles certificate;
        /// Where flows are counted from: another place at each start, since a Route of an earlier
        /// one must not name a connection of today.
        std::uint64_t first_flow = 0;
        std::uint16_t web_port = 0; ///< Where WebSockets come to: what we say of ourselves to them.
        /// Who is reached by a name has to show a certificate for it; an address has none to show.
        bool verifies_peers = true;
    };
    struct Events {
        std::function<void(sip::Message, const sip::Endpoint&)> message;
        std::function<void(sip::TransactionId)> send_failed;
        /// What has crossed the wire and is SIP, as it is.
        std::function<void(bool received, const sip::Endpoint& peer, std::string_view bytes)> seen;
        std::function<void()> batch_end; ///< After the last of the messages that came together.
    };
    struct Counters {
        std::uint64_t received = 0, sent = 0, unparsable = 0, send_failed = 0,
                      refused_connections = 0;
    };

    /// Opens and binds everything; throws std::runtime_error, naming the port.
    SipTransport(boost::asio::io_context& io, Options options, Events events, Log& log);

    void start();
    void close();
    void send(sip::Transmit transmit);
    void flush() { udp_.flush(); }
    /// How full the queue of datagrams is that wait to be read, 0 to 1.
    [[nodiscard]] double backlog() { return udp_.backlog(); }
    /// Makes a connection that tells what happens to it.
    using MakeConnection = std::function<std::shared_ptr<Connection>(Connection::Events)>;
    /// Takes a connection in that another has accepted; false: there are too many.
    bool adopt(const sip::Endpoint& peer, const MakeConnection& make);
    /// Takes the certificate files as they are now, for connections from now on.
    void reload_certificate();

    [[nodiscard]] SocketAddress toward(const sip::Endpoint& peer) const override;
    [[nodiscard]] std::uint16_t port() const { return udp_.port(); }
    [[nodiscard]] std::uint16_t tls_port() const { return tls_port_.port(); }
    [[nodiscard]] const Counters& counters(sip::Transport transport) const {
        return counters_[static_cast<std::size_t>(transport)];
    }
    [[nodiscard]] std::size_t connection_count() const { return flows_.size(); }

private:
    struct Flow {
        std::shared_ptr<Connection> connection;
        sip::Endpoint peer;
    };

    void take(boost::asio::ip::tcp::socket socket, sip::Transport transport);
    sip::FlowId add(const sip::Endpoint& peer, sip::Framing framing, const MakeConnection& make,
                    const std::string& name = {});
    sip::FlowId connect(const sip::Endpoint& to, const std::string& name);
    [[nodiscard]] std::string name_of_peer(const sip::Transmit& transmit) const;
    Counters& count(sip::Transport transport) {
        return counters_[static_cast<std::size_t>(transport)];
    }
    void handle(std::string bytes, sip::Framing framing, const sip::Endpoint& from);

    boost::asio::io_context& io_;
    Options options_;
    Events events_;
    Log& log_;
    std::uint64_t last_flow_;
    UdpSocket udp_;
    Listener tcp_, tls_port_;
    std::shared_ptr<boost::asio::ssl::context> tls_;
    std::unordered_map<sip::FlowId, Flow> flows_;
    /// With the name that the peer has shown to have; empty: it was not asked.
    std::map<std::tuple<sip::Transport, SocketAddress, std::string>, sip::FlowId> flows_to_;
    mutable std::map<IpAddress, IpAddress> routes_; ///< Which address of ours leads there.
    std::array<Counters, static_cast<std::size_t>(sip::Transport::inside) + 1> counters_{};
};

/// The address of ours that the routing table chooses toward a peer; toward nobody in particular,
/// the one that most of the world sees.
IpAddress source_toward(IpAddress peer);
/// Those of this machine's interfaces that are up.
std::vector<IpAddress> own_addresses();

} // namespace lyceum::net
