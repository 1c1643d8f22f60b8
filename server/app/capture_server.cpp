// SPDX-License-Identifier: Apache-2.0
#include "server/app/capture_server.hpp"

#include "server/net/listen.hpp"
#include "server/records/capture.hpp"
#include "sip/message/parser.hpp"

namespace lyceum::app {

using boost::asio::ip::udp;

CaptureServer::CaptureServer(boost::asio::io_context& io, const SocketAddress& to,
                             std::uint32_t agent)
    : socket_(io), agent_(agent) {
    socket_.open(to.ip.is_v6() ? udp::v6() : udp::v4());
    socket_.non_blocking(true);
    const auto remote = net::endpoint_of(to);
    socket_.connect({remote.address(), remote.port()});
}

void CaptureServer::send(const records::MessageTrace::Seen& message,
                         const records::MessageTrace& trace) {
    const auto parsed = sip::parse_message(std::string(message.text), sip::Framing::datagram);
    const auto call_id = parsed ? parsed->header(sip::Header::call_id).value_or("") : "";
    const auto packet =
        records::hep_of(records::captured(message), agent_, trace.origin_of(call_id));
    boost::system::error_code ignored;
    socket_.send(boost::asio::buffer(packet), 0, ignored);
}

std::optional<CaptureServer> capture_server(const Configuration& c, boost::asio::io_context& io) {
    if (c.hep_server.empty()) return std::nullopt;
    return std::optional<CaptureServer>(std::in_place, io, *SocketAddress::parse(c.hep_server),
                                        c.hep_agent);
}

} // namespace lyceum::app
