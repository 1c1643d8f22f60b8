// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/net/certificate.hpp"
#include "server/net/sip_transport.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace lyceum::net {

/// What somebody asks for by HTTP, and what he gets.
struct WebRequest {
    std::string method, target;
    std::string type, body, authorization, if_match, if_none_match; ///< Empty: not there.
    SocketAddress peer;
};
struct WebResponse {
    int status = 200;
    std::string type{}, body{};
    std::vector<std::pair<std::string, std::string>> headers{};
};
/// To be called once, on the thread of the listener; later is well.
using WebReply = std::function<void(WebResponse)>;

/// The web port: HTTPS, and plain HTTP from this machine only. A WebSocket that asks for `/sip`
/// with the subprotocol `sip` becomes a connection of SIP (RFC 7118); other requests are shown to
/// the owner, one to each connection, and what is nothing to him is not found.
///
/// Whoever connects has his time to say what he wants, and his request its limit; a WebSocket is
/// pinged when it is silent, and closed when it does not answer or does not read.
class WebListener {
public:
    static constexpr std::chrono::seconds request_time_max{10};
    static constexpr std::size_t visits_max = 1000; ///< Of whom we do not know yet what they want.
    static constexpr std::size_t header_bytes_max = 8192;
    static constexpr std::size_t message_bytes_max = 65'536;
    static constexpr std::size_t body_bytes_max = 256 * 1024;

    struct Options {
        IpAddress bind;
        std::uint16_t port = 8443;
        CertificateFiles certificate;
    };
    /// Takes a SIP connection in; false: there are too many.
    using Adopt =
        std::function<bool(const sip::Endpoint& peer, const SipTransport::MakeConnection& make)>;

    /// False: there is nothing of that name.
    using Serve = std::function<bool(const WebRequest& request, WebReply reply)>;

    /// Opens and binds; throws std::runtime_error, naming the port.
    WebListener(boost::asio::io_context& io, Options options);
    ~WebListener();

    void start(Adopt adopt, Serve serve);
    void close();
    void reload_certificate();
    [[nodiscard]] std::uint16_t port() const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace lyceum::net
