// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/http.hpp"
#include "server/net/certificate.hpp"
#include "server/net/connection.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace lyceum::net {

/// The web port: HTTPS, and plain HTTP from this machine only. Requests are shown to the owner, one
/// after the other on a connection; what is nothing to him is not found. Who asks for a WebSocket
/// (RFC 6455) gets one if the owner takes it: messages in, messages out, as by any Connection.
///
/// Whoever connects has his time to say what he wants, and his request its limit; when there are
/// too many, who has been silent for longest goes. A WebSocket is pinged when it is silent, and
/// closed when it does not answer or does not read.
class WebListener {
public:
    static constexpr std::chrono::seconds request_time_max{10};
    static constexpr std::chrono::seconds idle_time_max{60}; ///< Until the next request.
    static constexpr std::size_t visits_max = 1000;          ///< Connections that are no WebSocket.
    static constexpr std::size_t header_bytes_max = 8192;
    static constexpr std::size_t message_bytes_max = 65'536;
    static constexpr std::size_t body_bytes_max = 256 * 1024;

    struct Options {
        IpAddress bind;
        std::uint16_t port = 8443;
        CertificateFiles certificate;
    };
    /// To be called once, on the thread of the listener; later is well.
    using Reply = std::function<void(http::Response)>;
    using Serve = std::function<void(const http::Request& request, Reply reply)>;

    /// Somebody asks for a WebSocket. One of these is to be called, once, on the thread of the
    /// listener; later is well.
    struct Upgrade {
        /// With this subprotocol; empty: none.
        std::function<std::shared_ptr<Connection>(Connection::Events, std::string_view protocol)>
            accept;
        Reply refuse;
        bool offers(std::string_view protocol) const;

        std::string protocols{}; ///< As they were offered.
    };
    using Adopt = std::function<void(const http::Request& request, Upgrade upgrade)>;

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
