// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "server/b2bua/descriptions.hpp"
#include "server/b2bua/media_relays.hpp"
#include "sip/sdp/connection.hpp"
#include "sip/sdp/crypto.hpp"
#include "sip/sdp/description.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::b2bua {

/// The descriptions of one call whose media goes by us, RFC 7092 §3.2.1, RFC 7879 §4: what one side
/// says of how it is found and what it encrypts with is taken out, and ours put in its place, as
/// the other side understands it. Codecs, directions and all else pass as they are, so what the
/// ends agree on is theirs. Each RTP medium gets a relay, but no more than `relays_max`; what gets
/// none is refused where the two sides differ, and passes untouched where they do not.
///
/// Ends its relays with itself. Which message is an offer and which an answer is its owner's to
/// know.
class RelayedMedia {
public:
    using Side = rtp::Relay::Side;
    static constexpr std::size_t relays_max = 4; ///< Each takes four ports.
    static constexpr Side other(Side side) { return rtp::Relay::other(side); }

    /// How a side wants to be offered media. What it offers itself, and what it answers, says more.
    enum class Form {
        as_offered, ///< As the other side does, but for the addresses; ends have their own keys.
        plain,      ///< RTP/AVP: a gateway.
        secure,     ///< RTP/SAVP, keys in SDP (RFC 4568): a gateway that is reached by TLS.
        open,       ///< RTP/AVP with DTLS and ICE beside, for who can (RFC 8643): any phone.
        web,        ///< UDP/TLS/RTP/SAVPF (RFC 8829): a browser.
    };
    struct Party {
        IpAddress signalling; ///< Where its SIP comes from; unspecified: not known.
        Form form = Form::open;
    };
    enum class Turn { offer, answer };

    /// `parties` by their sides.
    RelayedMedia(MediaRelays& relays, Entropy& entropy, std::array<Party, 2> parties);
    ~RelayedMedia();
    RelayedMedia(const RelayedMedia&) = delete;
    RelayedMedia& operator=(const RelayedMedia&) = delete;

    /// What the other side is to be told of what this one has said. None: it cannot be read, is no
    /// answer to what was offered, or no port is free.
    std::optional<std::string> pass(Side from, std::string_view description, Turn turn);
    /// Both sides have made an offer, by their sides: what each is told as its answer. None: they
    /// cannot be read, have nothing in common or not the same media in the same order, or no port
    /// is free.
    std::optional<std::array<std::string, 2>> cross(const std::array<std::string, 2>& offers);
    /// Whether the other side's offer waits for what this one says to it.
    [[nodiscard]] bool awaits_answer_of(Side side) const { return offer_by_ == other(side); }
    /// Whether it was for want of a port that something could not be passed.
    [[nodiscard]] bool lacks_port() const { return lacks_port_; }
    /// The offer of this side has come to nothing: what was agreed on before holds (RFC 3264 §4).
    void withdraw(Side by);

    /// \name Somebody else takes the place of one end
    ///@{
    /// From now on this side is `party`, of whom nothing is known yet.
    void replace(Side side, Party party);
    /// An offer to the new one, as if the other side had made it now.
    std::optional<std::string> introduce(Side to);
    /// As whom the one who was replaced knows the other side.
    [[nodiscard]] std::optional<Origin> origin_for_replaced() const;
    /// He did not come: all is as it was before `replace`.
    void restore(Side side);
    ///@}

    [[nodiscard]] bool has(RelayId relay) const;

private:
    struct End {
        Party party;
        std::optional<sdp::Description> said, said_before;
        sdp::Ice ice;                  ///< Ours toward it.
        std::vector<sdp::Crypto> keys; ///< The same.
        std::uint64_t session = 0, version = 0;
        std::string told;  ///< Last, but for its o= line.
        std::string where; ///< In that.
    };
    using Medium = std::optional<MediaRelays::Opened>; ///< None: refused, or not ours.
    /// How one medium of one side is found and protected.
    struct Transport {
        std::string proto;
        std::string mid;
        bool mux = false, ice = false;
        std::string setup; ///< Empty: no DTLS.
        std::vector<sdp::Crypto> keys;
    };

    [[nodiscard]] End fresh(Party party);
    [[nodiscard]] bool passes_keys() const;
    std::optional<std::string> tell(Side to, const sdp::Description& description, Turn turn);
    bool open_all(const sdp::Description& description);
    [[nodiscard]] static IpAddress address_of(const End& end, std::size_t medium);
    [[nodiscard]] bool can_relay(const sdp::Media& media) const;
    [[nodiscard]] sdp::Media translated(Side to, std::size_t index, const sdp::Media& media,
                                        const sdp::Description& all, Turn turn) const;
    [[nodiscard]] Transport transport(Side to, std::size_t index, const sdp::Media& media,
                                      Turn turn) const;
    void configure(Side side);
    std::string with_origin(Side to, sdp::Description description);

    MediaRelays& relays_;
    Entropy& entropy_;
    std::array<End, 2> ends_;
    std::optional<Side> offer_by_; ///< Nobody has answered it.
    std::optional<End> spare_;     ///< Of who was there before `replace`.
    std::vector<Medium> media_;
    bool lacks_port_ = false;
};

} // namespace lyceum::b2bua
