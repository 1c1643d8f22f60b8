// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"
#include "base/time.hpp"
#include "mixer/media_leg.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lyceum::mixer {

/// Tells the legs of one media port apart. A datagram belongs to the leg that has announced its
/// source in SDP or has shown by ICE that it lives there (RFC 8445 §7.3); one from elsewhere, to
/// the only leg that may latch to it (RFC 7362 §4), which is one that has not been heard from where
/// it said, for a while. Where two legs might, it is nobody's: such peers need a port each, which
/// is the owner's business.
///
/// An address is the leg's that had it first, so that nobody takes over what is another's by
/// announcing it. A port that is one leg's own gives it everything: what is foreign, the leg itself
/// says. Holds `sources_per_leg_max` addresses a leg.
class SharedPort {
public:
    static constexpr std::size_t sources_per_leg_max = 8;
    /// So long a new leg may take to be heard from where it said. The first packets of the next one
    /// may be here before the port knows of it, and must not become this one's.
    static constexpr Duration grace = 500ms;

    enum class Use { own, shared };
    explicit SharedPort(Use use) : use_(use) {}

    /// What is known of where a leg's media comes from; replaces what was known before.
    struct Expected {
        std::vector<SocketAddress> announced;   ///< RTP and RTCP.
        std::vector<IpAddress> trusted_sources; ///< May be latched to.
        std::string ufrag;                      ///< Ours, if the leg uses ICE.
    };
    void expect(LegId leg, Expected expected, TimePoint now);
    void remove(LegId leg);

    /// Whose an RTP datagram is.
    std::optional<LegId> leg_of(const SocketAddress& from, TimePoint now);
    /// Whose an RTCP datagram is: it may come from a port that nobody has heard of, and moves
    /// nothing.
    [[nodiscard]] std::optional<LegId> leg_of_rtcp(const SocketAddress& from) const;
    /// Whose a connectivity check is: the first part of its USERNAME is ours.
    [[nodiscard]] std::optional<LegId> leg_of_ufrag(std::string_view ufrag) const;
    /// A check that knew the password came from here.
    void learn(LegId leg, const SocketAddress& source, TimePoint now);

    [[nodiscard]] std::size_t size() const { return legs_.size(); }

private:
    struct Leg {
        LegId id;
        Expected expected;
        std::vector<SocketAddress> sources; ///< Its own, the latest last.
        SocketAddress last_source;          ///< Of its last packet, while that is its own.
        Leg* follower = nullptr;            ///< Whose packet came behind its last one.
        TimePoint expected_since;
        std::optional<TimePoint> last_heard;

        [[nodiscard]] bool may_move(TimePoint now) const;
        [[nodiscard]] bool trusts(const IpAddress& ip) const;
    };
    struct Hash {
        std::size_t operator()(const SocketAddress& address) const;
    };

    template <class Predicate>
    [[nodiscard]] std::optional<LegId> only_leg(const Predicate& fits) const;
    void claim(Leg& leg, const SocketAddress& source);
    void forget(Leg& leg);
    Leg* owner_of(const SocketAddress& source);

    Use use_;
    std::map<LegId, Leg> legs_;
    Leg* last_ = nullptr;                                   ///< Whose packet came last.
    std::unordered_map<SocketAddress, Leg*, Hash> sources_; ///< Looked up in, never walked.
};

} // namespace lyceum::mixer
