// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline_queue.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "server/focus/conference.hpp"
#include "server/focus/keypad.hpp"
#include "server/focus/referrals.hpp"
#include "server/identity/identity.hpp"
#include "server/records/call_records.hpp"
#include "sip/dialog/user_agent.hpp"
#include "sip/sdp/offer_answer.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace lyceum::focus {

/// The conference focus, RFC 4353 §2: the user agent that every participant of a conference has a
/// dialog with. Answers INVITEs to rooms, calls others in, opens a conference with its first
/// participant and ends it after the last, and negotiates media. What goes on in a room is
/// Conference's; this joins it to SIP, to the keys of telephones, and to the mixer. `echo` is a
/// conference of one who hears himself; a call to the factory makes a room that lasts as long as
/// somebody is in it (RFC 4579 §5.4).
///
/// A core beside the SIP user agent that it commands: it gets the agent's events from the driver
/// and calls its commands. Media is behind MediaGateway, rooms behind Directory; who calls is said
/// by Identity.
class Focus {
public:
    static constexpr std::string_view echo_name = "echo";
    /// Of one INVITE or one command, to be called into a room.
    static constexpr std::size_t called_at_once_max = 200;
    static constexpr std::size_t looked_at_once_max = 500;
    static constexpr std::size_t spoken_max = 100; ///< Announcements that wait to be spoken.

    struct Options {
        std::size_t conferences_max = 10'000;
        std::string dtls_fingerprint; ///< Of the media side's certificate; empty: no DTLS.
        std::string factory = "conference";
        /// The member of ours that a URI names; empty: it names none.
        std::function<std::string(std::string_view uri)> member_named = [](std::string_view) {
            return std::string();
        };
        /// The language that a member wants; empty: none in particular.
        std::function<std::string(std::string_view member)> language_of = [](std::string_view) {
            return std::string();
        };
        /// A name of ours, or a number, as a URI to call.
        std::function<std::string(std::string_view name)> uri_of = [](std::string_view name) {
            return "sip:" + std::string(name) + "@localhost";
        };
        /// Whom a target stands for: the members of a group, or itself.
        std::function<std::vector<std::string>(std::string_view target)> expand =
            [](std::string_view target) { return std::vector{std::string(target)}; };
        /// A sound that is kept here: an Opus file. None: there is none of this name.
        std::function<std::shared_ptr<const Bytes>(std::string_view name)> sound_named =
            [](std::string_view) { return nullptr; };
        /// Whom else an INVITE asks to be called (RFC 5366).
        std::function<std::vector<std::string>(const sip::Message& invite)> invited_by =
            [](const sip::Message&) { return std::vector<std::string>(); };
    };

    /// \name Outputs
    ///@{
    struct Speak { ///< Answer with `handle_spoken`, or not at all.
        std::uint64_t id;
        std::string text, language;
    };
    struct Noted { ///< For the audit log.
        std::string room;
        Conference::Record record;
    };
    struct Written {        ///< By who is in the room, in his call: answer the transaction.
        std::string room;   ///< In lower case.
        std::string member; ///< Empty: a guest.
        std::string name;   ///< For people.
        sip::SessionId session;
        sip::RequestReceived received;
    };
    ///@}
    using Output = std::variant<Speak, Noted, Written>;

    Focus(Options options, sip::UserAgent& agent, Directory& directory,
          identity::Identity& identity, MediaGateway& media, records::CallRecords& records,
          Random& random, Entropy& entropy, Log& log);

    void handle_call(sip::IncomingCall call, TimePoint now);
    void handle_session(const sip::SessionEvent& event, TimePoint now);
    void handle_refer(const sip::ReferReceived& received, TimePoint now);
    void handle_digit(mixer::LegId leg, char digit, TimePoint now);
    /// No media came for too long: a ghost is hung up.
    void handle_leg_lost(mixer::LegId leg, TimePoint now);
    void handle_spoken(std::uint64_t id, std::vector<mixer::Sample> sound);
    /// Rooms may be configured differently: those in session follow, so many with each call.
    void handle_rooms(TimePoint now);
    void handle_timeout(TimePoint now);

    std::optional<Denial> apply(std::string_view room, const Action& action, const Actor& by,
                                TimePoint now);
    /// From one room to another, without any of his SIP or media changing. False: there is no such
    /// participant or room, it is full or locked, or it sounds differently.
    bool cross(mixer::LegId leg, std::string_view room, TimePoint now);
    /// Where a participant of a spatial room is, and whom his voice is for. False: there is no such
    /// participant, his room is not spatial, whom he would whisper to is not in it, or it is no
    /// place.
    bool place(mixer::LegId leg, const mixer::Place& place);
    /// BYE to everyone.
    void end_all(std::string_view reason, TimePoint now);

    std::optional<Output> poll();
    [[nodiscard]] std::optional<TimePoint> deadline() const { return deadlines_.deadline(); }

