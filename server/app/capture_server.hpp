// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/configuration.hpp"
#include "server/records/message_trace.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include <cstdint>
#include <optional>

namespace lyceum::app {

/// Where copies of all SIP messages go, by HEP over UDP: Homer, or its like. What is lost on the
/// way is lost, and nothing here waits for it.
class CaptureServer {
public:
    CaptureServer(boost::asio::io_context& io, const SocketAddress& to, std::uint32_t agent);

    /// `trace` knows which calls are one.
    void send(const records::MessageTrace::Seen& message, const records::MessageTrace& trace);

private:
    boost::asio::ip::udp::socket socket_;
    std::uint32_t agent_;
};

/// As it is configured; none: nowhere.
std::optional<CaptureServer> capture_server(const Configuration& c, boost::asio::io_context& io);

} // namespace lyceum::app
