// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/sdp/connection.hpp"
#include "sip/sdp/crypto.hpp"
#include "sip/sdp/description.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace lyceum::sdp {

/// A codec that we can send and receive, as SDP names it. `payload_type` is what we propose in
/// offers; in an answer the offer's number is used (RFC 3264 §6.1).
struct Codec {
    std::string name;
    std::uint32_t clock_rate = 8000;
    unsigned channels = 1;
    std::uint8_t payload_type = 0;
    std::string fmtp; ///< What we tell the peer about our receiver.

    [[nodiscard]] bool matches(const Format& format) const;
};

/// What we bring to a negotiation: where we receive, and codecs in the order of our preference.
/// Video will be one more such field; until then its m-lines are refused.
struct LocalMedia {
    SocketAddress rtp;
    std::vector<Codec> audio;
    std::chrono::milliseconds ptime{20};       ///< Where the peer wishes for none.
    Direction direction = Direction::sendrecv; ///< The most that we want.
    Protection protection = Protection::off;
    /// A key of ours for each suite that we know, in the order of our preference, tags from 1.
    std::vector<Crypto> crypto;
    std::string fingerprint; ///< Of our certificate; empty: no DTLS.
    std::optional<Ice> ice;  ///< Ours, of the lite side; none: no ICE.
    /// Of header extensions (RFC 8285): what we read of the peer, and what we can tell it. Empty:
    /// none.
    std::string_view reads_extension, writes_extension;
    std::string label; ///< By which the stream is known elsewhere (RFC 4574); empty: it is not.
};

/// What both sides agreed on for one audio stream.
struct Stream {
    std::size_t index = 0;    ///< Of its m-line.
    SocketAddress remote_rtp; ///< Unspecified address: held the old way.
    SocketAddress remote_rtcp;
    bool rtcp_mux = false;
    Direction direction = Direction::sendrecv; ///< Seen from us.
    std::vector<Format> codecs;  ///< Both can; the first is what we send. Numbers of the peer.
    std::vector<Format> receive; ///< The same with the numbers that the peer sends to us.
    std::optional<Format> telephone_event;
    std::optional<Format> comfort_noise;
    std::optional<Format> redundancy; ///< RED (RFC 2198) around the first codec.
    std::chrono::milliseconds ptime{20};
    bool voip_metrics = false;        ///< The peer wants them in extended reports (RFC 3611 §5).
    std::optional<CryptoPair> crypto; ///< Keys that came in SDP…
    std::optional<Dtls> dtls;         ///< …or how to come to keys. Neither: in clear.
    std::optional<Ice> ice;           ///< Of the peer: its checks say where it is.
    std::optional<std::string> mid;   ///< RFC 5888; of the line that we took.
    std::optional<std::uint8_t> read_extension, written_extension; ///< Their numbers, if agreed.
    bool bundled = false;

    [[nodiscard]] bool is_encrypted() const { return crypto || dtls; }

    bool operator==(const Stream&) const = default;
};

/// The offer/answer state of one session, RFC 3264, between two descriptions at a time: ours and
/// the peer's. Audio only: the first audio line that both can is used, an encrypted one before one
/// in clear; every other medium is refused with port 0 and keeps its place. What was encrypted once
/// stays so: an offer or answer that would take it back is refused. `stream()` is empty while
/// nothing is agreed.
///
/// It does not know how offers travel (that is sip/dialog) and holds no media.
class OfferAnswer {
public:
    enum class State { idle, local_offer, remote_offer, stable };

    OfferAnswer(std::uint64_t session_id, std::string session_name);

    /// Takes an offer; 488 is the right answer to a fault. An offer while ours is open is glare,
    /// which sip/dialog refuses with 491 before it comes here.
    std::optional<Fault> handle_offer(std::string_view text);
    /// What an answer to the open offer would agree on, if it can be answered at all.
    [[nodiscard]] std::optional<Stream> prospect(const LocalMedia& local) const;
    /// The answer to the offer taken before: the same number and order of m-lines. Nothing in
    /// common at all is a fault, and the old agreement stays.
    Result<std::string, Fault> answer(const LocalMedia& local);

    /// An offer of ours: the media agreed before keep their lines (§8).
    std::string offer(const LocalMedia& local);
    std::optional<Fault> handle_answer(std::string_view text);
    /// The offer was refused or withdrawn: what was agreed before holds (§4).
    void roll_back();

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] const std::optional<Stream>& stream() const { return stream_; }
    [[nodiscard]] std::string local_text() const { return local_.to_string(); }

private:
    Description skeleton(const LocalMedia& local);
    [[nodiscard]] std::optional<Stream> choose(const LocalMedia& local) const;
    [[nodiscard]] LocalMedia not_below_agreed(LocalMedia local) const;
    void add_connection(Description& out, Media& media, const Stream& stream,
                        const LocalMedia& local) const;
    static void add_description(Media& media, const Stream& stream, const LocalMedia& local);
    Media answer_audio(const Media& offered, const Stream& stream, const LocalMedia& local) const;
    void keep(Description next);

    std::uint64_t session_id_;
    std::string session_name_;
    std::uint64_t version_ = 0;
    State state_ = State::idle;
    bool agreed_ = false;
    Description local_, remote_, previous_local_;
    LocalMedia offered_;
    std::optional<Stream> stream_;
};

/// What a peer's audio line and we have in common; nothing if no codec is shared, or if one side
/// insists on encryption and the other cannot.
std::optional<Stream> match(const Description& peer, std::size_t index, const LocalMedia& local);

} // namespace lyceum::sdp
