// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/core.hpp"
#include "server/focus/action.hpp"
#include "server/focus/directory.hpp"
#include "server/focus/media_gateway.hpp"
#include "server/focus/prompt.hpp"
#include "server/focus/roster.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lyceum::focus {

/// One room in session: who is in it as what, who waits, who is heard by whom, and what may be done
/// by whom. Every action, by whatever skin, goes through `apply`. Knows neither SIP nor sound: what
/// follows from an action is put out.
class Conference {
public:
    static constexpr std::size_t groups_max = 200;
    static constexpr std::size_t text_max = 500; ///< Octets of an announcement or a name.
    static constexpr std::size_t name_max = 60;  ///< Of a name that is spoken.
    /// In a hall of more, nobody is told what he is as he comes in: each would cost an encoder.
    static constexpr std::size_t greeted_max = 100;
    static constexpr int pin_tries = 3;
    static constexpr int volume_min = -6, volume_max = 4; ///< Steps of 3 dB.
    static constexpr float sidebar_gain = 0.25f; ///< Of the others to those beside: −12 dB.
    /// To hear why he has to go.
    static constexpr Duration farewell = 5s;

    /// \name Outputs, beside commands for the mixer
    ///@{
    using Hearer = std::variant<mixer::LegId, mixer::CircleId>;
    struct Say { ///< To one in his language, or to a circle in the room's.
        Hearer to;
        Said said;
        std::string language;
    };
    struct Announce { ///< To be spoken, or the sound of this name; what cannot be is not.
        std::vector<Hearer> to;
        std::string text, language;
        bool is_sound = false;
    };
    struct HangUp {
        mixer::LegId leg;
        std::string_view why;
    };
    struct Dial {
        std::string target;
        Actor by;
    };
    struct Cross { ///< To another room.
        mixer::LegId leg;
        std::string room;
    };
    struct Record { ///< Who did what to whom, and what came of it.
        std::string who, whom, what, detail;
        By by;
        std::optional<Denial> denied;
    };
    ///@}
    using Output = std::variant<SetPart, SetCircle, RemoveCircle, Hush, Say, Announce, HangUp, Dial,
                                Cross, Record>;

    /// Circles are numbered from this one on, and no other conference uses these numbers.
    Conference(Room room, mixer::CircleId circle, TimePoint now);

    /// One comes, with what is known of him: leg, names, `member`; the rest is decided here.
    struct Newcomer {
        Participant shown;
        std::optional<Role> role{}; ///< That he has in this room whenever he comes.
        std::string language{};     ///< That he wants; empty: the room's.
        bool invited = false;       ///< By a host: no PIN and no lobby.
    };
    void join(Newcomer newcomer, TimePoint now);
    /// Another call comes in the place of one that is here: what that was, it is, but for its
    /// names and its sound; nobody hears of it.
    void take_over(mixer::LegId from, Newcomer by);
    void leave(mixer::LegId leg, TimePoint now);
    /// What was agreed for his sound is another.
    void set_sound(mixer::LegId leg, bool sends, bool receives);
    /// From one conference to another: whom this one gives away, and the other takes in as he is.
    std::optional<Newcomer> take_out(mixer::LegId leg, TimePoint now);

    std::optional<Denial> apply(const Action& action, const Actor& by, TimePoint now);
    /// Whether these digits are a PIN that would change something for him.
    [[nodiscard]] bool is_pin(mixer::LegId leg, std::string_view digits) const;
    /// Digits that might be one. Nothing happens where none is wanted.
    void enter_pin(mixer::LegId leg, std::string_view digits, TimePoint now);
    /// What was configured has changed.
    void set_room(Room room, TimePoint now);
    void say(mixer::LegId leg, Said said);
    void hush(mixer::LegId leg); ///< What is being said to him ends.
    void handle_timeout(TimePoint now);

    std::optional<Output> poll();
    [[nodiscard]] std::optional<TimePoint> deadline() const;

