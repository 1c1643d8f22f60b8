// SPDX-License-Identifier: Apache-2.0
#include "sip/sdp/offer_answer.hpp"

#include "base/assert.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace lyceum::sdp {
namespace {

std::chrono::milliseconds ptime_of(const Media& media, std::chrono::milliseconds ours) {
    const auto milliseconds = [&](std::string_view name, unsigned otherwise) {
        return parse_number<unsigned>(media.attribute(name).value_or("")).value_or(otherwise);
    };
    const auto wanted = milliseconds("ptime", static_cast<unsigned>(ours.count()));
    const auto most = milliseconds("maxptime", 60);
    // We packetize by 10, 20, 30, 40 or 60 ms: the largest of these that both values allow.
    unsigned chosen = 10;
    for (const auto ptime : {20u, 30u, 40u, 60u})
        if (ptime <= std::max(wanted, 10u) && ptime <= most) chosen = ptime;
    return std::chrono::milliseconds(chosen);
}

void add_format(Media& media, const Format& format) {
    const auto type = std::to_string(format.payload_type);
    media.formats.push_back(type);
    auto map = "rtpmap:" + type + " " + format.name + "/" + std::to_string(format.clock_rate);
    if (format.channels > 1) map += "/" + std::to_string(format.channels);
    media.add_attribute(std::move(map));
    if (!format.fmtp.empty()) media.add_attribute("fmtp:" + type + " " + format.fmtp);
}

Direction meet(Direction ours, Direction theirs_reversed) {
    const bool send = sends(ours) && sends(theirs_reversed);
    const bool receive = receives(ours) && receives(theirs_reversed);
    if (send) return receive ? Direction::sendrecv : Direction::sendonly;
    return receive ? Direction::recvonly : Direction::inactive;
}

/// Whether a format is RED whose every block is this codec: "111/111" (RFC 2198 §5).
bool is_redundancy_of(const Format& format, const Format& codec) {
    if (!iequals(format.name, "red") || format.clock_rate != codec.clock_rate) return false;
    std::string_view blocks = format.fmtp;
    if (blocks.empty()) return false;
    while (!blocks.empty())
        if (parse_number<unsigned>(trim(cut(blocks, '/'))) != codec.payload_type) return false;
    return true;
}

/// "a=rtcp-xr:rcvr-rtt=all voip-metrics" (RFC 3611 §5.1).
bool wants_voip_metrics(const Media& media) {
    for (auto wanted : media.attributes("rtcp-xr"))
        while (!wanted.empty())
            if (iequals(cut(wanted, ' '), "voip-metrics")) return true;
    return false;
}

} // namespace

bool Codec::matches(const Format& format) const {
    // Phones write opus/48000/1 against RFC 7587 §7; what they mean is the same.
    const bool opus = iequals(name, "opus");
    return iequals(name, format.name) && clock_rate == format.clock_rate &&
           (opus || channels == format.channels);
}

