// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/focus/media_gateway.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

namespace lyceum::net {

/// Which media thread each conference is on: the one with the fewest legs when it begins, and
/// another later, when people have come and gone so that one thread has much more to do than
/// another. Counts legs; it knows nothing of threads but their numbers.
class Placement {
public:
    /// Threads may differ by so many legs: to move a conference costs a tick of care, and what is
    /// uneven by so little is late for nobody.
    static constexpr std::size_t difference_max = 32;

    explicit Placement(std::size_t threads) : load_(threads) {}

    std::size_t begin(focus::ConferenceId conference); ///< The thread.
    void end(focus::ConferenceId conference);          ///< Has no legs any more.
    /// The legs of `other` are the conference's, on its thread, and `other` is no more.
    void absorb(focus::ConferenceId conference, focus::ConferenceId other);
    void add_leg(focus::ConferenceId conference);
    void remove_leg(focus::ConferenceId conference);

    [[nodiscard]] std::size_t thread_of(focus::ConferenceId conference) const;

    struct Move {
        focus::ConferenceId conference;
        std::size_t from, to;
        bool operator==(const Move&) const = default;
    };
    /// The move that evens the threads out best, if one of them has too much; it counts as made.
    std::optional<Move> next_move();

private:
    struct Placed {
        std::size_t thread = 0, legs = 0;
    };

    std::map<focus::ConferenceId, Placed> conferences_;
    std::vector<std::size_t> load_; ///< Legs on each thread.
};

} // namespace lyceum::net
