// SPDX-License-Identifier: Apache-2.0
#include "mixer/conference_media.hpp"

#include "base/assert.hpp"
#include "rtp/redundancy.hpp"
#include "rtp/rtcp.hpp"

#include <algorithm>
#include <utility>

namespace lyceum::mixer {
namespace {

constexpr Duration hangover = 400ms; // A pause between words is still speech.
constexpr std::size_t spatial_speakers_max = 64;
constexpr Duration own_encoder_idle_max = 10s; // Then its memory is given back.

} // namespace

ConferenceMedia::ConferenceMedia(Options options, std::uint64_t seed, TimePoint now)
    : options_(options), tick_samples_(samples_in(options.tick)), random_(seed),
      next_tick_(now + options.tick), lead_allowance_(options.tick) {
    LYCEUM_ASSERT(options.tick == 10ms || options.tick == tick_length);
}

Receiver ConferenceMedia::receiver_of(const MediaLeg& media) const {
    auto out = media.receiver();
    out.stereo = options_.spatial;
    return out;
}

ConferenceMedia::EncodingKey ConferenceMedia::key_of(const MediaLeg& media, CircleId circle) const {
    const auto& settings = media.settings();
    const auto* codec = settings.sending.codec;
    return {codec, codec->encoding_class(receiver_of(media)), settings.ptime.count(), circle};
}

bool ConferenceMedia::is_before(const std::unique_ptr<Leg>& leg, LegId id) { return leg->id < id; }

/// Packets come in much the same order tick after tick: the leg that came behind the last one the
/// time before is looked at first.
ConferenceMedia::Leg* ConferenceMedia::find(LegId id) {
    if (last_ && last_->follower && last_->follower->id == id) return last_->follower;
    const auto found = std::lower_bound(legs_.begin(), legs_.end(), id, is_before);
    return found == legs_.end() || (*found)->id != id ? nullptr : found->get();
}

void ConferenceMedia::add_leg(LegId id, LegSettings settings, TimePoint now) {
    MediaLeg media(std::move(settings), random_, now);
    auto key = key_of(media, {});
    const auto place = std::lower_bound(legs_.begin(), legs_.end(), id, is_before);
    LYCEUM_ASSERT(place == legs_.end() || (*place)->id != id);
    auto& leg = **legs_.insert(
        place, std::make_unique<Leg>(Leg{id, std::move(media), std::move(key), &circle_of({})}));
    ++leg.circle->legs;
    leg.frame = Frame(tick_samples_);
    leg.care = SoundCare(leg.media.settings().care, tick_samples_);
}

void ConferenceMedia::update_leg(LegId id, LegSettings settings) {
    auto* leg = find(id);
    if (!leg) return;
    auto& media = leg->media;
    if (!settings.send) media.pause_sending();
    media.update(std::move(settings));
    rekey(*leg);
    auto& care = leg->care;
    if (care.options() != media.settings().care)
        care = SoundCare(media.settings().care, tick_samples_);
}

void ConferenceMedia::place_leg(LegId id, const Place& place) {
    if (auto* leg = find(id)) leg->place = place;
}

/// What a leg wants may have changed, and with it the encoder that it can share.
void ConferenceMedia::rekey(Leg& leg) {
    auto key = key_of(leg.media, leg.part.circle);
    if (key == leg.key) return;
    // An encoder of its own goes on into another circle.
    std::get<CircleId>(leg.key) = std::get<CircleId>(key);
    if (key != leg.key) leg.own.reset();
    leg.key = std::move(key);
    leg.rekeyed = true;
}

std::optional<ConferenceMedia::LegRecord> ConferenceMedia::remove_leg(LegId id, TimePoint now) {
    auto* leg = find(id);
    if (!leg) return std::nullopt;
    auto& media = leg->media;
    LegRecord record{media.counters(), media.quality(), media.heard_by_peer(), report_of(*leg)};
    if (auto packet = media.rtcp(now, ntp(now), true))
        outputs_.push_back(
            SendRtcp{id, media.rtcp_target(), std::move(*packet), media.settings().rtcp_mux});
    for (auto& other : legs_)
        if (other->follower == leg) other->follower = nullptr;
    last_ = nullptr;
    leave_circle(*leg);
    legs_.erase(std::lower_bound(legs_.begin(), legs_.end(), id, is_before));
    return record;
}

void ConferenceMedia::handle_datagram(LegId id, ByteView datagram, const SocketAddress& from,
                                      TimePoint now) {
    auto* leg = find(id);
    if (!leg) {
        ++counters_.strangers;
        return;
    }
    if (last_) last_->follower = leg;
    last_ = leg;
    if (const auto digit = leg->media.handle_datagram(datagram, from, now))
        outputs_.push_back(Digit{id, *digit});
}

void ConferenceMedia::handle_timeout(TimePoint now) {
    if (now < next_tick_) return;
    const auto lateness = now - next_tick_;
    packet_count_ = 0;
    ++counters_.ticks;
    if (lateness >= options_.tick) ++counters_.late_ticks;
    pull_all(now);
    choose_speakers();
    next_tick_ += options_.tick - lead(lateness);
    mix_circles();
    for (auto& [key, encoding] : shared_) encoding.begin_tick();
    for (auto& leg : legs_) choose_stream(*leg);
    for (auto& leg : legs_) {
        if (leg->media.settings().send && !leg->lost) serve(*leg);
        else leg->sounds.clear();
        maintain(*leg, now);
    }
    tell_levels();
    tell_reports();
    if (options_.spatial)
        for (auto& leg : legs_) leg->place_before = leg->place;
    // Nobody listens to it any more.
    std::erase_if(shared_, [&](const auto& entry) {
        return entry.second.fed_until < position_ + tick_samples_;
    });
    position_ += tick_samples_;
}

/// The sound of each leg, and who counts as a speaker: at once when there is sound, so that no
/// first syllable is lost, and for a while after it.
void ConferenceMedia::pull_all(TimePoint now) {
    speaking_.clear();
    for (auto& each : legs_) {
        auto& leg = *each;
        leg.present = leg.media.pull(leg.frame, leg.speaking_ticks > 0, now);
        if (leg.present) leg.care.apply(leg.frame);
        else leg.present = leg.care.finish(leg.frame);
        const int level = leg.present ? level_db(leg.frame) : silence_db;
        if (leg.present || leg.echo) watch(leg, level);
        leg.loudest_db = std::max(leg.loudest_db, level);
        leg.loudness_db = std::max(level, std::max(leg.loudness_db - 1, silence_db));
        if (level >= options_.speech_level_db) {
            leg.speaking_ticks = static_cast<int>(hangover / options_.tick);
            leg.media.note_level(level);
        } else if (leg.speaking_ticks > 0) {
            --leg.speaking_ticks;
        }
        // Who is muted is heard no more after this tick, in which he fades.
        const float gain = leg.part.admitted && leg.part.speaks ? leg.part.gain_in : 0;
        const float before = std::exchange(leg.gain, gain);
        if (leg.speaking_ticks > 0 && (gain > 0 || before > 0)) {
            if (before != 1 || gain != 1) fade(leg.frame, before, gain);
            speaking_.push_back(&leg);
        } else {
            leg.present = leg.heard = false;
        }
    }
}

void ConferenceMedia::tell_levels() {
    for (auto* leg : speaking_)
        if (leg->present && leg->part.speaks) leg->peak_db = std::max(leg->peak_db, leg->mixed_db);
    since_levels_ += options_.tick;
    if (since_levels_ < levels_every) return;
    since_levels_ = {};
    Levels levels;
    for (auto& leg : legs_) {
        const int peak = std::exchange(leg->peak_db, silence_db);
        if (peak >= options_.speech_level_db) levels.heard_db.emplace_back(leg->id, peak);
    }
    const bool any = !levels.heard_db.empty();
    if (any || levels_told_) outputs_.emplace_back(std::move(levels));
    levels_told_ = any;
}

rtp::StreamReport ConferenceMedia::report_of(Leg& leg) {
    auto out = leg.media.report();
    out.peak_db = std::exchange(leg.loudest_db, silence_db);
    return out;
}

void ConferenceMedia::tell_reports() {
    since_reports_ += options_.tick;
    if (since_reports_ < reports_every) return;
    since_reports_ = {};
    Reports reports{
        {}, counters_.ticks - reported_.ticks, counters_.late_ticks - reported_.late_ticks};
    reported_ = counters_;
    reports.legs.reserve(legs_.size());
    for (auto& leg : legs_) reports.legs.emplace_back(leg->id, report_of(*leg));
    outputs_.emplace_back(std::move(reports));
}

/// Looks for what spoils a room, in the sound of those who speak.
void ConferenceMedia::watch(Leg& leg, int level_db) {
    if (!leg.present) leg.howl.handle_silence();
    else if (const auto hertz = leg.howl.handle_sound(leg.frame, level_db))
        outputs_.push_back(Howling{leg.id, *hertz});
    if (!leg.echo && leg.speaking_ticks > 0 && !options_.echo && !options_.spatial)
        leg.echo = std::make_unique<EchoDetector>(options_.tick);
    if (!leg.echo) return;
    // What it was sent last is of the tick before.
    if (const auto after = leg.echo->handle_tick(leg.sent_db, level_db))
        outputs_.push_back(EchoReturned{leg.id, *after + options_.tick});
}

/// When more speak than the mix has room for, the loudest are heard. Who is heard already keeps his
/// place until somebody is clearly louder, so that two equals do not chop each other up; who loses
/// it fades out and who gets it fades in, within a tick. A host never loses it.
void ConferenceMedia::choose_speakers() {
    if (options_.spatial) return choose_speakers(speaking_, spatial_speakers_max);
    if (circles_.size() == 1)
        return choose_speakers(speaking_, circles_.begin()->second.options.speakers_max);
    std::stable_sort(speaking_.begin(), speaking_.end(),
                     [](const Leg* a, const Leg* b) { return a->part.circle < b->part.circle; });
    for (auto from = speaking_.begin(); from != speaking_.end();) {
        const auto* circle = (*from)->circle;
        const auto to = std::find_if(from, speaking_.end(),
                                     [&](const Leg* leg) { return leg->circle != circle; });
        choose_speakers({from, to}, circle->options.speakers_max);
        from = to;
    }
}

void ConferenceMedia::choose_speakers(std::span<Leg*> speaking, std::size_t most) {
    static constexpr int hysteresis_db = 6;
    static constexpr int host_db = 1000;
    const auto is_host = [](const Leg* leg) { return leg->part.always_heard; };
    const auto hosts =
        static_cast<std::size_t>(std::count_if(speaking.begin(), speaking.end(), is_host));
    const auto room = std::max(hosts, std::min(most, speaking.size()));
    const auto rank = [&](const Leg* leg) {
        return leg->loudness_db + (leg->heard ? hysteresis_db : 0) + (is_host(leg) ? host_db : 0);
    };
    const bool crowded = room < speaking.size();
    if (crowded)
        std::stable_sort(speaking.begin(), speaking.end(),
                         [&](const Leg* a, const Leg* b) { return rank(a) > rank(b); });
    for (std::size_t i = 0; i < speaking.size(); ++i) {
        auto& leg = *speaking[i];
        const bool heard = i < room, before = std::exchange(leg.heard, heard);
        if (heard && !before && crowded) fade(leg.frame, 0, 1);
        if (!heard && before) fade(leg.frame, 1, 0);
        if (!heard && !before) leg.present = false;
    }
}

/// By how much the next tick comes early. A packet that came just after a tick waits almost a tick
/// for its turn, for as long as its sender speaks; so the tick moves to where the least patient of
/// the speakers is served at once. The pace stays so even that no listener's buffer minds,
/// and on the long run within what clocks differ by anyway.
Duration ConferenceMedia::lead(Duration lateness) {
    static constexpr Duration step_max = 250us, margin = 1ms, gain = 10us, allowance_max = 20ms;
    lead_allowance_ = std::min(lead_allowance_ + gain, allowance_max);
    std::optional<Duration> spare;
    for (const auto* leg : speaking_)
        if (leg->present)
            spare = std::min(spare.value_or(Duration::max()), leg->media.spare() - lateness);
    if (!spare) return {};
    const auto step = std::clamp(*spare - margin, Duration{}, std::min(step_max, lead_allowance_));
    lead_allowance_ -= step;
    return step;
}

/// Which encoder a leg hears from now on, before any of them works: one that somebody comes over to
/// makes its next packets easy to join.
void ConferenceMedia::choose_stream(Leg& leg) {
    const bool own = options_.echo || options_.spatial || !leg.hears_circle() || leg.heard ||
                     leg.present || leg.part.gain_out != 1 || !leg.sounds.empty();
    if (std::exchange(leg.path, leg.media.path()) != leg.path) rekey(leg);
    const bool moves =
        std::exchange(leg.own_stream, own) != own || std::exchange(leg.rekeyed, false);
    if (own && !leg.own) {
        leg.own.emplace();
        // The packet that the others are in the middle of goes on in this encoder.
        if (const auto shared = shared_.find(leg.key); shared != shared_.end())
            leg.own->waiting = shared->second.waiting;
    }
    auto& encoding = own ? *leg.own : shared_[leg.key];
    encoding.joined |= moves;
}

void ConferenceMedia::serve(Leg& leg) {
    if (options_.spatial) return serve_in_space(leg);
    if (leg.own_stream) {
        Total sum(tick_samples_);
        if (options_.echo) {
            if (leg.present) add(sum, leg.frame);
        } else if (leg.hears_circle()) {
            sum = leg.circle->total;
            if (leg.present) subtract(sum, leg.frame);
        }
        play_over(leg, std::span(sum.data(), sum.size()), 1);
        Frame heard(tick_samples_);
        leg.limiter.apply(sum, heard);
        leg.sent_db = leg.echo ? level_db(heard) : silence_db;
        leg.own->begin_tick();
        leg.own->idle_ticks = 0;
        feed(*leg.own, leg, heard);
        return send(leg, *leg.own);
    }
    if (leg.own && ++leg.own->idle_ticks * options_.tick > own_encoder_idle_max) leg.own.reset();
    if (leg.echo) leg.sent_db = leg.circle->mix_db;
    auto& encoding = shared_[leg.key];
    if (encoding.fed_until <= position_) feed(encoding, leg, leg.circle->mix);
    send(leg, encoding);
}

void ConferenceMedia::serve_in_space(Leg& leg) {
    const auto channels = encoder_of(*leg.own, leg).channels();
    SpatialMix mix(tick_samples_, channels);
    for (const auto* speaker : speaking_) {
        if (!speaker->present || speaker == &leg || !leg.hears_circle() ||
            speaker->circle != leg.circle)
            continue;
        const auto from = heard_from(speaker->place_before, leg.id, leg.place_before);
        const auto to = heard_from(speaker->place, leg.id, leg.place);
        if (!from.is_silent() || !to.is_silent()) mix.add(speaker->frame, from, to);
    }
    play_over(leg, mix.sum(), channels);
    std::vector<Sample> heard(mix.sum().size());
    leg.limiter.apply(mix.sum(), heard, channels);
    leg.own->begin_tick();
    feed(*leg.own, leg, heard);
    send(leg, *leg.own);
}

/// What a leg hears, as loud as it wants it, and what is played to it alone on top.
void ConferenceMedia::play_over(Leg& leg, std::span<std::int32_t> sum, unsigned channels) const {
    static constexpr float others_meanwhile = 0.25f; // −12 dB.
    const bool playing = !leg.sounds.empty();
    turn_down(sum, leg.part.gain_out * (playing ? others_meanwhile : 1));
    if (!playing) return;
    Frame sound(tick_samples_);
    leg.sounds.read(sound);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += sound[i / channels];
}

Encoder& ConferenceMedia::encoder_of(Encoding& encoding, const Leg& leg) {
    if (!encoding.encoder)
        encoding.encoder = std::get<0>(leg.key)->make_encoder(receiver_of(leg.media));
    return *encoding.encoder;
}

/// Adds a tick of sound to an encoding and makes the packets that are full. Packets of all
/// encodings with the same length begin at the same samples, so that a listener can change over
/// between any two.
void ConferenceMedia::feed(Encoding& encoding, const Leg& leg, SampleView sound) {
    auto& encoder = encoder_of(encoding, leg);
    const auto packet_length = samples_in(std::chrono::milliseconds(std::get<2>(leg.key)));
    const auto packet_samples = packet_length * encoder.channels();
    if (std::exchange(encoding.joined, false)) encoder.ease_joining();
    if (encoding.fed_until != position_) {
        encoding.waiting.resize(position_ % packet_length * encoder.channels(), Sample{0});
        encoding.before.clear();
    }
    encoding.waiting.insert(encoding.waiting.end(), sound.begin(), sound.end());
    encoding.fed_until = position_ + tick_samples_;
    std::size_t at = 0;
    for (; at + packet_samples <= encoding.waiting.size(); at += packet_samples) {
        encode(encoding, *std::get<0>(leg.key),
               SampleView(encoding.waiting).subspan(at, packet_samples));
    }
    encoding.waiting.erase(encoding.waiting.begin(),
                           encoding.waiting.begin() + static_cast<std::ptrdiff_t>(at));
}

/// One packet. Once an encoder has said silence for a while it says the same again and again, so
/// that need not be computed: the last payload goes out once more. After a while only now and then,
/// where the codec allows that (RFC 7587 §3.1.3), so that nobody takes us for dead.
void ConferenceMedia::encode(Encoding& encoding, const Codec& codec, SampleView packet) {
    static constexpr std::size_t settled_after = sample_rate / 2, rests_after = 2 * sample_rate,
                                 sign_of_life_every = sample_rate * 2 / 5;
    const auto length = packet.size() / encoding.encoder->channels();
    const bool silent =
        std::all_of(packet.begin(), packet.end(), [](Sample sample) { return sample == 0; });
    encoding.silent_samples = silent ? encoding.silent_samples + length : 0;
    auto& payload = encoding.payload();
    if (codec.may_rest && encoding.silent_samples > rests_after &&
        encoding.silent_samples % sign_of_life_every >= length) {
        payload.clear();
        ++counters_.rested;
        return;
    }
    if (encoding.silent_samples > settled_after) {
        payload = encoding.last;
        ++counters_.silence_repeated;
        return;
    }
    payload.clear();
    encoding.encoder->encode(packet, payload);
    if (silent) encoding.last = payload;
    ++counters_.encoded;
}

/// The payloads of this tick as RED, made once for all who have the same number for the codec.
const std::vector<Bytes>& ConferenceMedia::redundant(Encoding& encoding, const EncodingKey& key,
                                                     std::uint8_t payload_type) {
    auto& out = encoding.redundant[payload_type];
    if (!out.empty()) return out;
    const auto& [codec, encoding_class, ptime, circle] = key;
    const auto age = static_cast<std::uint32_t>(ptime * codec->clock_rate / 1000);
    const Bytes* before = &encoding.before;
    for (std::size_t i = 0; i < encoding.payload_count; ++i) {
        rtp::Redundant packet;
        const auto& payload = encoding.payloads[i];
        if (payload.empty()) {
            out.emplace_back();
            before = &payload;
            continue;
        }
        if (!before->empty() && before->size() <= rtp::Redundant::old_payload_bytes_max)
            packet.blocks[packet.count++] = {payload_type, age, *before};
        packet.blocks[packet.count++] = {payload_type, 0, payload};
        rtp::write_redundant(packet, out.emplace_back());
        before = &payload;
    }
    return out;
}

void ConferenceMedia::send(Leg& leg, Encoding& encoding) {
    const bool twice = leg.media.wants_redundancy();
    const auto& payloads =
        twice ? redundant(encoding, leg.key, leg.media.settings().sending.payload_type)
              : encoding.payloads;
    const auto packet_samples = samples_in(std::chrono::milliseconds(std::get<2>(leg.key)));
    // The first packet of the tick began with what was left from the tick before.
    const auto begin = position_ / packet_samples * packet_samples;
    const auto levels = leg.media.settings().mixed_levels;
    if (levels) find_sources(leg);
    for (std::size_t i = 0; i < encoding.payload_count; ++i) {
        const auto& payload = payloads[i];
        if (payload.empty()) {
            leg.media.pause_sending();
            continue;
        }
        const auto header =
            leg.media.next_header(begin + i * packet_samples, payload.size(), twice);
        header_.clear();
        if (levels) rtp::write_header(header_, header, *levels, sources_);
        else rtp::write_packet(header_, header, {});
        SendRtp packet{leg.id, leg.media.rtp_target(), {}, behind_header(leg, payload)};
        std::copy_n(header_.begin(), rtp::header_bytes, packet.header.begin());
        outputs_.push_back(packet);
        ++counters_.packets;
    }
}

/// What follows the fixed header: the payload that all share, or what was made of it for this leg.
ByteView ConferenceMedia::behind_header(Leg& leg, ByteView payload) {
    const bool encrypted = leg.media.is_encrypted();
    if (!encrypted && header_.size() == rtp::header_bytes) return payload;
    if (packets_.size() == packet_count_) packets_.emplace_back();
    auto& packet = packets_[packet_count_++];
    if (encrypted) {
        leg.media.protect(header_, payload, packet); // The header stays in clear.
    } else {
        packet = header_;
        packet.insert(packet.end(), payload.begin(), payload.end());
    }
    return ByteView(packet).subspan(rtp::header_bytes);
}

void ConferenceMedia::maintain(Leg& leg, TimePoint now) {
    const auto& settings = leg.media.settings();
    std::optional<std::string_view> why;
    if (auto packet = leg.media.rtcp(now, ntp(now), false)) {
        outputs_.push_back(
            SendRtcp{leg.id, leg.media.rtcp_target(), std::move(*packet), settings.rtcp_mux});
        why = leg.media.broken(); // The peer reports no more often than we do.
    }
    // Who was asked to be silent cannot be missed by his silence.
    if (settings.receive && now - leg.media.last_heard() >= options_.rtp_timeout) why = "silence";
    if (!why || leg.lost) return;
    leg.lost = true;
    outputs_.push_back(LegLost{leg.id, *why});
}

const MediaLeg* ConferenceMedia::leg(LegId id) const {
    const auto found = std::lower_bound(legs_.begin(), legs_.end(), id, is_before);
    return found == legs_.end() || (*found)->id != id ? nullptr : &(*found)->media;
}

std::uint64_t ConferenceMedia::ntp(TimePoint now) const {
    return rtp::ntp_time(options_.wall_at_zero + now.time_since_epoch());
}

std::optional<ConferenceMedia::Output> ConferenceMedia::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
}

} // namespace lyceum::mixer
