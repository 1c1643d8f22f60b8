// SPDX-License-Identifier: Apache-2.0
#include "rtp/relay.hpp"

#include "rtp/dtls.hpp"
#include "rtp/packet.hpp"

#include <algorithm>
#include <utility>

namespace lyceum::rtp {
namespace {

using Direction = SrtpContext::Direction;

/// A new key is a new context; under the same one, roll-over counters and replay lists go on.
void follow(std::optional<SrtpContext>& context, const std::optional<SrtpKey>& key,
            Direction direction) {
    if (!key) context.reset();
    else if (!context || context->key() != *key) context.emplace(*key, direction);
}

std::uint32_t source_of(ByteView packet) { return ByteReader(packet.subspan(8)).u32(); }

} // namespace

void Relay::update(Side side, Settings settings) {
    auto& end = ends_[side];
    const bool moved = settings.rtp != end.settings.rtp || settings.rtcp != end.settings.rtcp;
    const bool same_ice = settings.ice && settings.ice == end.settings.ice;
    const bool keeps_keys = settings.by_handshake && end.settings.by_handshake;
    end.settings = std::move(settings);
    if (!keeps_keys) {
        follow(end.inbound, end.settings.receive_key, Direction::inbound);
        follow(end.outbound, end.settings.send_key, Direction::outbound);
        end.sources.clear();
    }
    // With ICE, what SDP says tells little of where the peer is; without, it may have moved.
    if (!same_ice) end.chosen.reset();
    if (!end.agreed || (moved && !same_ice)) end.latch.aim(end.settings.rtp, end.settings.rtcp);
    end.agreed = true;
}

void Relay::set_keys(Side side, const SrtpKey& send, const SrtpKey& receive) {
    auto& end = ends_[side];
    end.outbound.emplace(send, Direction::outbound);
    end.inbound.emplace(receive, Direction::inbound);
    end.sources.clear();
}

bool Relay::has_lapsed(TimePoint now) const {
    return std::any_of(ends_.begin(), ends_.end(), [&](const End& end) {
        return end.settings.ice && end.last_heard && now - *end.last_heard >= consent_lasts;
    });
}

/// With ICE, whoever has shown that he knows our password, and nobody else.
bool Relay::End::admits(const SocketAddress& from, TimePoint now) const {
    if (settings.ice) return chosen && from.ip == chosen->ip;
    return latch.admits(from, settings.trusted, now);
}

std::optional<Relay::Output> Relay::handle_datagram(Side from, Port by, ByteView datagram,
                                                    const SocketAddress& source, TimePoint now) {
    auto& end = ends_[from];
    if (!end.agreed) return std::nullopt;
    if (end.settings.ice && is_stun(datagram)) return handle_check(from, by, datagram, source, now);
    const bool rtcp = by == Port::rtcp || is_rtcp(datagram);
    const bool is_own =
        rtcp && !end.settings.ice ? end.latch.admits_rtcp(source) : end.admits(source, now);
    if (!is_own) {
        ++end.counters.foreign;
        return std::nullopt;
    }
    if (end.settings.by_handshake && is_dtls(datagram)) return Handshake{from};
    if (!end.is_ready()) return std::nullopt;
    if (end.inbound) {
        const auto opened = open(end, datagram, rtcp);
        if (!opened) return std::nullopt;
        datagram = *opened;
    }
    end.last_heard = now;
    if (rtcp) end.latch.follow_rtcp(source);
    else end.latch.follow(source, end.settings.rtcp_mux, now);
    return pass(end, other(from), datagram, rtcp);
}

/// The first path that works is used until the peer nominates one.
std::optional<Relay::Output> Relay::handle_check(Side from, Port by, ByteView datagram,
                                                 const SocketAddress& source, TimePoint now) {
    auto& end = ends_[from];
    const auto& ice = *end.settings.ice;
    auto reply = IceLite(ice.local, ice.remote).handle_datagram(datagram, source);
    if (!reply) return std::nullopt;
    if (reply->authentic) {
        end.last_heard = now;
        if (by == Port::rtcp) {
            end.latch.follow_rtcp(source);
        } else if (!end.chosen || (reply->nominated && end.chosen != source)) {
            end.chosen = source;
            end.latch.aim(source, end.settings.rtcp_mux ? source : end.latch.rtcp());
        }
    }
    out_ = std::move(reply->datagram);
    return Send{from, by, source, out_};
}

std::optional<ByteView> Relay::open(End& end, ByteView datagram, bool rtcp) {
    const auto opened =
        rtcp ? end.inbound->unprotect_rtcp(datagram) : end.inbound->unprotect_rtp(datagram);
    if (opened) return *opened;
    using Refusal = SrtpContext::Refusal;
    if (opened.error() == Refusal::replayed) ++end.counters.replayed;
    else if (opened.error() == Refusal::authentication) ++end.counters.unauthentic;
    else ++end.counters.malformed;
    return std::nullopt;
}

std::optional<Relay::Output> Relay::pass(End& from, Side toward, ByteView datagram, bool rtcp) {
    auto& end = ends_[toward];
    if (!end.is_ready()) return std::nullopt;
    const auto port = rtcp && !end.settings.rtcp_mux ? Port::rtcp : Port::rtp;
    const auto& to = rtcp ? end.latch.rtcp() : end.latch.rtp();
    if (to.ip.is_unspecified() || to.port == 0) return std::nullopt;
    if (end.outbound) {
        const bool done = rtcp ? end.outbound->protect_foreign_rtcp(datagram, out_)
                               : parse_packet(datagram) && knows(end, datagram) &&
                                     end.outbound->protect_foreign_rtp(datagram, out_);
        if (!done) {
            ++from.counters.malformed;
            return std::nullopt;
        }
        datagram = out_;
    }
    ++from.counters.passed;
    return Send{toward, port, to, datagram};
}

/// Each source is a stream with counters of its own. Who names ever new ones gets no more.
bool Relay::knows(End& end, ByteView packet) {
    const auto source = source_of(packet);
    if (std::find(end.sources.begin(), end.sources.end(), source) != end.sources.end()) return true;
    if (end.sources.size() >= sources_max) return false;
    end.sources.push_back(source);
    return true;
}

} // namespace lyceum::rtp
