// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"
#include "base/random.hpp"
#include "base/strong_id.hpp"
#include "base/time.hpp"
#include "mixer/playout.hpp"
#include "mixer/sound_care.hpp"
#include "rtp/circuit_breaker.hpp"
#include "rtp/latch.hpp"
#include "rtp/quality.hpp"
#include "rtp/reception.hpp"
#include "rtp/rtcp.hpp"
#include "rtp/srtp.hpp"
#include "rtp/telephone_event.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lyceum::mixer {

using LegId = StrongId<struct LegTag>;

/// What was agreed for the audio of one leg. A new agreement replaces the old one (re-INVITE).
struct LegSettings {
    SocketAddress remote_rtp, remote_rtcp;
    bool rtcp_mux = false;
    bool send = true, receive = true; ///< Seen from us.
    SoundCareOptions care;
    LegFormat sending;
    std::vector<LegFormat> receiving;                           ///< At least one.
    std::optional<std::uint8_t> telephone_event, comfort_noise; ///< Payload types.
    std::optional<std::uint8_t> redundancy; ///< The same, of RED around `sending`.
    /// Header extensions with the level of its own voice, and of each voice that it is sent.
    std::optional<std::uint8_t> own_level, mixed_levels;
    std::chrono::milliseconds ptime{20};
    bool voip_metrics = false; ///< Its reports say how well it is heard (RFC 3611).
    /// Addresses besides `remote_rtp` that media may come from: where the signalling comes from.
    /// RFC 7362 §4: latching is bound to it, so that nobody else takes the stream over.
    std::vector<IpAddress> trusted_sources;
    /// Media is encrypted with the first and must be encrypted with the second; none: in clear.
    /// A key that is the same as before goes on where it was.
    std::optional<rtp::SrtpKey> send_key, receive_key;
};

/// What a leg has seen, for the log and the quality record.
struct LegCounters : PlayoutCounters {
    std::uint64_t packets_received = 0, packets_sent = 0;
    std::uint64_t foreign = 0;   ///< From an address that is not the peer's.
    std::uint64_t malformed = 0; ///< Neither RTP nor RTCP.
    std::uint64_t unknown_type = 0;
    std::uint64_t unauthentic = 0, replayed = 0; ///< Refused by SRTP.
    std::uint64_t held = 0;                      ///< Came although we said that we do not receive.
};

/// One leg's RTP: who may send to it (latching), encryption, reception, RTCP with what its reports
/// mean, and the packet headers of what it is sent. How its packets become sound is Playout's; what
/// it hears is decided by ConferenceMedia.
class MediaLeg {
public:
    MediaLeg(LegSettings settings, Random& random, TimePoint now);

    void update(LegSettings settings);

    /// Takes one datagram from the RTP or RTCP port. A digit is returned when a key was pressed.
    std::optional<char> handle_datagram(ByteView datagram, const SocketAddress& from,
                                        TimePoint now);

    /// As those of Playout.
    bool pull(Frame& frame, bool speaking, TimePoint now) {
        return playout_.pull(frame, speaking, now);
    }
    [[nodiscard]] Duration spare() const { return playout_.spare(); }
    [[nodiscard]] Duration playout_delay() const { return playout_.delay(); }

    /// Its sound of the last `pull` was so loud: for the record.
    void note_level(int level_db);
    /// How well it was heard up to now.
    [[nodiscard]] rtp::Quality quality() const;
    /// The peer's own record of how well it hears us, if it sends one.
    [[nodiscard]] const std::optional<rtp::VoipMetrics>& heard_by_peer() const {
        return heard_by_peer_;
    }

    /// All but its level, which is its sound's.
    [[nodiscard]] rtp::StreamReport report() const;