    [[nodiscard]] const Room& room() const { return room_; }
    [[nodiscard]] const RoomPolicy& policy() const { return room_.policy; }
    [[nodiscard]] bool is_locked() const { return locked_; }
    [[nodiscard]] bool is_lecture() const { return lecture_; }
    [[nodiscard]] mixer::CircleId circle() const { return circle_; }
    /// In the order in which they came, without those who have to go.
    [[nodiscard]] std::vector<Participant> participants() const;
    [[nodiscard]] std::optional<Participant> participant(mixer::LegId leg) const;
    [[nodiscard]] std::size_t inside_count() const;
    [[nodiscard]] Standing standing_of(const Actor& by) const;
    /// Who waits to speak, the first first.
    [[nodiscard]] const std::vector<mixer::LegId>& queue() const { return queue_; }
    /// The roster is another than when this was asked last.
    [[nodiscard]] bool take_changed() { return std::exchange(changed_, false); }

private:
    struct Seat {
        Participant shown;
        std::optional<Role> role; ///< Given to him; else it follows from the policy.
        std::string language;
        bool silenced = false; ///< By himself or by a host; `shown.muted` is what is heard of it.
        int voice_volume = 0, ear_volume = 0, tries = 0;
        std::optional<TimePoint> goes{}; ///< He has to leave, and hears why.
        std::string_view why{};
        std::optional<mixer::Part> part{}; ///< As it was put out last.
    };
    using Targets = std::vector<Seat*>;

    [[nodiscard]] bool wants_host_pin(const Seat& seat) const;
    Seat* find(mixer::LegId leg);
    [[nodiscard]] const Seat* find(mixer::LegId leg) const;
    [[nodiscard]] const Policy& policy_of(const Seat& seat) const;
    std::optional<Denial> carry_out(const Action& action, const Actor& by, TimePoint now);
    std::optional<Denial> do_to(Seat& seat, const Action& action, bool by_himself, TimePoint now);
    std::optional<Denial> do_to_room(const Action& action, const Actor& by, TimePoint now);
    /// Whom an action without a target is about, if not him who acts: who has waited longest.
    [[nodiscard]] std::optional<mixer::LegId> next_for(Action::Kind kind) const;
    Result<Targets, Denial> targets_of(const Action& action, const Actor& by);
    std::optional<Denial> silence(Seat& seat, const Action& action, bool by_himself);
    std::optional<Denial> raise_hand(Seat& seat, bool up);
    std::optional<Denial> call_up(Seat& seat);
    std::optional<Denial> move(Seat& seat, const std::string& group, bool hears_the_others);
    std::optional<Denial> announce(const Action& action, const Actor& by);
    [[nodiscard]] static bool is_meant(const Seat& seat, const Action& action);
    std::optional<Denial> set_lecture(bool on);
    void enter(Seat& seat, bool past_lobby, TimePoint now);
    void come_in(Seat& seat, TimePoint now);
    void dismiss(Seat& seat, Prompt prompt, std::string_view why, TimePoint now);
    void dismiss_all(std::string_view why, TimePoint now);
    void set_group(Seat& seat, const std::string& group);
    void drop(mixer::LegId leg, TimePoint now);
    void unqueue(mixer::LegId leg);
    void say(const Seat& seat, Said said);
    void tell_hosts(Said said);
    void tell_of(const Seat& seat, bool comes);
    void update(Seat& seat);
    void update_all();
    void watch_hosts(TimePoint now);
    [[nodiscard]] mixer::Part part_of(const Seat& seat) const;
    [[nodiscard]] std::string name_for_record(const Action& action, const Actor& by) const;

    Room room_;
    mixer::CircleId circle_;
    std::uint64_t last_circle_;
    bool locked_ = false, lecture_ = false, had_host_ = false, changed_ = false;
    TimePoint began_;
    bool warned_ = false;           ///< That there is little time left.
    std::optional<TimePoint> ends_; ///< Without a host.
    std::map<mixer::LegId, Seat> seats_;
    std::vector<mixer::LegId> queue_;
    std::map<std::string, mixer::CircleId> groups_;
    std::deque<Output> outputs_;
};

static_assert(SansIoCore<Conference>);

} // namespace lyceum::focus