    /// A room that is nowhere but here: the factory, and those that it made.
    [[nodiscard]] bool has_own_room(std::string_view name) const;
    [[nodiscard]] std::size_t conference_count() const { return sessions_in_.size(); }
    [[nodiscard]] std::size_t leg_count() const { return legs_.size(); }
    /// Participants of a room in session; 0 if it is not.
    [[nodiscard]] std::size_t participants(std::string_view room) const;
    /// In lower case; empty: there is no such leg.
    [[nodiscard]] std::string room_with(mixer::LegId leg) const;
    /// Who takes part, in the order in which they came.
    [[nodiscard]] std::vector<Participant> roster(std::string_view room) const;
    /// The calls of those in the room whom we know by nothing else.
    [[nodiscard]] std::vector<sip::SessionId> guests(std::string_view room) const;
    /// None: it is not in session.
    [[nodiscard]] const Conference* conference(std::string_view room) const;
    /// The rooms, in lower case, whose roster is another than when this was asked last.
    [[nodiscard]] std::set<std::string> take_changed() { return std::exchange(changed_, {}); }

private:
    struct InSession {
        ConferenceId media; ///< May be shared with another room, since somebody has crossed over.
        ConferenceSound sound;
        std::optional<Conference> conference; ///< None: an echo.
        std::size_t legs = 0, called = 0;     ///< And how many of them are still being called.
    };
    struct Leg {
        sip::SessionId session;
        std::string room; ///< Key in sessions_in_.
        SocketAddress local_rtp;
        IpAddress signalling;
        sdp::OfferAnswer negotiation;
        sdp::Protection encryption = sdp::Protection::preferred;
        std::vector<sdp::Crypto> keys; ///< Ours: for the life of the leg.
        sdp::Ice ice;                  ///< The same.
        mixer::SoundCareOptions care;
        records::RecordId record{};
        Conference::Newcomer newcomer{};        ///< Until he has sound.
        std::optional<mixer::LegId> replaces{}; ///< The same: in whose place he comes.
        bool joined = false;
        Keypad keypad{};
        std::optional<Referrals::Id> referral{}; ///< Who asked for this call is told of it.

        [[nodiscard]] bool is_called() const { return !joined && !newcomer.shown.dialled_in; }
    };

    void handle_replacement(const sip::IncomingCall& call, TimePoint now);
    std::optional<Room> find_room(const sip::IncomingCall& call, TimePoint now);
    struct Caller {
        std::string member;
        bool answered = false; ///< He was asked for a password, and has to come again.
    };
    Caller identify(const sip::IncomingCall& call, const Room& room, std::string_view in_place_of,
                    TimePoint now);
    std::optional<int> refusal_of(const Room& room, const InSession* session,
                                  const std::string& member) const;
    std::string make_room(const std::string& creator);
    InSession& open_session(const std::string& key, Room room, TimePoint now,
                            std::optional<ConferenceId> within = {});
    std::optional<Room> room_of(std::string_view name);
    Leg& add_leg(mixer::LegId id, const std::string& key, const Room& room);
    Leg& add_caller(const sip::IncomingCall& call, mixer::LegId id, const std::string& key,
                    const Room& room, const std::string& member, TimePoint now);
    void take_over(Leg& leg, TimePoint now);
    void end_replaced(Leg& leg, TimePoint now);
    void bind(mixer::LegId id, sip::SessionId session);
    void answer_call(const sip::IncomingCall& call, mixer::LegId id, Leg& leg, TimePoint now);
    bool open_media(mixer::LegId id, Leg& leg, const MediaSource& source);
    void dial(const std::string& key, const Conference::Dial& wanted, TimePoint now);
    bool dial_one(const std::string& key, const std::string& uri, const Actor& by, TimePoint now);
    void handle_offer(mixer::LegId id, Leg& leg, const std::string& offer, TimePoint now);
    void handle_answer(mixer::LegId id, Leg& leg, const std::string& answer, TimePoint now);
    void handle_written(mixer::LegId id, const sip::InviteSession::Written& written, TimePoint now);
    void handle_referral(mixer::LegId id, const sip::InviteSession::Referred& referred,
                         TimePoint now);
    std::optional<Actor> actor_of(const sip::ReferReceived& received, const std::string& key,
                                  TimePoint now);
    /// The status to refuse with, or what is to be done.
    Result<Action, int> action_of(const std::string& key, const sip::Referral& what,
                                  const Actor& by) const;
    void refer(const std::string& key, const Action& action, const Actor& by,
               std::optional<Referrals::Id> referral, TimePoint now);
    void tell_referrer(Leg& leg, int status, std::string_view reason, TimePoint now);
    void configure(mixer::LegId id, Leg& leg, TimePoint now);
    void carry_out(std::string key, TimePoint now);
    void play(ConferenceId media, const Conference::Say& say);
    void play(ConferenceId media, const Conference::Announce& announce);
    void speak(const std::string& key, Conference::Announce announce);
    void throw_out(mixer::LegId id, std::string_view reason, TimePoint now);
    void turn_away(const sip::IncomingCall& call, mixer::LegId id, int status,
                   const std::string& why, TimePoint now);
    void remove(mixer::LegId id, std::string_view why, TimePoint now);
    void end_calls_of(const std::string& key, TimePoint now);
    void end_if_empty(const std::string& key);
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
    Referrals referrals_;
    std::optional<Referrals::Id> referral_; ///< That the next call into a room is about.
    std::uint64_t last_id_ = 0;
    std::map<std::string, InSession> sessions_in_; ///< By room name in lower case.
    std::map<std::string, Room> own_rooms_; ///< That the factory made, in session or not yet.
    std::map<mixer::LegId, Leg> legs_;
    std::map<sip::SessionId, mixer::LegId> sessions_;
    std::map<std::uint64_t, std::pair<std::string, Conference::Announce>> spoken_; ///< Soon.
    DeadlineQueue<std::string> deadlines_;
    std::string last_looked_at_; ///< Of the rooms in session.
    std::set<std::string> changed_;
    std::deque<Output> outputs_;
};

static_assert(SansIoCore<Focus>);

} // namespace lyceum::focus
