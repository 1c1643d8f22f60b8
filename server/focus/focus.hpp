// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/log.hpp"
#include "base/random.hpp"
#include "server/focus/directory.hpp"
#include "server/focus/media_gateway.hpp"
#include "server/focus/roster.hpp"
#include "server/identity/identity.hpp"
#include "server/records/call_records.hpp"
#include "sip/dialog/user_agent.hpp"
#include "sip/sdp/offer_answer.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace lyceum::focus {

/// The conference focus, RFC 4353 §2: the user agent that every participant of a conference has a
/// dialog with. Answers INVITEs to rooms, opens a conference with its first participant and ends it
/// after the last, negotiates media, and keeps the roster. `echo` is a conference of one who hears
/// himself.
///
/// A core beside the SIP user agent that it commands: it gets the agent's events from the driver
/// and calls its commands. Media is behind MediaGateway, rooms behind Directory; who calls is said
/// by Identity.
class Focus {
public:
    static constexpr std::string_view echo_name = "echo";
    static constexpr int pin_tries = 3;
    static constexpr std::size_t pin_digits_max = 16;

    struct Options {
        std::size_t conferences_max = 10'000;
        std::string dtls_fingerprint; ///< Of the media side's certificate; empty: no DTLS.
    };

    Focus(Options options, sip::UserAgent& agent, Directory& directory,
          identity::Identity& identity, MediaGateway& media, records::CallRecords& records,
          Random& random, Entropy& entropy, Log& log);

    void handle_call(sip::IncomingCall call, TimePoint now);
    void handle_session(const sip::SessionEvent& event, TimePoint now);
    /// A key was pressed on a leg: digits of a PIN, ended by # or by being right.
    void handle_digit(mixer::LegId leg, char digit, TimePoint now);
    /// No media came for too long: a ghost is hung up.
    void handle_leg_lost(mixer::LegId leg, TimePoint now);

    /// Where a participant of a spatial room is, and whom his voice is for. False: there is no such
    /// participant, his room is not spatial, whom he would whisper to is not in it, or it is no
    /// place.
    bool place(mixer::LegId leg, const mixer::Place& place);

    /// BYE to everyone.
    void end_all(std::string_view reason, TimePoint now);

    [[nodiscard]] std::size_t conference_count() const { return conferences_.size(); }
    [[nodiscard]] std::size_t leg_count() const { return legs_.size(); }
    /// Participants of a room in session; 0 if it is not.
    [[nodiscard]] std::size_t participants(std::string_view room) const;
    /// Who takes part, in the order in which they came.
    [[nodiscard]] std::vector<Participant> roster(std::string_view room) const;
    /// The rooms, in lower case, whose roster is another than when this was asked last.
    [[nodiscard]] std::set<std::string> take_changed() { return std::exchange(changed_, {}); }

private:
    struct Conference {
        ConferenceId id;
        bool spatial = false;
        std::size_t legs = 0;
    };
    struct Leg {
        sip::SessionId session;
        std::string conference; ///< Key in conferences_.
        SocketAddress local_rtp;
        IpAddress signalling;
        sdp::OfferAnswer negotiation;
        sdp::Protection encryption = sdp::Protection::preferred;
        std::vector<sdp::Crypto> keys; ///< Ours: for the life of the leg.
        sdp::Ice ice;                  ///< The same.
        bool admitted = true, host = false;
        mixer::SoundCareOptions care;
        std::string pin, host_pin, digits;
        int tries = 0;
        records::RecordId record{};
        Participant shown{};     ///< What others see of it…
        bool configured = false; ///< …once it has its media.
    };

    std::optional<Room> find_room(const sip::IncomingCall& call, TimePoint now);
    bool authenticate(const sip::IncomingCall& call, TimePoint now);
    Conference& join_conference(const std::string& key, ConferenceSound sound);
    void answer_call(const sip::IncomingCall& call, mixer::LegId id, Leg& leg, TimePoint now);
    void handle_offer(mixer::LegId id, Leg& leg, const std::string& offer, TimePoint now);
    void handle_answer(mixer::LegId id, Leg& leg, const std::string& answer, TimePoint now);
    void configure(mixer::LegId id, Leg& leg);
    void throw_out(mixer::LegId id, std::string_view reason, TimePoint now);
    void turn_away(const sip::IncomingCall& call, mixer::LegId id, int status,
                   const std::string& why, TimePoint now);
    void remove(mixer::LegId id, std::string_view why, TimePoint now);
    [[nodiscard]] sdp::LocalMedia local_media_of(const Leg& leg) const;
    Leg* leg_of(sip::SessionId session, mixer::LegId& id);

    Options options_;
    sip::UserAgent& agent_;
    Directory& directory_;
    identity::Identity& identity_;
    MediaGateway& media_;
    records::CallRecords& records_;
    Random& random_;
    Entropy& entropy_;
    Log& log_;
    std::uint64_t last_id_ = 0;
    std::map<std::string, Conference> conferences_; ///< By room name in lower case.
    std::map<mixer::LegId, Leg> legs_;
    std::map<sip::SessionId, mixer::LegId> sessions_;
    std::set<std::string> changed_;
};

} // namespace lyceum::focus