std::optional<Stream> match(const Description& peer, std::size_t index, const LocalMedia& local) {
    const auto& media = peer.media[index];
    if (!media.is_rtp_audio() || media.port == 0) return std::nullopt;
    Stream stream;
    stream.index = index;
    if (local.protection != Protection::off && !local.fingerprint.empty())
        stream.dtls = dtls_of(peer, media);
    if (!stream.dtls && !media.is_dtls() && local.protection != Protection::off)
        stream.crypto = common_crypto(media, local.crypto);
    // Keys beside the plain profile are an offer to encrypt if we can (RFC 8643).
    const bool insisted = media.is_secure() || local.protection == Protection::required;
    if (insisted && !stream.is_encrypted()) return std::nullopt;
    if (local.ice) stream.ice = ice_of(peer, media);
    if (const auto mid = media.attribute("mid")) stream.mid = *mid;
    stream.bundled = is_bundled(peer, media);
    if (!local.reads_extension.empty())
        stream.read_extension = extension_of(media, local.reads_extension);
    if (!local.writes_extension.empty())
        stream.written_extension = extension_of(media, local.writes_extension);
    const auto formats = media.rtp_formats();
    // The peer's order is kept: it is the one who said what it prefers (§6.1).
    for (const auto& format : formats) {
        if (iequals(format.name, "CN") && format.clock_rate == 8000) stream.comfort_noise = format;
        for (const auto& codec : local.audio)
            if (codec.matches(format)) stream.codecs.push_back(format);
    }
    if (stream.codecs.empty()) return std::nullopt;
    // Events run on the clock of the codec beside them (RFC 4733 §2.1); take the one that fits.
    for (const auto& format : formats) {
        if (!iequals(format.name, "telephone-event")) continue;
        const bool fits = format.clock_rate == stream.codecs.front().clock_rate;
        if (!stream.telephone_event || fits) stream.telephone_event = format;
    }
    for (const auto& format : formats)
        if (is_redundancy_of(format, stream.codecs.front())) stream.redundancy = format;
    stream.receive = stream.codecs;
    const auto address = peer.address(media);
    if (!address) return std::nullopt;
    stream.remote_rtp = {*address, media.port};
    stream.rtcp_mux = media.has_attribute("rtcp-mux");
    stream.remote_rtcp =
        stream.rtcp_mux ? stream.remote_rtp : rtcp_address(media, stream.remote_rtp);
    stream.direction = meet(local.direction, reversed(peer.direction(media)));
    stream.ptime = ptime_of(media, local.ptime);
    stream.voip_metrics = wants_voip_metrics(media);
    return stream;
}

OfferAnswer::OfferAnswer(std::uint64_t session_id, std::string session_name)
    : session_id_(session_id), session_name_(std::move(session_name)) {}

std::optional<Fault> OfferAnswer::handle_offer(std::string_view text) {
    auto offer = Description::parse(text);
    if (!offer) return offer.error();
    if (offer->media.empty()) return Fault{"no media in the offer", 0};
    // "the number of m= lines MUST NOT be less" than agreed before (§8).
    if (agreed_ && offer->media.size() < local_.media.size())
        return Fault{"offer with fewer media than agreed", 0};
    remote_ = std::move(*offer);
    state_ = State::remote_offer;
    return std::nullopt;
}

Result<std::string, Fault> OfferAnswer::answer(const LocalMedia& local) {
    LYCEUM_ASSERT(state_ == State::remote_offer);
    auto wanted = not_below_agreed(local);
    auto chosen = choose(wanted);
    if (!chosen) {
        state_ = agreed_ ? State::stable : State::idle;
        const bool insisted =
            std::exchange(wanted.protection, Protection::preferred) == Protection::required;
        const bool in_clear = insisted && choose(wanted);
        return Fault{in_clear ? "Encryption Required" : "No Codec In Common", 0};
    }
    auto next = skeleton(local);
    for (const auto& offered : remote_.media) {
        const bool taken = next.media.size() == chosen->index;
        next.media.push_back(taken ? answer_audio(offered, *chosen, local) : refused(offered));
        if (taken) add_connection(next, next.media.back(), *chosen, local);
    }
    stream_ = std::move(chosen);
    keep(std::move(next));
    state_ = State::stable;
    agreed_ = true;
    return local_.to_string();
}

std::optional<Stream> OfferAnswer::prospect(const LocalMedia& local) const {
    if (state_ != State::remote_offer) return std::nullopt;
    return choose(not_below_agreed(local));
}

/// The line of the offer that we take: an encrypted one, if there is one.
std::optional<Stream> OfferAnswer::choose(const LocalMedia& local) const {
    std::optional<Stream> chosen;
    for (std::size_t i = 0; i < remote_.media.size(); ++i) {
        auto stream = match(remote_, i, local);
        const bool better =
            stream && (!chosen || (stream->is_encrypted() && !chosen->is_encrypted()));
        if (better) chosen = std::move(stream);
    }
    return chosen;
}

