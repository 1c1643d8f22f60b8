// SPDX-License-Identifier: Apache-2.0
#include "mixer/media_leg.hpp"

#include "base/assert.hpp"
#include "mixer/time_scale.hpp"
#include "rtp/packet.hpp"
#include "rtp/redundancy.hpp"
#include "rtp/rtcp.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace lyceum::mixer {
namespace {

constexpr Duration rtcp_interval = 5s; // RFC 3550 §6.2, the least for two participants.
constexpr int quiet_peak = 200;        // −44 dBFS: cutting here is not heard.
constexpr Duration short_of{};         // With less to spare, packets come too late.
constexpr std::size_t sound_samples_max = 4 * tick_samples;

bool is_quiet(SampleView sound) {
    return std::all_of(sound.begin(), sound.end(),
                       [](Sample sample) { return std::abs(int{sample}) < quiet_peak; });
}

Duration duration_of(std::size_t samples) {
    return Duration(static_cast<std::int64_t>(samples) * 1'000'000 / sample_rate);
}

} // namespace

MediaLeg::MediaLeg(LegSettings settings, Random& random, TimePoint now)
    : last_heard_(now), jitter_({.clock_rate = settings.sending.codec->clock_rate}),
      ssrc_(random.u32()), sequence_(random.u16()), timestamp_base_(random.u32()),
      cname_(std::to_string(random.u32()) + "@lyceum"), next_rtcp_(now + rtcp_interval / 2),
      random_(random) {
    update(std::move(settings));
}

