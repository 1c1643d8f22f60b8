// SPDX-License-Identifier: Apache-2.0
#include "server/net/sip_transport.hpp"

#include "base/text.hpp"
#include "rtp/ice_lite.hpp"
#include "server/net/clock.hpp"
#include "server/net/listen.hpp"
#include "server/net/stream_connection.hpp"

#include <boost/asio/post.hpp>

#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

namespace lyceum::net {

using boost::asio::ip::tcp;

std::vector<IpAddress> own_addresses() {
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) != 0) return {};
    std::vector<IpAddress> out;
    for (const auto* each = all; each; each = each->ifa_next) {
        if (!each->ifa_addr || !(each->ifa_flags & IFF_UP)) continue;
        const auto family = each->ifa_addr->sa_family;
        if (family != AF_INET && family != AF_INET6) continue;
        sockaddr_storage name{};
        std::memcpy(&name, each->ifa_addr,
                    family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
        out.push_back(read_sockaddr(name).ip);
    }
    ::freeifaddrs(all);
    return out;
}

IpAddress source_toward(IpAddress peer) {
    if (peer.is_unspecified()) peer = *IpAddress::parse("192.0.2.1"); // RFC 5737: nobody's.
    // Connecting a datagram socket sends nothing, but makes the kernel choose the route.
    const int probe = ::socket(peer.is_v6() ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe < 0) return {};
    sockaddr_storage name{};
    socklen_t size = write_sockaddr({peer, 9}, false, name);
    IpAddress source;
    if (::connect(probe, reinterpret_cast<sockaddr*>(&name), size) == 0) {
        size = sizeof name;
        if (::getsockname(probe, reinterpret_cast<sockaddr*>(&name), &size) == 0)
            source = read_sockaddr(name).ip;
    }
    ::close(probe);
    return source;
}

SipTransport::SipTransport(boost::asio::io_context& io, Options options, Events events, Log& log)
    : io_(io), options_(std::move(options)), events_(std::move(events)), log_(log),
      last_flow_(options_.first_flow),
      udp_(
          io, {options_.bind, options_.port ? options_.port : free_port(io, options_.bind)},
          [this](std::string_view datagram, const SocketAddress& from) {
              const ByteView octets(reinterpret_cast<const std::uint8_t*>(datagram.data()),
                                    datagram.size());
              if (rtp::is_stun(octets)) {
                  if (const auto answer = rtp::answer_keep_alive(octets, from))
                      udp_.send(from, {answer->begin(), answer->end()});
                  return;
              }
              handle(std::string(datagram), sip::Framing::datagram,
                     {sip::Transport::udp, from, {}});
          },
          [this] { events_.batch_end(); }),
      tcp_(io, {options_.bind, udp_.port()}, "SIP over TCP"),
      tls_port_(io, {options_.bind, options_.tls_port}, "SIP over TLS"),
      tls_(load_tls(options_.certificate)) {}

void SipTransport::start() {
    udp_.start();
    tcp_.start([this](tcp::socket socket) { take(std::move(socket), sip::Transport::tcp); });
    tls_port_.start([this](tcp::socket socket) { take(std::move(socket), sip::Transport::tls); });
}

void SipTransport::close() {
    udp_.flush();
    udp_.close();
    tcp_.close();
    tls_port_.close();
    auto flows = std::move(flows_);
    flows_.clear();
    for (auto& [id, flow] : flows) flow.connection->close("shutting down");
}

void SipTransport::take(tcp::socket socket, sip::Transport transport) {
    boost::system::error_code error;
    const auto remote = socket.remote_endpoint(error);
    if (flows_.size() >= connections_max) ++count(transport).refused_connections;
    else if (!error)
        add({transport, address_of(remote), {}}, sip::Framing::stream,
            [&,
             tls = transport == sip::Transport::tls ? tls_ : nullptr](Connection::Events events) {
                return StreamConnection::make(std::move(socket), tls, {}, std::move(events));
            });
}

bool SipTransport::adopt(const sip::Endpoint& peer, const MakeConnection& make) {
    if (flows_.size() >= connections_max) {
        ++count(peer.transport).refused_connections;
        return false;
    }
    add(peer, sip::Framing::datagram, make); // A message to each WebSocket message.
    return true;
}

sip::FlowId SipTransport::connect(const sip::Endpoint& to, const std::string& name) {
    const auto tls = to.transport == sip::Transport::tls ? tls_ : nullptr;
    const auto make = [&](Connection::Events events) {
        return StreamConnection::make(tcp::socket(io_), tls,
                                      StreamConnection::Target{endpoint_of(to.address), name},
                                      std::move(events));
    };
    return add(to, sip::Framing::stream, make, name);
}