LocalMedia OfferAnswer::not_below_agreed(LocalMedia local) const {
    if (stream_ && stream_->is_encrypted()) local.protection = Protection::required;
    return local;
}

std::string OfferAnswer::offer(const LocalMedia& local) {
    previous_local_ = local_;
    auto next = skeleton(local);
    Media audio;
    audio.type = "audio";
    const auto at = stream_ ? stream_->index : 0;
    const bool must = local.protection == Protection::required;
    audio.proto = stream_ ? local_.media[at].proto : must ? "RTP/SAVP" : "RTP/AVP";
    audio.port = local.rtp.port;
    for (const auto& codec : local.audio)
        add_format(audio,
                   {codec.payload_type, codec.name, codec.clock_rate, codec.channels, codec.fmtp});
    add_format(audio, {101, "telephone-event", 8000, 1, "0-16"});
    audio.add_attribute("ptime:" + std::to_string(local.ptime.count()));
    audio.add_attribute("rtcp-mux");
    audio.add_attribute(std::string(name_of(local.direction)));
    Stream proposed = stream_.value_or(Stream{});
    if (!stream_) proposed.read_extension = 1, proposed.written_extension = 2;
    add_description(audio, proposed, local);
    if (stream_) add_connection(next, audio, *stream_, local);
    if (local.protection != Protection::off && !(stream_ && stream_->dtls))
        for (const auto& crypto : local.crypto) audio.add_attribute("crypto:" + crypto.to_string());
    // Lines agreed or refused before keep their places.
    for (std::size_t i = 0; i < std::max<std::size_t>(local_.media.size(), 1); ++i)
        next.media.push_back(i == at ? audio : refused(local_.media[i]));
    keep(std::move(next));
    offered_ = local;
    state_ = State::local_offer;
    return local_.to_string();
}

std::optional<Fault> OfferAnswer::handle_answer(std::string_view text) {
    LYCEUM_ASSERT(state_ == State::local_offer);
    auto answer = Description::parse(text);
    if (!answer) return answer.error();
    if (answer->media.size() != local_.media.size())
        return Fault{"answer has another number of media than the offer", 0};
    const auto at = stream_ ? stream_->index : 0;
    auto stream = match(*answer, at, not_below_agreed(offered_));
    if (!stream) return Fault{"no codec or no encryption in common", 0};
    // The tag says which line of ours it accepts (RFC 4568 §5.1.2).
    const auto accepts = [&](const Crypto& ours) {
        return ours.tag == stream->crypto->remote.tag && ours.suite == stream->crypto->local.suite;
    };
    if (stream->crypto && std::none_of(offered_.crypto.begin(), offered_.crypto.end(), accepts))
        return Fault{"answer accepts a crypto line that was not offered", 0};
    // The peer may answer with numbers of its own, but sends to us with ours (§6.1, §7).
    for (auto& format : stream->receive)
        for (const auto& codec : offered_.audio)
            if (codec.matches(format)) format.payload_type = codec.payload_type;
    remote_ = std::move(*answer);
    stream_ = std::move(stream);
    state_ = State::stable;
    agreed_ = true;
    return std::nullopt;
}

void OfferAnswer::roll_back() {
    if (state_ == State::local_offer) local_ = previous_local_;
    if (state_ != State::idle) state_ = agreed_ ? State::stable : State::idle;
}

Description OfferAnswer::skeleton(const LocalMedia& local) {
    const std::string family = local.rtp.ip.is_v6() ? "IN IP6 " : "IN IP4 ";
    const auto where = family + local.rtp.ip.to_string();
    Description out;
    out.lines = {
        {'v', "0"},
        {'o', "- " + std::to_string(session_id_) + " " + std::to_string(version_) + " " + where},
        {'s', session_name_},
        {'c', where},
        {'t', "0 0"}};
    return out;
}