void MediaLeg::update(LegSettings settings) {
    LYCEUM_ASSERT(settings.sending.codec && !settings.receiving.empty());
    const bool moved = settings.remote_rtp != settings_.remote_rtp;
    const auto* codec = settings_.sending.codec;
    if (codec && codec->clock_rate != settings.sending.codec->clock_rate)
        jitter_ = rtp::JitterBuffer({.clock_rate = settings.sending.codec->clock_rate});
    settings_ = std::move(settings);
    rekey();
    if (!moved) return;
    rtp_target_ = settings_.remote_rtp;
    rtcp_target_ = settings_.remote_rtcp;
    latched_ = false;
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
    const auto* format = format_of(header.payload_type);
    if (!event && !noise && !format && !redundant) {
        ++counters_.unknown_type;
        return std::nullopt;
    }
    if (!is_admissible(from, now)) {
        ++counters_.foreign;
        return std::nullopt;
    }
    latch(from, now);
    last_heard_ = now;
    ++counters_.packets_received;
    if (!reception_ || reception_->ssrc() != header.ssrc) {
        // Another source takes the place of the last one, with numbers and a clock of its own.
        reception_.emplace(header.ssrc);
        jitter_.clear();
        decoder_.reset();
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
    if (format && !packet.payload.empty()) {
        jitter_.insert(sequence, header, packet.payload, now);
        if (format->codec->repeats_previous(packet.payload)) {
            const auto age = packet_length_.count() * clock / 1'000'000;
            jitter_.handle_repair(sequence - 1, header.timestamp - static_cast<std::uint32_t>(age),
                                  now);
        }
    }
    if (redundant) handle_redundant(packet, sequence, now);
    return std::nullopt;
}

/// RFC 2198. The blocks before the last are earlier packets; which, their age says.
void MediaLeg::handle_redundant(const rtp::PacketView& packet, std::uint64_t sequence,
                                TimePoint now) {
    const auto redundant = rtp::parse_redundant(packet.payload);
    if (!redundant) {
        ++counters_.malformed;
        return;
    }
    const auto packet_age = std::max<std::int64_t>(
        1, packet_length_.count() * settings_.sending.codec->clock_rate / 1'000'000);
    auto header = packet.header;
    for (std::size_t i = 0; i < redundant->count; ++i) {
        const auto& block = redundant->blocks[i];
        if (block.payload.empty() || !format_of(block.payload_type)) continue;
        header.payload_type = block.payload_type;
        header.timestamp = packet.header.timestamp - block.age;
        if (&block == &redundant->own()) {
            jitter_.insert(sequence, header, block.payload, now);
            continue;
        }
        const auto back = static_cast<std::uint64_t>((block.age + packet_age / 2) / packet_age);
        if (back > 0) jitter_.recover(sequence - back, header, block.payload, now);
    }
}

/// Symmetric RTP (RFC 4961) with latching (RFC 7362): answers go where the peer's packets come
/// from. The first source within what the signalling vouches for is kept until it falls silent.
bool MediaLeg::is_admissible(const SocketAddress& from, TimePoint now) const {
    if (latched_ && from == rtp_target_) return true;
    const bool trusted =
        from.ip == settings_.remote_rtp.ip || settings_.remote_rtp.ip.is_unspecified() ||
        std::find(settings_.trusted_sources.begin(), settings_.trusted_sources.end(), from.ip) !=
            settings_.trusted_sources.end();
    return trusted && (!latched_ || now - last_packet_ >= relatch_after);
}

void MediaLeg::latch(const SocketAddress& from, TimePoint now) {
    last_packet_ = now;
    if (latched_ && from == rtp_target_) return;
    latched_ = true;
    rtp_target_ = from;
    if (settings_.rtcp_mux) rtcp_target_ = from;
}

const LegFormat* MediaLeg::format_of(std::uint8_t payload_type) const {
    for (const auto& format : settings_.receiving)
        if (format.payload_type == payload_type) return &format;
    return nullptr;
}

void MediaLeg::handle_rtcp(ByteView datagram, const SocketAddress& from, TimePoint now) {
    if (from.ip != rtp_target_.ip) {
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
    rtcp_target_ = from;
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

bool MediaLeg::pull(Frame& frame, bool speaking, TimePoint now) {
    speaking_ = speaking;
    steer(now);
    if (stretched_ > 0) {
        --stretched_; // One tick more of silence, where there is silence.
        return false;
    }
    const auto fill = [&] {
        while (sound_.size() + silence_ < tick_samples)
            if (!pull_turn(now)) break;
    };
    fill();
    scale();
    fill();
    const auto count = std::min(sound_.size(), tick_samples);
    silence_ -= std::min(silence_, tick_samples - count);
    if (count == 0) return false;
    const auto end = sound_.begin() + static_cast<std::ptrdiff_t>(count);
    std::fill(std::copy(sound_.begin(), end, frame.begin()), frame.end(), Sample{0});
    sound_.erase(sound_.begin(), end);
    return true;
}

/// Brings the delay back to its target where nobody hears it: in silence.
void MediaLeg::steer(TimePoint now) {
    static constexpr Duration tolerated = 15ms, too_much = 80ms;
    if (quiet_ && leftover_is_idle()) {
        const auto idle = (sound_.size() + silence_) % tick_samples;
        const auto unsaid = std::min(silence_, idle);
        silence_ -= unsaid;
        sound_.resize(sound_.size() - (idle - unsaid));
    }
    const auto decoded = sound_.size() + silence_;
    leftover_ = duration_of(decoded % tick_samples);
    spare_ = jitter_.surplus(now) + duration_of(decoded) - leftover_;
    if (spare_ < short_of && quiet_ && jitter_.size() <= 1) stretched_ = 1;
    const bool audible = !quiet_ && spare_ < too_much;
    if (spare_ < std::max(tolerated, packet_length_) || audible) return;
    if (jitter_.size() <= 1 || silence_ > 0) return;
    const auto kept = sound_.size();
    if (pull_turn(now) && (quiet_ || spare_ > too_much)) {
        sound_.resize(std::min(kept, sound_.size()));
        silence_ = 0;
    }
}

/// What is left over of a tick waits and makes nothing safer, unless packets that are no whole
/// number of ticks long leave it behind each time.
bool MediaLeg::leftover_is_idle() const { return packet_length_ % tick_length == Duration{}; }

/// Brings the delay to its target in the middle of speech, a period of the voice at a time and at
/// most a tenth of the time: faster when sound has waited for longer than it has to for a while,
/// slower before there is none left.
void MediaLeg::scale() {
    static constexpr Duration waits = 25ms, waits_much = 50ms;
    static constexpr int waiting_ticks_max = 25, pause_ticks = 5;
    waiting_ticks_ = spare_ + leftover_ > waits ? waiting_ticks_ + 1 : 0;
    patience_ticks_ = std::max(0, patience_ticks_ - 1);
    if (patience_ticks_ > 0 || quiet_ || silence_ > 0 || sound_.empty()) return;
    const bool faster = spare_ > waits_much || waiting_ticks_ > waiting_ticks_max;
    const bool slower = spare_ < short_of;
    const auto leftover = static_cast<std::size_t>(leftover_.count() * sample_rate / 1'000'000);
    const bool trimmed = !faster && !slower && spare_ < waits && leftover_is_idle() &&
                         shorten(sound_, leftover) > 0; // As far as periods allow.
    if (trimmed || (faster && shorten(sound_) > 0) || (slower && lengthen(sound_) > 0)) {
        ++counters_.rescaled;
        patience_ticks_ = pause_ticks;
    }
}

/// Takes one turn from the jitter buffer; false for silence.
bool MediaLeg::pull_turn(TimePoint now) {
    auto turn = jitter_.take(packet_length_, now);
    if (const auto* play = std::get_if<rtp::JitterBuffer::Play>(&turn)) {
        for (auto left = play->missing; left > 0; --left) bursts_.handle_packet(true);
        bursts_.handle_packet(false);
        decode(play->packet);
        return true;
    }
    const auto* conceal = std::get_if<rtp::JitterBuffer::Conceal>(&turn);
    if (!conceal || !decoder_) return false;
    const auto samples = static_cast<std::size_t>(packet_length_.count() * sample_rate / 1'000'000);
    end_silence();
    if (conceal->next) {
        const auto* format = format_of(conceal->next->payload_type);
        if (format && format->codec->repeats_previous(conceal->next->payload)) ++counters_.repaired;
    }
    decoder_->conceal(samples, conceal->next ? ByteView(conceal->next->payload) : ByteView{},
                      sound_);
    return true;
}

void MediaLeg::decode(const rtp::JitterBuffer::Packet& packet) {
    const auto* format = format_of(packet.payload_type);
    if (!format) return; // Agreed away while it waited.
    const auto silent = speaking_ ? 0 : format->codec->silent_samples(packet.payload);
    if (silent > 0) {
        ++counters_.known_silent;
        packet_length_ = duration_of(silent);
        silence_ += silent;
        quiet_ = true;
        return;
    }
    ++counters_.decoded;
    if (!decoder_ || decoding_ != format->codec) {
        decoding_ = format->codec;
        decoder_ = decoding_->make_decoder(format->fmtp);
    }
    end_silence();
    const auto start = sound_.size();
    decoder_->decode(packet.payload, sound_);
    sound_.resize(std::min(sound_.size(), start + 6 * tick_samples));
    const auto fresh = SampleView(sound_).subspan(start);
    if (!fresh.empty()) packet_length_ = duration_of(fresh.size());
    quiet_ = is_quiet(fresh);
    if (sound_.size() > 6 * tick_samples + sound_samples_max) sound_.resize(sound_samples_max);
}

/// Sound comes after the silence: from now on it takes room like sound.
void MediaLeg::end_silence() { sound_.insert(sound_.end(), std::exchange(silence_, 0), Sample{0}); }

void MediaLeg::note_level(int level_db) {
    level_sum_ += level_db;
    ++level_count_;
}

rtp::Quality MediaLeg::quality() const {
    rtp::Quality out;
    bursts_.describe(out, packet_length_);
    const auto& jitter = jitter_.counters();
    const auto share = [&](std::uint64_t part) {
        const auto whole = bursts_.packets();
        return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
    };
    // A packet that came too late had been made up for: it was missing in its turn.
    const auto late = std::min(jitter.late, bursts_.missing());
    out.discard = share(late);
    out.loss = share(bursts_.missing() - late);
    if (reception_)
        out.jitter = Duration(static_cast<std::int64_t>(reception_->jitter() * 1'000'000 /
                                                        settings_.sending.codec->clock_rate));
    out.playout_delay = playout_delay();
    out.round_trip = round_trip_;
    const auto made_up = bursts_.missing() - std::min(bursts_.missing(), counters_.repaired);
    out.concealed = packet_length_ * static_cast<std::int64_t>(made_up);
    if (level_count_ > 0) out.level_db = static_cast<int>(level_sum_ / level_count_);
    const auto one_way = round_trip_.value_or(Duration{}) / 2 + out.playout_delay + packet_length_;
    out.r_factor = rtp::r_factor(one_way, share(made_up));
    out.mos = rtp::mos_of(out.r_factor);
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

std::optional<Bytes> MediaLeg::rtcp(TimePoint now, std::uint64_t ntp, bool bye) {
    if (!bye && now < next_rtcp_) return std::nullopt;
    // Half to one and a half of the interval, so that participants do not fall into step (§6.3.1).
    next_rtcp_ = now + rtcp_interval / 2 +
                 Duration(static_cast<std::int64_t>(random_.below(rtcp_interval.count())));
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
