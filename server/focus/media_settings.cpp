// SPDX-License-Identifier: Apache-2.0
#include "server/focus/media_settings.hpp"

#include "base/assert.hpp"
#include "rtp/audio_levels.hpp"
#include "server/focus/roster.hpp"
#include "server/media/keys.hpp"

namespace lyceum::focus {
namespace {

constexpr std::chrono::milliseconds spatial_frame{10};

mixer::LegFormat leg_format(const sdp::Format& format) {
    const auto* codec = mixer::find_codec(format.name, format.clock_rate);
    LYCEUM_ASSERT(codec); // Only codecs of ours are ever agreed on.
    return {format.payload_type, codec, format.fmtp};
}

} // namespace

mixer::ConferenceMedia::Options media_options(const ConferenceSound& sound) {
    mixer::ConferenceMedia::Options out;
    out.echo = sound.echo;
    out.speakers_max = sound.speakers_max;
    out.spatial = sound.spatial;
    if (sound.spatial) out.tick = spatial_frame;
    return out;
}

sdp::LocalMedia local_media(const SocketAddress& rtp, bool spatial) {
    sdp::LocalMedia local;
    local.rtp = rtp;
    if (spatial) local.ptime = spatial_frame;
    local.reads_extension = rtp::client_level_uri;
    local.writes_extension = rtp::mixer_levels_uri;
    local.label = audio_label;
    for (const auto* codec : mixer::codecs()) {
        std::string fmtp(codec->fmtp);
        if (spatial && !codec->stereo_fmtp.empty()) fmtp += ";" + std::string(codec->stereo_fmtp);
        local.audio.push_back({std::string(codec->name), codec->clock_rate, codec->channels,
                               codec->payload_type, std::move(fmtp)});
    }
    return local;
}

mixer::LegSettings leg_settings(const sdp::Stream& stream, const IpAddress& signalling) {
    mixer::LegSettings out;
    out.remote_rtp = stream.remote_rtp;
    out.remote_rtcp = stream.remote_rtcp;
    out.rtcp_mux = stream.rtcp_mux;
    // An address of 0.0.0.0 says nothing about where to send (RFC 3264 §8.4), unless ICE says it.
    out.send =
        sdp::sends(stream.direction) && (stream.ice || !stream.remote_rtp.ip.is_unspecified());
    out.receive = sdp::receives(stream.direction);
    out.sending = leg_format(stream.codecs.front());
    for (const auto& format : stream.receive) out.receiving.push_back(leg_format(format));
    if (stream.telephone_event) out.telephone_event = stream.telephone_event->payload_type;
    if (stream.redundancy) out.redundancy = stream.redundancy->payload_type;
    if (stream.comfort_noise) out.comfort_noise = stream.comfort_noise->payload_type;
    out.ptime = stream.ptime;
    out.voip_metrics = stream.voip_metrics;
    out.own_level = stream.read_extension;
    out.mixed_levels = stream.written_extension;
    out.trusted_sources = {signalling};
    if (stream.crypto) {
        out.send_key = media::srtp_key(stream.crypto->local);
        out.receive_key = media::srtp_key(stream.crypto->remote);
    }
    return out;
}

LegAccess leg_access(const sdp::Stream& stream, const sdp::LocalMedia& local) {
    LegAccess out;
    if (stream.dtls) out.dtls = media::dtls_peer(*stream.dtls);
    if (stream.ice) out.ice = media::ice_pair(*local.ice, *stream.ice);
    return out;
}

} // namespace lyceum::focus
