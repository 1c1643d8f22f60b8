// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/strong_id.hpp"
#include "mixer/media_leg.hpp"
#include "mixer/part.hpp"
#include "mixer/sound_source.hpp"
#include "mixer/space.hpp"
#include "rtp/dtls.hpp"
#include "rtp/ice_lite.hpp"

#include <optional>
#include <variant>

namespace lyceum::focus {

using ConferenceId = StrongId<struct ConferenceTag>;

/// What has to happen on a leg's port before there is sound.
struct LegAccess {
    std::optional<rtp::DtlsPeer> dtls; ///< Keys come from this handshake, not from the settings.
    std::optional<rtp::IcePair> ice;   ///< The peer's checks say where it is, not the settings.

    bool operator==(const LegAccess&) const = default;
};

/// What is known, before anything is agreed, of where a leg's media will come from.
struct MediaSource {
    IpAddress signalling;                   ///< Where its SIP comes from.
    std::optional<SocketAddress> announced; ///< In SDP; none before its first description.
    bool ice = false;                       ///< Its checks will say who it is.

    /// Whether its packets can be told from those of others on the same port: it does ICE, or it
    /// seems to be where it says and not behind a NAT that would send from somewhere else.
    [[nodiscard]] bool is_told_apart() const {
        return ice || (announced && announced->ip == signalling);
    }
};

/// What a conference is as sound.
struct ConferenceSound {
    bool echo = false;            ///< Everyone hears himself and nobody else.
    std::size_t speakers_max = 8; ///< So many are heard at once.
    bool spatial = false;         ///< Voices come from where their owners are; 10 ms frames.
};

/// \name What a conference is told while it goes on: it takes effect at its next tick.
///@{
struct SetPart { ///< Also of a leg that has no sound yet, as what is played to it.
    mixer::LegId leg;
    mixer::Part part;
};
struct SetPlace { ///< Of a leg of a spatial conference: where it is from now on.
    mixer::LegId leg;
    mixer::Place place;
};
struct SetCircle {
    mixer::CircleId circle;
    mixer::CircleOptions options;
};
struct RemoveCircle {
    mixer::CircleId circle;
};
struct Play {
    std::variant<mixer::LegId, mixer::CircleId> to;
    mixer::Sound sound;
};
struct Hush { ///< What is played to this leg alone, or to this circle, ends.
    std::variant<mixer::LegId, mixer::CircleId> whom;
};
///@}
using MediaCommand = std::variant<SetPart, SetPlace, SetCircle, RemoveCircle, Play, Hush>;

/// A port: the media side of the conferences. The edge posts these to the media thread that the
/// conference is pinned to; the simulator calls ConferenceMedia at once. What the media side has to
/// say comes back by `Focus::handle_digit` and `handle_leg_lost`.
class MediaGateway {
public:
    virtual ~MediaGateway() = default;
    virtual void begin(ConferenceId conference, ConferenceSound sound) = 0;
    virtual void end(ConferenceId conference) = 0;
    /// Gives a leg a port, of its own or beside legs of the same conference that can be told from
    /// it, and says which, as the peer sees us. None: no port is free.
    virtual std::optional<SocketAddress> open(ConferenceId conference, mixer::LegId leg,
                                              const MediaSource& source) = 0;
    /// The first time the leg joins the mix, then its settings change.
    virtual void configure(ConferenceId conference, mixer::LegId leg, LegAccess access,
                           mixer::LegSettings settings) = 0;
    virtual void tell(ConferenceId conference, MediaCommand command) = 0;
    /// All of `other`, which sounds alike, becomes part of `conference`: from now on its legs and
    /// circles are known by that name, and `other` is none any more. Nobody hears of it.
    virtual void absorb(ConferenceId conference, ConferenceId other) = 0;
    virtual void close(ConferenceId conference, mixer::LegId leg) = 0;
};

} // namespace lyceum::focus
