// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/core.hpp"
#include "mixer/encoding.hpp"
#include "mixer/media_leg.hpp"
#include "mixer/part.hpp"
#include "mixer/sound_source.hpp"
#include "mixer/sound_watch.hpp"
#include "mixer/space.hpp"
#include "rtp/audio_levels.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

namespace lyceum::mixer {

/// The media of one conference: takes datagrams of its legs, mixes once a tick, and says which
/// packets go out. Everyone who is silent hears the same mix, which is encoded once for each way to
/// encode it (rule 3 of the house); who speaks hears the mix without his own voice, by an encoder
/// of his own. Who hears whom is a table (part.hpp): legs of one circle hear each other.
///
/// No socket and no thread: whoever owns it calls `handle_timeout` at each `deadline`, a tick
/// apart. A late tick is made up for by calling again, never by a longer one. While somebody
/// speaks, ticks move towards the time at which his packets are there, so that nobody waits for the
/// beat. Video will be a second kind of medium beside `MediaLeg`; signalling is the focus'
/// business.
class ConferenceMedia {
public:
    struct Options {
        bool echo = false; ///< Everyone hears himself and nobody else.
        /// From one mix to the next: 20 ms, or 10 ms where delay matters more than work.
        std::chrono::milliseconds tick = tick_length;
        /// Everyone hears the voices from where their owners are (`place_leg`), in stereo if he
        /// can. Each leg is mixed and encoded for alone; the loudest 64 of the room can be heard.
        bool spatial = false;
        Duration rtp_timeout = 30s; ///< No RTP and no RTCP for so long: the leg is a ghost.
        WallTime wall_at_zero{};    ///< What the wall clock says when the monotonic one says 0.
        int speech_level_db = -55;  ///< A leg fainter than this adds nothing to the mix.
        /// In a circle of which nothing else was said. So many are heard at once, the loudest; more
        /// would be a murmur that nobody follows, and each costs an encoder.
        std::size_t speakers_max = 8;
    };

    /// \name Outputs
    ///@{
    struct SendRtp { ///< Header and payload apart: a payload serves many legs.
        LegId leg;
        SocketAddress to;
        rtp::HeaderBytes header;
        ByteView payload; ///< Valid until the next tick or command.
    };
    struct SendRtcp {
        LegId leg;
        SocketAddress to;
        Bytes packet;
        bool on_rtp_port;
    };
    struct Digit {
        LegId leg;
        char digit;
    };
    struct LegLost { ///< Its peer has vanished, or must not be sent to any more; told once.
        LegId leg;
        std::string_view why;
    };
    struct Howling { ///< A loud tone stays in its sound.
        LegId leg;
        int hertz;
    };
    struct Levels { ///< Who was heard since this was said last, how loud; empty: all are silent.
        std::vector<std::pair<LegId, int>> heard_db; ///< By their numbers.
    };
    struct Reports { ///< How everybody is heard, and how this conference does.
        std::vector<std::pair<LegId, rtp::StreamReport>> legs;
        std::uint64_t ticks = 0, late_ticks = 0; ///< Since the ones before.
    };
    struct EchoReturned { ///< It sends the room's own sound back, so much later.
        LegId leg;
        Duration after;
    };
    ///@}
    using Output =
        std::variant<SendRtp, SendRtcp, Digit, LegLost, Howling, EchoReturned, Levels, Reports>;
    /// Between two `Levels`, and between two `Reports`.
    static constexpr Duration levels_every = 200ms, reports_every = 5s;

    struct Counters {
        std::uint64_t ticks = 0, packets = 0, strangers = 0;
        std::uint64_t late_ticks = 0; ///< Begun when the next was due; they are caught up.
        std::uint64_t encoded = 0, silence_repeated = 0,
                      rested = 0; ///< Payloads, by what they took.
    };

    ConferenceMedia(Options options, std::uint64_t seed, TimePoint now);

    void handle_datagram(LegId leg, ByteView datagram, const SocketAddress& from, TimePoint now);
    void handle_timeout(TimePoint now); ///< One tick, if it is due.

    void add_leg(LegId id, LegSettings settings, TimePoint now);
    void update_leg(LegId id, LegSettings settings);
    void place_leg(LegId id, const Place& place); ///< From the next tick on, as all that follow.
    void set_part(LegId id, const Part& part);
    void set_circle(CircleId id, CircleOptions options);
    /// Nobody overhears anything by it any more; it goes with its last leg.
    void remove_circle(CircleId id);
    /// To one leg alone, which hears the others fainter meanwhile; behind what is played already.
    void play(LegId id, Sound sound);
    void play(CircleId id, Sound sound);
    /// What is played to this leg alone, or to all in this circle, ends.
    void hush(LegId id);
    void hush(CircleId id);
    /// All of another conference with ticks as long becomes part of this one: its legs, whose
    /// streams go on as if nothing had happened, and its circles. Its outputs have been polled.
    void absorb(ConferenceMedia&& other);
    struct LegRecord { ///< How a leg was, from its first packet to its last.
        LegCounters counters;
        rtp::Quality quality;
        std::optional<rtp::VoipMetrics> heard_by_peer;
        rtp::StreamReport last; ///< Of the time since its last report.
    };
    /// Says RTCP BYE and forgets the leg; how it was, for the record.
    std::optional<LegRecord> remove_leg(LegId id, TimePoint now);

