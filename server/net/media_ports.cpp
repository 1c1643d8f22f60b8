// SPDX-License-Identifier: Apache-2.0
#include "server/net/media_ports.hpp"

#include "server/net/sip_transport.hpp"

#include <utility>

namespace lyceum::net {
namespace {

std::uint16_t first_of(const MediaPorts::Options& options) {
    return static_cast<std::uint16_t>(options.min + options.min % 2);
}

} // namespace

MediaPorts::MediaPorts(const Options& options) : options_(options), next_(first_of(options)) {}

std::optional<MediaPorts::Pair> MediaPorts::open(const IpAddress& peer) {
    const auto ip = options_.bind.is_unspecified() ? source_toward(peer) : options_.bind;
    const auto pairs = (options_.max - options_.min) / 2u;
    for (unsigned tries = 0; tries < pairs; ++tries) {
        const SocketAddress local{ip, next_};
        next_ = static_cast<std::uint16_t>(next_ + 2);
        if (next_ >= options_.max || next_ < options_.min) next_ = first_of(options_);
        auto rtp = MediaSocket::bind(local);
        if (!rtp) continue;
        auto rtcp = MediaSocket::bind({ip, static_cast<std::uint16_t>(local.port + 1)});
        if (rtcp) return Pair{local, std::move(*rtp), std::move(*rtcp)};
    }
    return std::nullopt;
}

} // namespace lyceum::net