    /// The header of the next packet, for sound that starts at this sample of the conference.
    rtp::Header next_header(std::uint64_t position, std::size_t payload_bytes, bool redundant);
    /// It belongs to another conference from now on, which counts its samples differently: what was
    /// position `from` is `to`.
    void rebase(std::uint64_t from, std::uint64_t to, Random& random);
    /// Whether its packets say again what the one before said (RED).
    [[nodiscard]] bool wants_redundancy() const {
        return settings_.redundancy && path_ == Path::lossy;
    }
    [[nodiscard]] bool is_encrypted() const { return outbound_.has_value(); }
    /// The datagram to send in place of header and payload, of a leg that is encrypted.
    void protect(ByteView header, ByteView payload, Bytes& out) {
        outbound_->protect_rtp(header, payload, out);
    }
    /// A pause in sending: the next packet starts a talk-spurt.
    void pause_sending() { marker_ = true; }

    /// The compound packet that is due, if any; `bye` makes it the last.
    std::optional<Bytes> rtcp(TimePoint now, std::uint64_t ntp, bool bye);

    [[nodiscard]] const LegSettings& settings() const { return settings_; }
    [[nodiscard]] const SocketAddress& rtp_target() const { return latch_.rtp(); }
    [[nodiscard]] const SocketAddress& rtcp_target() const { return latch_.rtcp(); }
    /// Of what we send, by the peer's reports (RFC 3550 §6.4.1).
    [[nodiscard]] Path path() const { return path_; }
    /// Why nothing may be sent to it any more (RFC 8083); none: it may.
    [[nodiscard]] std::optional<std::string_view> broken() const { return breaker_.open(); }
    /// Who gets everything twice needs no other encoding than who loses nothing.
    [[nodiscard]] Receiver receiver() const {
        return {settings_.sending.fmtp, wants_redundancy() ? Path::good : path_};
    }
    [[nodiscard]] TimePoint last_heard() const { return last_heard_; }
    [[nodiscard]] LegCounters counters() const;
    [[nodiscard]] const rtp::JitterBuffer::Counters& jitter_counters() const {
        return playout_.jitter_counters();
    }
    [[nodiscard]] std::int64_t packets_lost() const { return reception_ ? reception_->lost() : 0; }

private:
    [[nodiscard]] bool is_admissible(const SocketAddress& from, TimePoint now) const;
    void rekey();
    [[nodiscard]] bool may_skip(ByteView datagram) const;
    std::optional<ByteView> open(ByteView datagram, bool rtcp);
    std::optional<char> handle_packet(const rtp::PacketView& packet, const SocketAddress& from,
                                      TimePoint now);
    void handle_rtcp(ByteView datagram, const SocketAddress& from, TimePoint now);
    void handle_report(const rtp::ReportBlock& report, TimePoint now);
    [[nodiscard]] Duration jitter() const;

    LegSettings settings_;
    rtp::Latch latch_;
    TimePoint last_heard_; ///< RTP or RTCP, for the time-out.

    std::optional<rtp::SrtpContext> inbound_, outbound_;
    std::uint16_t last_opened_ = 0; ///< Sequence number of the last packet that was decrypted.

    std::optional<rtp::Reception> reception_;
    Playout playout_;
    rtp::DigitDetector digits_;

    std::uint32_t ssrc_;
    std::uint16_t sequence_;
    std::uint32_t timestamp_base_;
    std::uint32_t last_timestamp_ = 0;
    bool marker_ = true;
    float loss_ = 0; ///< Of what we send, the mean of the last reports.
    Path path_ = Path::good;
    rtp::CircuitBreaker breaker_;
    std::uint32_t packets_sent_ = 0, octets_sent_ = 0, packets_reported_ = 0;
    std::string cname_;
    TimePoint next_rtcp_;
    Random* random_;
    LegCounters counters_;

    std::optional<rtp::VoipMetrics> heard_by_peer_;
    std::optional<Duration> round_trip_;
    std::uint64_t report_ntp_ = 0; ///< Of our last report…
    TimePoint report_at_{};        ///< …and the same on our clock.
    std::int64_t level_sum_ = 0, level_count_ = 0;
};

} // namespace lyceum::mixer
