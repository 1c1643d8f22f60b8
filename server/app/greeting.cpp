// SPDX-License-Identifier: Apache-2.0
#include "server/app/greeting.hpp"

#include "server/app/xcap_service.hpp"
#include "server/net/sip_transport.hpp"

#include <filesystem>
#include <ostream>

namespace lyceum::app {
namespace {

/// The address that a phone in the same network would dial.
std::string dialled_host(const Configuration& configuration) {
    if (configuration.bind != "0.0.0.0" && configuration.bind != "::")
        return IpAddress::parse(configuration.bind)->to_host();
    if (!configuration.domain.empty()) return configuration.domain;
    const auto outward = net::source_toward({});
    return outward.is_unspecified() ? "127.0.0.1" : outward.to_host();
}

} // namespace

void greet(std::ostream& out, const Configuration& configuration, const Doors& doors) {
    const auto host = dialled_host(configuration);
    const auto port = [](std::uint16_t number, std::uint16_t standard) {
        return number == standard ? std::string() : ":" + std::to_string(number);
    };
    const auto udp = host + port(doors.sip, 5060);
    out << "Lyceum is ready.\n"
        << "  dial     sip:demo@" << udp << "   (UDP or TCP)\n"
        << "           sips:demo@" << host << port(doors.sips, 5061) << "  (TLS)\n"
        << "  echo     sip:echo@" << udp << "\n"
        << "  browser  wss://" << host << ":" << doors.web << "/sip  (SIP over WebSocket)\n"
        << "  lists    https://" << host << ":" << doors.web << XcapService::root
        << "  (XCAP: buddies, and who may see what)\n"
        << "  page     https://" << host << ":" << doors.web
        << (doors.first_link.empty() ? "/" : doors.first_link) << "\n";
    if (!doors.first_link.empty())
        out << "           (once, within a day: nobody has chosen the password of admin yet)\n";
    out << "  data     " << std::filesystem::absolute(configuration.data).string() << "\n"
        << std::flush;
}

} // namespace lyceum::app