/// Whom a request to this address is for, by the URI that led there (RFC 3263 §4): a connection
/// that somebody else has proven to be good for is none for him.
std::string SipTransport::name_of_peer(const sip::Transmit& transmit) const {
    if (!options_.verifies_peers || transmit.to.transport != sip::Transport::tls) return {};
    const auto request = sip::parse_message(transmit.bytes);
    if (!request || !request->is_request()) return {};
    std::string hop(request->request_uri());
    if (const auto routes = request->values(sip::Header::route); !routes.empty())
        if (const auto route = sip::NameAddr::parse(routes.front())) hop = route->uri_text;
    const auto uri = sip::Uri::parse(hop);
    return uri && !sip::endpoint_of(hop) ? to_lower(uri->bare_host()) : std::string();
}

sip::FlowId SipTransport::add(const sip::Endpoint& to, sip::Framing framing,
                              const MakeConnection& make, const std::string& name) {
    const sip::FlowId id{++last_flow_};
    auto peer = to;
    peer.flow = id;
    Connection::Events events;
    events.message = [this, peer, framing](std::string bytes) {
        handle(std::move(bytes), framing, peer);
        events_.batch_end();
    };
    events.closed = [this, id, peer, name](std::string_view why) {
        log_.debug("flow.closed", {{"flow", id.value}, {"why", why}});
        if (!name.empty() && why.starts_with("TLS"))
            log_.warning("tls.peer-refused", {{"name", name}, {"why", why}});
        flows_.erase(id);
        const auto known = flows_to_.find({peer.transport, peer.address, name});
        if (known != flows_to_.end() && known->second == id) flows_to_.erase(known);
    };
    events.send_failed = [this, transport = peer.transport](sip::TransactionId transaction) {
        ++count(transport).send_failed;
        events_.send_failed(transaction);
        events_.batch_end();
    };
    flows_to_[{peer.transport, peer.address, name}] = id;
    auto& flow = flows_[id];
    flow.peer = peer;
    flow.connection = make(std::move(events));
    return id;
}

void SipTransport::handle(std::string bytes, sip::Framing framing, const sip::Endpoint& from) {
    // Four octets or less, or only line ends: a keep-alive of some kind (RFC 5626 §4.4).
    if (bytes.find_first_not_of("\r\n") == std::string::npos || bytes.size() <= 4) return;
    ++count(from.transport).received;
    auto message = sip::parse_message(std::move(bytes), framing);
    if (!message) {
        ++count(from.transport).unparsable;
        log_.warning("sip.unparsable", {{"why", message.error().what},
                                        {"offset", message.error().offset},
                                        {"from", Redacted{from.address.to_string()}}});
        const auto flow = flows_.find(from.flow);
        if (flow != flows_.end()) flow->second.connection->close(message.error().what);
        return;
    }
    events_.seen(true, from, message->bytes());
    events_.message(std::move(*message), from);
}

void SipTransport::send(sip::Transmit transmit) {
    const auto& to = transmit.to;
    ++count(to.transport).sent;
    events_.seen(false, to, transmit.bytes);
    if (to.transport == sip::Transport::udp)
        return udp_.send(to.address, std::move(transmit.bytes));
    auto flow = flows_.find(to.flow);
    const auto name = flow == flows_.end() ? name_of_peer(transmit) : std::string();
    if (flow == flows_.end()) {
        const auto known = flows_to_.find({to.transport, to.address, name});
        if (known != flows_to_.end()) flow = flows_.find(known->second);
    }
    if (flow == flows_.end() && is_web(to.transport)) {
        ++count(to.transport).send_failed;
        // Told later: the caller is in the middle of something.
        boost::asio::post(io_, [this, transaction = transmit.transaction] {
            if (transaction) events_.send_failed(transaction);
            events_.batch_end();
        });
        return;
    }
    if (flow == flows_.end()) flow = flows_.find(connect(to, name));
    if (flow != flows_.end()) {
        auto& connection = *flow->second.connection;
        connection.send(std::move(transmit.bytes), transmit.transaction);
    }
}

void SipTransport::reload_certificate() { tls_ = load_tls(options_.certificate); }

SocketAddress SipTransport::toward(const sip::Endpoint& peer) const {
    const auto port = is_web(peer.transport)                  ? options_.web_port
                      : peer.transport == sip::Transport::tls ? tls_port()
                                                              : udp_.port();
    if (!options_.bind.is_unspecified()) return {options_.bind, port};
    static constexpr std::size_t routes_max = 4096;
    const auto known = routes_.find(peer.address.ip);
    if (known != routes_.end()) return {known->second, port};
    if (routes_.size() >= routes_max) routes_.clear();
    return {routes_.emplace(peer.address.ip, source_toward(peer.address.ip)).first->second, port};
}

} // namespace lyceum::net