    std::optional<Output> poll();
    [[nodiscard]] std::optional<TimePoint> deadline() const { return next_tick_; }

    [[nodiscard]] std::size_t size() const { return legs_.size(); }
    [[nodiscard]] const MediaLeg* leg(LegId id) const;
    [[nodiscard]] const Options& options() const { return options_; }
    [[nodiscard]] const Counters& counters() const { return counters_; }

private:
    using EncodingKey = std::tuple<const Codec*, std::string, std::int64_t, CircleId>;
    struct Circle {
        CircleOptions options;
        bool kept = false; ///< Also without legs: somebody has set its options.
        std::size_t legs = 0;
        SoundQueue sounds;
        Total own, total; ///< Of this tick: of its legs, and of all that it hears.
        Frame mix;        ///< `total`, limited.
        int mix_db = silence_db;
        bool sounds_out = false; ///< `own` is not silence by nature.
        Limiter limiter;
    };
    struct Leg {
        LegId id;
        MediaLeg media;
        EncodingKey key;
        Circle* circle;
        Part part;
        float gain = 1; ///< That its voice had at the end of the last tick.
        SoundQueue sounds;
        int mixed_db = silence_db;   ///< Of this tick, in the mix.
        int peak_db = silence_db;    ///< The same, since the last Levels.
        int loudest_db = silence_db; ///< Since its last report, wherever it was heard.
        Path path = Path::good;      ///< What `key` was made for.
        bool rekeyed = false;        ///< Since the last tick.
        Frame frame{};
        bool present = false;         ///< `frame` holds sound of this tick that is in the mix.
        bool heard = false;           ///< Is one of those whom the mix has room for.
        int loudness_db = silence_db; ///< The loudest of late, fading.
        int speaking_ticks = 0;       ///< Above zero: counted as a speaker.
        bool own_stream = false;      ///< Is sent a mix of its own.
        bool lost = false;
        Limiter limiter;
        std::optional<Encoding> own;
        Place place, place_before; ///< Now, and in the last tick.
        SoundCare care;
        HowlDetector howl;
        std::unique_ptr<EchoDetector> echo; ///< Of who has spoken.
        int sent_db = silence_db;           ///< How loud what it was last sent is.
        Leg* follower = nullptr;            ///< Whose packet came behind its last one.

        [[nodiscard]] bool hears_circle() const { return part.admitted && part.hears; }
    };

    static bool is_before(const std::unique_ptr<Leg>& leg, LegId id);
    Leg* find(LegId id);
    void pull_all(TimePoint now);
    void watch(Leg& leg, int level_db);
    void choose_speakers();
    void choose_speakers(std::span<Leg*> speaking, std::size_t most);
    void mix_circles();
    void tell_levels();
    void tell_reports();
    static rtp::StreamReport report_of(Leg& leg);
    Circle& circle_of(CircleId id);
    void leave_circle(const Leg& leg);
    Duration lead(Duration lateness);
    void rekey(Leg& leg);
    void choose_stream(Leg& leg);
    void serve(Leg& leg);
    void serve_in_space(Leg& leg);
    void play_over(Leg& leg, std::span<std::int32_t> sum, unsigned channels) const;
    Encoder& encoder_of(Encoding& encoding, const Leg& leg);
    void feed(Encoding& encoding, const Leg& leg, SampleView sound);
    void encode(Encoding& encoding, const Codec& codec, SampleView packet);
    void send(Leg& leg, Encoding& encoding);
    ByteView behind_header(Leg& leg, ByteView payload);
    void find_sources(const Leg& leg);
    static const std::vector<Bytes>& redundant(Encoding& encoding, const EncodingKey& key,
                                               std::uint8_t payload_type);
    void maintain(Leg& leg, TimePoint now);
    [[nodiscard]] std::uint64_t ntp(TimePoint now) const;
    [[nodiscard]] Receiver receiver_of(const MediaLeg& media) const;
    [[nodiscard]] EncodingKey key_of(const MediaLeg& media, CircleId circle) const;

    Options options_;
    std::size_t tick_samples_;
    Random random_;
    TimePoint next_tick_;
    Duration lead_allowance_{};  ///< By how much ticks may still come earlier than they should.
    std::uint64_t position_ = 0; ///< Samples since the conference began.
    std::vector<std::unique_ptr<Leg>> legs_; ///< By their numbers.
    Leg* last_ = nullptr;                    ///< Whose packet came last.
    std::vector<Leg*> speaking_;             ///< Of this tick.
    std::map<EncodingKey, Encoding> shared_;
    std::map<CircleId, Circle> circles_;
    Duration since_levels_{}, since_reports_{};
    Counters reported_;        ///< As they were at the last Reports.
    bool levels_told_ = false; ///< The last Levels had somebody in it.
    std::deque<Output> outputs_;
    /// Of this tick, what is one leg's alone: encrypted, or with the levels that it asks for. The
    /// buffers are kept.
    std::deque<Bytes> packets_;
    std::size_t packet_count_ = 0;
    Bytes header_;
    std::vector<rtp::SourceLevel> sources_; ///< Of the leg that is sent to.
    Counters counters_;
};

static_assert(SansIoCore<ConferenceMedia>);

} // namespace lyceum::mixer