/// What the stream is (RFC 4574, RFC 4796), and what its packets say besides (RFC 8285 §5).
void OfferAnswer::add_description(Media& media, const Stream& stream, const LocalMedia& local) {
    if (!local.label.empty()) {
        media.add_attribute("label:" + local.label);
        media.add_attribute("content:main");
    }
    const auto add = [&](const auto& id, const char* direction, std::string_view uri) {
        if (id && !uri.empty())
            media.add_attribute("extmap:" + std::to_string(*id) + direction + std::string(uri));
    };
    add(stream.read_extension, "/recvonly ", local.reads_extension);
    add(stream.written_extension, "/sendonly ", local.writes_extension);
}

/// What both sides of a stream with DTLS or ICE have to know to find each other.
void OfferAnswer::add_connection(Description& out, Media& media, const Stream& stream,
                                 const LocalMedia& local) const {
    if (stream.mid) media.add_attribute("mid:" + *stream.mid);
    if (stream.bundled) out.lines.push_back({'a', "group:BUNDLE " + *stream.mid});
    if (stream.dtls) {
        // We wait where we may: the peer knows best when it can be reached.
        const bool offering = state_ != State::remote_offer;
        media.add_attribute("fingerprint:" + local.fingerprint);
        media.add_attribute(offering                ? "setup:actpass"
                            : stream.dtls->we_begin ? "setup:active"
                                                    : "setup:passive");
    }
    if (!stream.ice) return;
    out.lines.push_back({'a', "ice-lite"});
    add_ice(media, *local.ice, local.rtp, stream.rtcp_mux);
}

Media OfferAnswer::answer_audio(const Media& offered, const Stream& stream,
                                const LocalMedia& local) const {
    Media out;
    out.type = offered.type;
    out.proto = offered.proto;
    out.port = local.rtp.port;
    // Who prefers RED to the codec in it sends what we name first.
    const auto preference = [&](const Format& format) {
        const auto& all = offered.formats;
        return std::find(all.begin(), all.end(), std::to_string(format.payload_type));
    };
    const bool red_first =
        stream.redundancy && preference(*stream.redundancy) < preference(stream.codecs.front());
    if (red_first) add_format(out, *stream.redundancy);
    for (const auto& format : stream.codecs)
        for (const auto& codec : local.audio)
            if (codec.matches(format)) {
                auto mine = format;
                mine.fmtp = codec.fmtp;
                add_format(out, mine);
            }
    if (stream.telephone_event) {
        auto events = *stream.telephone_event;
        events.fmtp = "0-16";
        add_format(out, events);
    }
    if (stream.redundancy && !red_first) add_format(out, *stream.redundancy);
    if (stream.comfort_noise)
        out.formats.push_back(std::to_string(stream.comfort_noise->payload_type));
    out.add_attribute("ptime:" + std::to_string(stream.ptime.count()));
    if (stream.rtcp_mux) out.add_attribute("rtcp-mux");
    if (stream.voip_metrics) out.add_attribute("rtcp-xr:voip-metrics");
    if (stream.crypto) out.add_attribute("crypto:" + stream.crypto->local.to_string());
    add_description(out, stream, local);
    out.add_attribute(std::string(name_of(stream.direction)));
    return out;
}

/// The version in o= counts up by one for each description that differs (§8).
void OfferAnswer::keep(Description next) {
    const auto same_but_origin = [](Description a, const Description& b) {
        if (a.lines.size() != b.lines.size()) return false;
        a.lines[1] = b.lines[1];
        return a == b;
    };
    if (same_but_origin(next, local_)) return;
    ++version_;
    auto& origin = next.lines[1].value;
    const auto at = origin.find(' ', 2) + 1;
    origin.replace(at, origin.find(' ', at) - at, std::to_string(version_));
    local_ = std::move(next);
}

} // namespace lyceum::sdp
