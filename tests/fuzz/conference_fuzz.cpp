// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "server/focus/conference.hpp"
#include "server/focus/keypad.hpp"
#include "tests/fuzz/targets.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace lyceum::fuzz {
namespace {

using namespace focus;

/// One room driven by the input: people come and go, press keys, and act on each other; its rules
/// change meanwhile, and time passes.
class Lesson {
public:
    explicit Lesson(ByteView input) : in_(input) {}

    void run() {
        while (in_.left() > 0) {
            act(in_.u8());
            drain();
            check();
        }
    }

private:
    static Room room_for(unsigned bits) {
        Room room{"lesson"};
        room.access = bits & 1 ? Access::pin : Access::open;
        room.pin = "12";
        room.host_pin = "99";
        auto& policy = room.policy.all;
        policy.lobby = static_cast<Lobby>((bits >> 1) % 3);
        policy.lecture = bits & 8;
        policy.speak = static_cast<Who>((bits >> 4) % 4);
        policy.end_after_host = std::chrono::seconds(bits & 64 ? 30 : 0);
        policy.time_limit = std::chrono::minutes(bits & 128 ? 10 : 0);
        room.policy.by_role.fill(policy);
        return room;
    }

    void act(std::uint8_t what) {
        const auto argument = in_.u8();
        switch (what % 8) {
        case 0: {
            if (parts_.size() > 20) return;
            Participant shown{mixer::LegId{++last_}, "sip:p@x", "P"};
            if (argument & 1) shown.member = "m" + std::to_string(last_);
            if (argument & 16 && !parts_.empty())
                return take_over(some(argument), std::move(shown));
            parts_[shown.leg];
            const auto role = argument & 2 ? std::optional(Role::host) : std::nullopt;
            return conference_.join({shown, role, {}, (argument & 12) == 12}, now_);
        }
        case 1: return leave(some(argument));
        case 2: now_ += Duration(argument * 100ms); return conference_.handle_timeout(now_);
        case 3: return conference_.set_room(room_for(argument), now_);
        case 4:
        case 5: {
            const auto leg = some(in_.u8());
            static constexpr std::string_view keys = "0123456789*#*#99";
            return keypads_[leg].press(conference_, leg, keys[argument % keys.size()], now_);
        }
        default: {
            static const std::string texts[] = {"", "host", "listener", "red", "blue"};
            Action action{
                static_cast<Action::Kind>(argument % static_cast<int>(Action::Kind::count_))};
            action.whom = static_cast<Action::Whom>(in_.u8() % 5);
            action.target = some(in_.u8());
            action.amount = static_cast<int>(in_.u8()) - 128;
            action.text = action.group = texts[in_.u8() % std::size(texts)];
            const auto by = some(in_.u8());
            conference_.apply(action, {By::web, by, "x", (what & 64) != 0}, now_);
        }
        }
    }

    /// What he was, the next one is.
    void take_over(mixer::LegId old, Participant next) {
        const auto was = conference_.participant(old);
        if (!was) return; // He has to go.
        const auto leg = next.leg;
        next.member = was->member; // Nobody else takes a member's seat.
        parts_[leg];
        conference_.take_over(old, {std::move(next)});
        leave(old);
        const auto is = conference_.participant(leg);
        LYCEUM_ASSERT(is && is->state == was->state && is->role == was->role);
        LYCEUM_ASSERT(is->hand == was->hand && is->group == was->group);
    }

    mixer::LegId some(unsigned number) {
        if (parts_.empty()) return mixer::LegId{99};
        return std::next(parts_.begin(), static_cast<std::ptrdiff_t>(number % parts_.size()))
            ->first;
    }

    void leave(mixer::LegId leg) {
        conference_.leave(leg, now_);
        parts_.erase(leg);
        keypads_.erase(leg);
    }

    void drain() {
        while (auto output = conference_.poll()) {
            if (const auto* set = std::get_if<SetPart>(&*output)) {
                if (parts_.contains(set->leg)) parts_[set->leg] = set->part;
            } else if (const auto* circle = std::get_if<SetCircle>(&*output)) {
                circles_.insert(circle->circle);
            } else if (const auto* gone = std::get_if<RemoveCircle>(&*output)) {
                LYCEUM_ASSERT(circles_.erase(gone->circle) == 1);
            } else if (const auto* hang = std::get_if<Conference::HangUp>(&*output)) {
                leave(hang->leg);
            }
        }
    }

    /// What the mixer was told is what the roster says, and both keep the rules.
    void check() const {
        std::size_t hands = 0;
        std::set<mixer::LegId> roster;
        for (const auto& who : conference_.participants()) {
            roster.insert(who.leg);
            const auto& part = parts_.at(who.leg);
            LYCEUM_ASSERT(part.admitted == who.is_inside());
            LYCEUM_ASSERT(part.speaks == !who.muted);
            LYCEUM_ASSERT(part.hears == !who.deaf);
            LYCEUM_ASSERT(part.always_heard == who.is_host());
            // Who may only listen is heard with the floor, or not at all.
            LYCEUM_ASSERT(who.role != Role::listener || who.has_floor || !part.speaks);
            LYCEUM_ASSERT(circles_.contains(part.circle));
            LYCEUM_ASSERT(who.group.empty() == (part.circle == conference_.circle()));
            LYCEUM_ASSERT(!who.is_inside() || who.hand <= conference_.queue().size());
            hands += who.hand > 0;
        }
        LYCEUM_ASSERT(hands == conference_.queue().size());
        for (std::size_t i = 0; i < hands; ++i) {
            const auto who = conference_.participant(conference_.queue()[i]);
            LYCEUM_ASSERT(who && who->hand == i + 1 && who->is_inside());
        }
        // Who has to go is heard by nobody meanwhile.
        for (const auto& [leg, part] : parts_)
            LYCEUM_ASSERT(roster.contains(leg) || !part.admitted || !part.speaks);
        LYCEUM_ASSERT(conference_.inside_count() <= roster.size());
    }

    ByteReader in_;
    TimePoint now_{};
    Conference conference_{room_for(0), mixer::CircleId{1}, now_};
    std::uint64_t last_ = 0;
    std::map<mixer::LegId, mixer::Part> parts_;
    std::map<mixer::LegId, Keypad> keypads_;
    std::set<mixer::CircleId> circles_;
};

} // namespace

void fuzz_conference(ByteView input) { Lesson(input).run(); }

} // namespace lyceum::fuzz
