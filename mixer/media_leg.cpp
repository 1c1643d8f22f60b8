// SPDX-License-Identifier: Apache-2.0
#include "mixer/media_leg.hpp"

#include "base/assert.hpp"
#include "rtp/packet.hpp"
#include "rtp/rtcp.hpp"

#include <algorithm>
#include <utility>

namespace lyceum::mixer {
namespace {

constexpr Duration rtcp_interval = 5s; // RFC 3550 §6.2, the least for two participants.
} // namespace

MediaLeg::MediaLeg(LegSettings settings, Random& random, TimePoint now)
    : last_heard_(now), playout_(settings.sending.codec->clock_rate), ssrc_(random.u32()),
      sequence_(random.u16()), timestamp_base_(random.u32()),
      cname_(std::to_string(random.u32()) + "@lyceum"), next_rtcp_(now + rtcp_interval / 2),
      random_(&random) {
    update(std::move(settings));
}

void MediaLeg::update(LegSettings settings) {
    LYCEUM_ASSERT(settings.sending.codec && !settings.receiving.empty());
    const bool moved = settings.remote_rtp != settings_.remote_rtp;
    settings_ = std::move(settings);
    playout_.update(settings_.receiving, settings_.sending.codec->clock_rate);
    rekey();
    if (!moved) return;
    latch_.aim(settings_.remote_rtp, settings_.remote_rtcp);
}

/// A new key is a new context; under the same one, roll-over counters and replay lists go on.
void MediaLeg::rekey() {
    using Direction = rtp::SrtpContext::Direction;
    const auto follow = [](auto& context, const auto& key, Direction direction) {
        if (!key) context.reset();
        else if (!context || context->key() != *key) context.emplace(*key, direction);
    };
    follow(inbound_, settings_.receive_key, Direction::inbound);
    follow(outbound_, settings_.send_key, Direction::outbound);
}

std::optional<char> MediaLeg::handle_datagram(ByteView datagram, const SocketAddress& from,
                                              TimePoint now) {
    if (rtp::is_rtcp(datagram)) {
        handle_rtcp(datagram, from, now);
        return std::nullopt;
    }
    if (datagram.size() < rtp::header_bytes) {
        ++counters_.malformed;
        return std::nullopt;
    }
    if (inbound_) {
        if (!is_admissible(from, now)) {
            ++counters_.foreign;
            return std::nullopt;
        }
        if (!settings_.receive && may_skip(datagram)) {
            last_heard_ = now;
            ++counters_.held;
            return std::nullopt;
        }
        const auto opened = open(datagram, false);
        if (!opened) return std::nullopt;
        datagram = *opened;
    }
    const auto packet = rtp::parse_packet(datagram);
    if (!packet) {
        ++counters_.malformed;
        return std::nullopt;
    }
    return handle_packet(*packet, from, now);
}

/// Decrypting what nobody will hear is a waste, but the roll-over counter must see one packet in
/// 2^15 to follow (RFC 3711 §3.3.1).
bool MediaLeg::may_skip(ByteView datagram) const {
    static constexpr unsigned look_every = 1 << 13;
    const auto sequence = static_cast<std::uint16_t>(datagram[2] << 8 | datagram[3]);
    return reception_ && static_cast<std::uint16_t>(sequence - last_opened_) < look_every;
}

std::optional<ByteView> MediaLeg::open(ByteView datagram, bool rtcp) {
    const auto opened =
        rtcp ? inbound_->unprotect_rtcp(datagram) : inbound_->unprotect_rtp(datagram);
    if (opened) {
        if (!rtcp) last_opened_ = static_cast<std::uint16_t>(datagram[2] << 8 | datagram[3]);
        return *opened;
    }
    using Refusal = rtp::SrtpContext::Refusal;
    if (opened.error() == Refusal::replayed) ++counters_.replayed;
    else if (opened.error() == Refusal::authentication) ++counters_.unauthentic;
    else ++counters_.malformed;
    return std::nullopt;
}

std::optional<char> MediaLeg::handle_packet(const rtp::PacketView& packet,
                                            const SocketAddress& from, TimePoint now) {
    const auto& header = packet.header;
    const bool event = settings_.telephone_event == header.payload_type;
    const bool noise = settings_.comfort_noise == header.payload_type;
    const bool redundant = settings_.redundancy == header.payload_type;
    const auto* format = playout_.format_of(header.payload_type);
    if (!event && !noise && !format && !redundant) {
        ++counters_.unknown_type;
        return std::nullopt;
    }
    if (!is_admissible(from, now)) {
        ++counters_.foreign;
        return std::nullopt;
    }
    latch_.follow(from, settings_.rtcp_mux, now);
    last_heard_ = now;
    ++counters_.packets_received;
    if (!reception_ || reception_->ssrc() != header.ssrc) {
        reception_.emplace(header.ssrc);
        playout_.restart();
    }
    const auto clock = format ? format->codec->clock_rate : settings_.sending.codec->clock_rate;
    const auto sequence = reception_->handle(header, clock, now);
    if (!settings_.receive) {
        ++counters_.held;
        return std::nullopt;
    }
    if (event) {
        const auto parsed = rtp::parse_telephone_event(packet.payload);
        return parsed ? digits_.handle(header.timestamp, *parsed) : std::nullopt;
    }
    // Comfort noise (RFC 3389) says that the talk-spurt is over; a mix of many needs no noise made
    // up.
    const auto level =
        settings_.own_level ? rtp::client_level(packet, *settings_.own_level) : std::nullopt;
    if (format) playout_.handle_packet(sequence, packet, now, level.value_or(0));
    if (redundant && !playout_.handle_redundant(sequence, packet, now)) ++counters_.malformed;
    return std::nullopt;
}

bool MediaLeg::is_admissible(const SocketAddress& from, TimePoint now) const {
    return latch_.admits(from, settings_.trusted_sources, now);
}

void MediaLeg::handle_rtcp(ByteView datagram, const SocketAddress& from, TimePoint now) {
    if (!latch_.admits_rtcp(from)) {
        ++counters_.foreign;
        return;
    }
    if (inbound_) {
        const auto opened = open(datagram, true);
        if (!opened) return;
        datagram = *opened;
    }
    const auto rtcp = rtp::parse_rtcp(datagram);
    if (!rtcp) {
        ++counters_.malformed;
        return;
    }
    last_heard_ = now;
    latch_.follow_rtcp(from);
    for (const auto& report : rtcp->reports)
        if (report.ssrc == ssrc_) handle_report(report, now);
    if (rtcp->voip && rtcp->voip->ssrc == ssrc_) heard_by_peer_ = rtcp->voip;
    if (rtcp->sender && reception_ && reception_->ssrc() == rtcp->ssrc)
        reception_->handle_sender_report(*rtcp->sender, now);
}

/// A bad report counts at once, the way back takes several good ones: changing is heard, too.
void MediaLeg::handle_report(const rtp::ReportBlock& report, TimePoint now) {
    static constexpr float lossy_above = 0.03f, good_below = 0.01f;
    static constexpr float narrow_above = 0.2f, wide_below = 0.1f;
    const float lost = static_cast<float>(report.fraction_lost) / 256;
    loss_ = std::max(lost, (loss_ + lost) / 2);
    if (const auto time = rtp::round_trip(report, rtp::ntp_later(report_ntp_, now - report_at_)))
        round_trip_ = time;
    breaker_.handle_report(report, round_trip_, packets_sent_,
                           octets_sent_ + std::uint64_t{packets_sent_} * rtp::header_bytes, now);
    if (loss_ > (path_ == Path::narrow ? wide_below : narrow_above)) path_ = Path::narrow;
    else if (loss_ > (path_ == Path::good ? lossy_above : good_below)) path_ = Path::lossy;
    else path_ = Path::good;
}

void MediaLeg::note_level(int level_db) {
    level_sum_ += level_db;
    ++level_count_;
}

rtp::Quality MediaLeg::quality() const {
    rtp::Quality out;
    playout_.describe(out, round_trip_.value_or(Duration{}));
    out.jitter = jitter();
    out.round_trip = round_trip_;
    if (level_count_ > 0) out.level_db = static_cast<int>(level_sum_ / level_count_);
    return out;
}

Duration MediaLeg::jitter() const {
    if (!reception_) return {};
    return Duration(static_cast<std::int64_t>(reception_->jitter() * 1'000'000 /
                                              settings_.sending.codec->clock_rate));
}

rtp::StreamReport MediaLeg::report() const {
    rtp::StreamReport out;
    out.announced = settings_.remote_rtp;
    if (latch_.is_latched()) out.source = latch_.rtp();
    out.codec = settings_.sending.codec->name;
    out.encrypted = is_encrypted();
    out.packets = counters_.packets_received;
    out.lost = static_cast<std::uint64_t>(std::max<std::int64_t>(0, packets_lost()));
    out.jitter = jitter();
    return out;
}

LegCounters MediaLeg::counters() const {
    auto out = counters_;
    static_cast<PlayoutCounters&>(out) = playout_.counters();
    return out;
}

rtp::Header MediaLeg::next_header(std::uint64_t position, std::size_t payload_bytes,
                                  bool redundant) {
    const auto clock = settings_.sending.codec->clock_rate;
    rtp::Header header;
    header.payload_type = redundant ? *settings_.redundancy : settings_.sending.payload_type;
    header.marker = std::exchange(marker_, false);
    header.sequence = sequence_++;
    header.timestamp = timestamp_base_ + static_cast<std::uint32_t>(position * clock / sample_rate);
    header.ssrc = ssrc_;
    last_timestamp_ = header.timestamp;
    ++packets_sent_;
    ++counters_.packets_sent;
    octets_sent_ += static_cast<std::uint32_t>(payload_bytes);
    return header;
}

/// The packet that is being filled goes on where it is filled from now on.
void MediaLeg::rebase(std::uint64_t from, std::uint64_t to, Random& random) {
    random_ = &random;
    const auto packet = samples_in(settings_.ptime);
    const auto stamp = [&](std::uint64_t position) {
        return static_cast<std::uint32_t>(position / packet * packet *
                                          settings_.sending.codec->clock_rate / sample_rate);
    };
    timestamp_base_ += stamp(from) - stamp(to);
}

std::optional<Bytes> MediaLeg::rtcp(TimePoint now, std::uint64_t ntp, bool bye) {
    if (!bye && now < next_rtcp_) return std::nullopt;
    // Half to one and a half of the interval, so that participants do not fall into step (§6.3.1).
    next_rtcp_ = now + rtcp_interval / 2 +
                 Duration(static_cast<std::int64_t>(random_->below(rtcp_interval.count())));
    report_ntp_ = ntp;
    report_at_ = now;
    rtp::Rtcp out;
    out.ssrc = ssrc_;
    out.cname = cname_;
    if (packets_sent_ != packets_reported_) {
        out.sender = {ntp, last_timestamp_, packets_sent_, octets_sent_};
        packets_reported_ = packets_sent_;
    }
    if (reception_ && reception_->received() > 0) out.reports.push_back(reception_->report(now));
    if (settings_.voip_metrics && reception_)
        out.voip = rtp::voip_metrics(reception_->ssrc(), quality());
    if (bye) out.bye.push_back(ssrc_);
    auto packet = rtp::write_rtcp(out);
    if (!outbound_) return packet;
    Bytes sealed;
    outbound_->protect_rtcp(packet, sealed);
    return sealed;
}

} // namespace lyceum::mixer
